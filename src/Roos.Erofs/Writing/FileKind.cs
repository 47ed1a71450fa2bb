using System.Buffers.Binary;
using Roos.Core.Bytes;
using Roos.Core.Tree;

namespace Roos.Erofs.Writing;

/// <summary>
/// The order in which contents are packed: by kind and extension, so that what is alike is compressed together; translations
/// by name before all, for those of one program lie in a directory for each language. On Debian trees that gives 7 to 8 % less
/// than the order of directories alone.
/// </summary>
internal static class FileKind
{
    private enum Kind
    {
        Executable,
        Script,
        TimeZone,
        Translation,
        Text,
        Binary,
        Noise,
    }

    public static IEnumerable<(InodePlan File, long Start)> Sort(IEnumerable<(InodePlan File, long Start)> files)
    {
        var keyed = files.Select((item, order) => (item, order, Kind: KindOf(item.File), Extension: ExtensionOf(item.File.Name))).ToArray();
        Array.Sort(keyed, static (left, right) =>
        {
            var result = left.Kind.CompareTo(right.Kind);
            if (result == 0) result = left.Extension.CompareTo(right.Extension);
            if (result == 0 && left.Kind == Kind.Translation)
            {
                result = left.item.File.Name.CompareTo(right.item.File.Name);
                if (result == 0) result = left.item.File.Size.CompareTo(right.item.File.Size); // as complete as each other
            }

            return result != 0 ? result : left.order.CompareTo(right.order); // of the walk: directory by directory
        });
        return keyed.Select(entry => entry.item);
    }

    /// <summary>By the first bytes, as file(1) tells them.</summary>
    private static Kind KindOf(InodePlan file)
    {
        if (file.IsNoise) return Kind.Noise;
        var content = ((RegularFile)file.Node).Content;
        Span<byte> buffer = stackalloc byte[512];
        var head = buffer[..(int)Math.Min(buffer.Length, content.Length)];
        content.Read(0, head);
        if (head.StartsWith("\x7f"u8) && head.Length >= 4 && head[1..4].SequenceEqual("ELF"u8)) return Kind.Executable;
        if (head.StartsWith("#!"u8)) return Kind.Script;
        if (head.StartsWith("TZif"u8)) return Kind.TimeZone;
        if (head.Length >= 4 && BinaryPrimitives.ReadUInt32LittleEndian(head) == 0x950412de) return Kind.Translation; // gettext's .mo
        return head.Contains((byte)0) ? Kind.Binary : Kind.Text;
    }

    /// <summary>What follows the last dot; "so" for libraries with a version behind it.</summary>
    private static ByteString ExtensionOf(ByteString name)
    {
        var library = name.Span.IndexOf(".so"u8);
        if (library > 0 && (name.Length == library + 3 || name.Span[library + 3] == (byte)'.')) return "so";
        var dot = name.Span.LastIndexOf((byte)'.');
        return dot <= 0 ? default : new ByteString(name.Span[(dot + 1)..]);
    }
}
