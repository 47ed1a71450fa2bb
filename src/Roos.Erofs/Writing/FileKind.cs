using System.Buffers.Binary;
using Roos.Core.Bytes;
using Roos.Core.Tree;

namespace Roos.Erofs.Writing;

/// <summary>Kinds of contents, in the order in which they are packed.</summary>
internal enum FileKind
{
    Executable,
    Script,
    TimeZone,
    Translation,
    Text,
    Binary,

    /// <summary>What compression would not make smaller.</summary>
    Noise,
}

/// <summary>Tells the kinds apart by a few samples.</summary>
internal static class FileKinds
{
    private const int HeadSize = 512;

    public static void Recognise(InodePlan file) => file.Kind = KindOf(((RegularFile)file.Node).Content);

    /// <summary>By the first bytes, as file(1) tells them.</summary>
    private static FileKind KindOf(ByteSource content)
    {
        if (Compressibility.IsNoise(content)) return FileKind.Noise;
        Span<byte> buffer = stackalloc byte[HeadSize];
        var head = buffer[..(int)Math.Min(buffer.Length, content.Length)];
        content.Read(0, head);
        if (head.StartsWith("\x7f"u8) && head.Length >= 4 && head[1..4].SequenceEqual("ELF"u8)) return FileKind.Executable;
        if (head.StartsWith("#!"u8)) return FileKind.Script;
        if (head.StartsWith("TZif"u8)) return FileKind.TimeZone;
        if (head.Length >= 4 && BinaryPrimitives.ReadUInt32LittleEndian(head) == 0x950412de) return FileKind.Translation; // gettext's .mo
        return head.Contains((byte)0) ? FileKind.Binary : FileKind.Text;
    }
}
