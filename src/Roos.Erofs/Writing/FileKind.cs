using Roos.Core.Bytes;

namespace Roos.Erofs.Writing;

/// <summary>The order in which contents are packed: like ones beside each other.</summary>
internal static class FileKind
{
    /// <summary>By kind, then by extension, then by directory and name.</summary>
    public static IEnumerable<(InodePlan File, long Start)> Sort(IEnumerable<(InodePlan File, long Start)> files)
    {
        var keyed = files.Select((item, order) => (Key: Describe(item.File), item.File, item.Start, Order: order)).ToArray();
        Array.Sort(keyed, static (left, right) =>
        {
            var kind = left.Key.Kind.CompareTo(right.Key.Kind);
            if (kind != 0) return kind;
            var extension = left.Key.Extension.CompareTo(right.Key.Extension);
            if (extension != 0) return extension;
            return left.Order.CompareTo(right.Order); // of the walk: directory by directory
        });
        return keyed.Select(item => (item.File, item.Start));
    }

    private static (int Kind, ByteString Extension) Describe(InodePlan file)
    {
        var content = ((Core.Tree.RegularFile)file.Node).Content;
        Span<byte> head = stackalloc byte[4];
        head.Clear();
        content.Read(0, head[..(int)Math.Min(4, content.Length)]);
        if (head.SequenceEqual(new byte[] { 0x7f, (byte)'E', (byte)'L', (byte)'F' })) return (0, default);
        if (head.SequenceEqual("TZif"u8)) return (1, default);
        if (head.StartsWith("#!"u8)) return (2, default);
        var name = file.Name.Span;
        var dot = name.LastIndexOf((byte)'.');
        return (3, dot <= 0 ? default : new ByteString(name[dot..]));
    }
}
