using System.Collections.Immutable;
using Roos.Core.Bytes;
using Roos.Core.Tree;

namespace Roos.Testing;

/// <summary>Trees with what a file system can get wrong, the same for the same seed.</summary>
public static class SampleTrees
{
    /// <summary>Sizes around blocks, clusters of 64 KiB and 1 MiB, and beyond.</summary>
    public static IReadOnlyList<int> Sizes { get; } =
        [0, 1, 2, 63, 4063, 4064, 4065, 4095, 4096, 4097, 8191, 8192, 8193, 12289, 65535, 65536, 65537, 131073, 262145, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, (1 << 20) + 4097, (3 << 20) + 12345];

    /// <summary>Bytes of a kind: 0 zeros, 1 text-like, 2 random, 3 text and random by turns.</summary>
    public static byte[] Bytes(int seed, int kind, int length)
    {
        var random = new Random(seed);
        var result = new byte[length];
        for (var i = 0; i < length && kind != 0;)
        {
            var run = Math.Min(length - i, kind == 3 ? random.Next(1, 200_000) : 1000);
            var part = result.AsSpan(i, run);
            if (kind == 2 || (kind == 3 && random.Next(2) == 0)) random.NextBytes(part);
            else for (var j = 0; j < run; j++) part[j] = (byte)("etaoin shrdlu\n"[random.Next(14)] ^ (random.Next(40) == 0 ? 1 : 0));
            i += run;
        }

        return result;
    }

    /// <summary>Files of all <see cref="Sizes"/> and kinds.</summary>
    public static FileTree Contents()
    {
        var tree = new FileTreeBuilder();
        foreach (var size in Sizes)
        {
            for (var kind = 0; kind < 4; kind++) tree.Set($"{size}/{kind}", new RegularFile(new FileMetadata(0x1a4), ByteSource.FromMemory(Bytes(size + kind, kind, size))));
        }

        return tree.Build();
    }

    /// <summary>Everything but large contents.</summary>
    public static FileTree Metadata()
    {
        var tree = new FileTreeBuilder();
        var plain = new FileMetadata(0x1a4);
        tree.SetDirectory("", new FileMetadata(0x1ed) { ModificationTime = new Timestamp(1, 2) });
        tree.SetDirectory("empty", new FileMetadata(0x3ff) { UserId = 65535, GroupId = 65535 });
        tree.SetDirectory("deep/er/and/deeper", new FileMetadata(0x1c0) { UserId = 65536, GroupId = uint.MaxValue - 1 });
        foreach (var (seconds, nanoseconds) in new (long, uint)[] { (0, 0), (-1, 999_999_999), (-14_182_940, 0), (1_700_000_000, 123_456_789), (0x1_0000_0000, 1), (-0x7fff_ffff, 5) })
        {
            tree.Set($"times/{seconds}.{nanoseconds}", new RegularFile(plain with { ModificationTime = new Timestamp(seconds, nanoseconds) }, ByteSource.Empty));
        }

        for (var permissions = 0u; permissions < 0x1000; permissions += 0x111) tree.Set($"modes/{permissions}", new RegularFile(new FileMetadata(permissions), ByteSource.FromMemory("x"u8.ToArray())));
        foreach (var length in new[] { 1, 31, 32, 1000, 3968, 4000, 4031, 4032, 4063, 4064, 4065, 4094, 4095 }) tree.Set($"links/{length}", new SymbolicLink(new FileMetadata(0x1ff), Bytes(length, 1, length).AsSpan()));
        foreach (var (major, minor) in new (uint, uint)[] { (1, 3), (8, 255), (8, 256), (259, 1048575), (4095, 1048575) })
        {
            tree.Set($"devices/c{major}-{minor}", new DeviceNode(plain, isBlockDevice: false, major, minor));
            tree.Set($"devices/b{major}-{minor}", new DeviceNode(plain, isBlockDevice: true, major, minor));
        }

        tree.Set("devices/fifo", new FifoNode(plain));
        tree.Set("devices/socket", new SocketNode(plain));
        var linked = new RegularFile(plain, ByteSource.FromMemory("linked"u8.ToArray()));
        foreach (var name in new[] { "hard/a", "hard/b", "elsewhere/c" }) tree.Set(name, linked);
        var device = new DeviceNode(plain, isBlockDevice: false, 5, 1);
        foreach (var name in new[] { "hard/console", "elsewhere/console" }) tree.Set(name, device);
        foreach (var name in new[] { "!", "+", "-", "...", "..a", ".a", "A", "a", "aa", "Aa", "~", new string('n', 255), "new\nline", " " }) tree.Set("names/" + name, new RegularFile(plain, ByteSource.Empty));
        tree.Set(TreePath.Join("names", new ByteString([0xff, 0xfe, 0x80])), new RegularFile(plain, ByteSource.Empty));
        tree.Set(TreePath.Join("names", new ByteString([0xc3])), new RegularFile(plain, ByteSource.Empty));
        AddAttributes(tree);
        return tree.Build();
    }

    /// <summary>A directory of that many entries, names of many lengths.</summary>
    public static FileTree Directory(int entries)
    {
        var file = new FileMetadata(0x180);
        var all = Enumerable.Range(0, entries).Select(i => KeyValuePair.Create((ByteString)$"{i * 7919 % 100003:x}{new string('-', i % 37)}{i}", (FileNode)new RegularFile(file, ByteSource.Empty)));
        var directory = new DirectoryNode(new FileMetadata(0x1ed), all.ToImmutableSortedDictionary());
        return new FileTree(new DirectoryNode(new FileMetadata(0x1ed), ImmutableSortedDictionary<ByteString, FileNode>.Empty.Add("d", directory)));
    }

    private static void AddAttributes(FileTreeBuilder tree)
    {
        (string Name, byte[] Value)[] all =
        [
            ("security.capability", [1, 0, 0, 2, 0x80, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
            ("system.posix_acl_access", [2, 0, 0, 0, 1, 0, 6, 0, 255, 255, 255, 255, 2, 0, 4, 0, 232, 3, 0, 0, 4, 0, 4, 0, 255, 255, 255, 255, 16, 0, 4, 0, 255, 255, 255, 255, 32, 0, 4, 0, 255, 255, 255, 255]),
            ("trusted.overlay.opaque", [(byte)'y']),
            ("user.empty", []),
            ("user.newline\n", [10, 0, 13, 0xff]),
            ("user.large", Bytes(1, 2, 5000)),
        ];
        for (var count = 1; count <= all.Length; count++)
        {
            var attributes = all.Take(count).ToImmutableSortedDictionary(pair => (ByteString)pair.Name, pair => (ByteString)pair.Value.AsSpan());
            var metadata = new FileMetadata(0x1a4) { ExtendedAttributes = attributes };
            for (var size = 0; size < 4200; size += 1399) tree.Set($"xattrs/{count}-{size}", new RegularFile(metadata, ByteSource.FromMemory(Bytes(size, 1, size))));
            var linkAttributes = attributes.RemoveRange(attributes.Keys.Where(name => name.StartsWith("user."u8) || name.StartsWith("system."u8)));
            if (count > 2) tree.Set($"xattrs/link{count}", new SymbolicLink(new FileMetadata(0x1ff) { ExtendedAttributes = linkAttributes }, new string('l', 100 * count)));
        }

        tree.SetDirectory("xattrs/directory", new FileMetadata(0x1ed) { ExtendedAttributes = ImmutableSortedDictionary<ByteString, ByteString>.Empty.Add("system.posix_acl_default", (ByteString)all[1].Value.AsSpan()) });
    }
}
