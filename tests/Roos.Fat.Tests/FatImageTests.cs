using System.Runtime.CompilerServices;
using System.Text;
using CsCheck;
using Roos.Core;
using Roos.Core.Bytes;
using Roos.Core.Tree;

namespace Roos.Fat.Tests;

public sealed class FatImageTests
{
    [Fact]
    public void Raw_structs_have_the_sizes_of_the_format()
    {
        Assert.Equal(90, Unsafe.SizeOf<RawBootSector>());
        Assert.Equal(32, Unsafe.SizeOf<RawDirectoryEntry>());
        Assert.Equal(32, Unsafe.SizeOf<RawLongNameEntry>());
    }

    [Theory]
    [InlineData(34_089_472, 1, 65525)]
    [InlineData(34L << 20, 1, 0)]
    [InlineData(260L << 20, 1, 0)]
    [InlineData((260L << 20) + 512, 8, 0)]
    [InlineData(512L << 20, 8, 130812)]
    [InlineData(8L << 30, 8, 0)]
    [InlineData((8L << 30) + 512, 16, 0)]
    [InlineData((16L << 30) + 512, 32, 0)]
    [InlineData((32L << 30) + 512, 64, 0)]
    [InlineData(uint.MaxValue * 512L, 64, 0)]
    public void Clusters_have_the_size_that_mkfs_fat_gives_them(long size, uint sectorsPerCluster, uint clusters)
    {
        var geometry = FatGeometry.For(size);
        Assert.Equal(sectorsPerCluster, geometry.SectorsPerCluster);
        Assert.InRange(geometry.ClusterCount, 65525u, FatFormat.MaximumClusters);
        if (clusters != 0) Assert.Equal(clusters, geometry.ClusterCount);
        Assert.True(geometry.DataOffset + geometry.Capacity <= size);
        Assert.True(geometry.FatLength / 4 >= geometry.ClusterCount + 2L);
        Assert.Equal(0, geometry.DataOffset % geometry.ClusterSize);
        Assert.True(size - geometry.DataOffset - geometry.Capacity < geometry.ClusterSize, "no cluster is wasted at the end");
    }

    [Fact]
    public void The_smallest_file_system_is_the_smallest()
    {
        Assert.Equal(34_089_472, FatImage.MinimumSize);
        var error = Assert.Throws<RoosException>(() => FatImage.Plan(FileTree.Empty, Trees.Options(FatImage.MinimumSize - 512)));
        Assert.Contains("at least 34089472 bytes", error.Message, StringComparison.Ordinal);
        Assert.Throws<RoosException>(() => FatImage.Plan(FileTree.Empty, Trees.Options(FatImage.MinimumSize + 1)));
        Assert.Throws<RoosException>(() => FatImage.Plan(FileTree.Empty, Trees.Options((uint.MaxValue + 1L) * 512)));
        Assert.Equal(FatImage.MinimumSize, FatImage.Plan(FileTree.Empty, Trees.Options(FatImage.MinimumSize)).ToArray().Length);
    }

    [Fact]
    public void Every_byte_of_a_small_file_system_is_where_the_format_wants_it()
    {
        var tree = new FileTreeBuilder().Set("EFI/a.efi", Trees.File(513)).Build();
        var bytes = FatImage.Plan(tree, Trees.Options()).ToArray();
        var dump = new StringBuilder();
        for (var at = 0; at < bytes.Length; at += 16)
        {
            if (at is >= DataOffset + 1024 and < DataOffset + 2048) continue; // the file
            var line = bytes.AsSpan(at, 16);
            if (line.ContainsAnyExcept((byte)0)) dump.Append(System.Globalization.CultureInfo.InvariantCulture, $"{at:x8} {Convert.ToHexStringLower(line)}\n");
        }

        // 40 MiB are 81,920 (0x14000) sectors: 32 reserved, 2 x 630 (0x276) of FATs, 80,628 clusters of one sector, of which
        // 80,624 (0x13af0) are free and 5 is the last taken. At 0 and 0xc00: boot sector and FSInfo. At 0x4000 and 0x52c00:
        // FATs, media, clean flags, cluster 2 (root), 3 (EFI), 4 -> 5 (the file). At 0xa1800: label (2023-11-14 22:13:20), EFI
        // (no time: 1980). At 0xa1a00: ".", "..", long name and short name of a.efi (cluster 4, 513 bytes). All else is zero.
        Assert.Equal(
            """
            00000000 eb5890726f6f73202020200002012000
            00000010 0200000000f800003f00ff0000000000
            00000020 00400100760200000000000002000000
            00000030 01000600000000000000000000000000
            00000040 800029ea6d0bb6455350202020202020
            00000050 20204641543332202020cd18ebfe0000
            000001f0 000000000000000000000000000055aa
            00000200 52526141000000000000000000000000
            000003e0 0000000072724161f03a010005000000
            000003f0 000000000000000000000000000055aa
            00000c00 eb5890726f6f73202020200002012000
            00000c10 0200000000f800003f00ff0000000000
            00000c20 00400100760200000000000002000000
            00000c30 01000600000000000000000000000000
            00000c40 800029ea6d0bb6455350202020202020
            00000c50 20204641543332202020cd18ebfe0000
            00000df0 000000000000000000000000000055aa
            00000e00 52526141000000000000000000000000
            00000fe0 0000000072724161f03a010005000000
            00000ff0 000000000000000000000000000055aa
            00004000 f8ffff0fffffff0fffffff0fffffff0f
            00004010 05000000ffffff0f0000000000000000
            00052c00 f8ffff0fffffff0fffffff0fffffff0f
            00052c10 05000000ffffff0f0000000000000000
            000a1800 4553502020202020202020080000aab1
            000a1810 6e576e570000aab16e57000000000000
            000a1820 45464920202020202020201000000000
            000a1830 21002100000000002100030000000000
            000a1a00 2e202020202020202020201000000000
            000a1a10 21002100000000002100030000000000
            000a1a20 2e2e2020202020202020201000000000
            000a1a30 21002100000000002100000000000000
            000a1a40 4161002e006500660069000f00050000
            000a1a50 ffffffffffffffffffff0000ffffffff
            000a1a60 4120202020202020454649200000aab1
            000a1a70 6e576e570000aab16e57040001020000
            """.ReplaceLineEndings("\n") + "\n", dump.ToString());
        Assert.Equal(DataOffset, Find(bytes, "ESP        "u8, 0x1000));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(511)]
    [InlineData(512)]
    [InlineData(513)]
    [InlineData(4095)]
    [InlineData(4096)]
    [InlineData(4097)]
    public void Files_around_cluster_boundaries_come_back(int length)
    {
        var tree = new FileTreeBuilder().Set("before", Trees.File(7)).Set("file", Trees.File(length, 2)).Set("later", Trees.File(9, 3)).Build();
        Assert.Equal(Trees.List(tree), Trees.List(Trees.ReadBack(tree)));
    }

    [Fact]
    public void Any_tree_that_FAT_holds_comes_back()
    {
        var name = Gen.String[Gen.Char["abcXYZ019 .+~_-äßπ漢#%&"], 1, 40].Where(text => text[^1] is not ('.' or ' '));
        var file = Gen.Select(Gen.Select(name, name).Array[1, 3], Gen.Int[0, 3000], Gen.Int[1, 99]);
        file.Array[0, 25].Sample(
            files =>
            {
                var builder = new FileTreeBuilder();
                var taken = new HashSet<string>(StringComparer.Ordinal);
                foreach (var (path, length, seed) in files)
                {
                    // Distinct whatever the case: FAT refuses the rest, which other tests look at.
                    var parts = path.Select((part, i) => i == 0 ? "d" + part.Item1 : part.Item2).ToArray();
                    var whole = "";
                    var clash = false;
                    for (var i = 0; i < parts.Length; i++)
                    {
                        whole += "/" + parts[i] + (i == parts.Length - 1 ? ".f" : ".d");
                        clash |= i == parts.Length - 1 ? !taken.Add(whole.ToUpperInvariant()) : taken.Contains(whole.ToUpperInvariant()) && !taken.Contains(whole);
                        if (i < parts.Length - 1)
                        {
                            taken.Add(whole.ToUpperInvariant());
                            taken.Add(whole);
                        }
                    }

                    if (!clash) builder.Set(whole, Trees.File(length, seed));
                }

                var tree = builder.Build();
                Assert.Equal(Trees.List(tree), Trees.List(Trees.ReadBack(tree, FatImage.MinimumSize)));
            },
            iter: 15,
            seed: "0000Ku6xFA53");
    }

    [Fact]
    public void A_directory_of_many_long_names_comes_back()
    {
        var builder = new FileTreeBuilder();
        for (var i = 0; i < 3000; i++) builder.Set($"many/a rather long file name, number {i:d5}", Trees.File(i % 3, i));
        var tree = builder.Build();
        Assert.Equal(Trees.List(tree), Trees.List(Trees.ReadBack(tree)));
    }

    [Fact]
    public void Times_are_clamped_and_rounded_down_to_two_seconds()
    {
        var tree = new FileTreeBuilder()
            .Set("early", Trees.File(1, time: new Timestamp(-5, 0)))
            .Set("odd", Trees.File(1, time: new Timestamp(1_600_000_001, 999)))
            .Set("young", Trees.File(1, time: new Timestamp(1_800_000_000, 0)))
            .Build();
        var read = Trees.ReadBack(tree);
        Assert.Equal(315_532_800, read.Find("early")!.Metadata.ModificationTime.Seconds); // 1980-01-01
        Assert.Equal(1_600_000_000, read.Find("odd")!.Metadata.ModificationTime.Seconds);
        Assert.Equal(1_700_000_000, read.Find("young")!.Metadata.ModificationTime.Seconds);
        Assert.Equal(new Timestamp(4_354_819_198, 0), FatTime.From(new Timestamp(long.MaxValue, 0)).ToTimestamp()); // 2107-12-31 23:59:58
    }

    [Fact]
    public void Hard_links_become_files_of_their_own()
    {
        var file = Trees.File(1000);
        var read = Trees.ReadBack(new FileTreeBuilder().Set("a", file).Set("b", file).Build());
        Assert.Equal(file.Content.ToArray(), read.FindFile("a")!.Content.ToArray());
        Assert.Equal(file.Content.ToArray(), read.FindFile("b")!.Content.ToArray());
    }

    [Fact]
    public void Empty_space_costs_nothing()
    {
        var tree = new FileTreeBuilder().Set("file", Trees.File(10_000)).Build();
        var image = FatImage.Plan(tree, Trees.Options(4L << 30));
        var sink = new CountingSink();
        image.WriteTo(sink);
        Assert.Equal(4L << 30, sink.Position);
        Assert.InRange(sink.DataBytes, 10_000, 16_000);
        Assert.Equal(((4L << 30) - (long)((4L << 30) * 0.003)) / 100, image.FreeBytes / 100, 2_000_000.0);
    }

    [Fact]
    public void A_file_that_is_larger_than_4_GiB_is_refused_and_one_byte_less_is_not()
    {
        Assert.Contains("4294967296 bytes", Refusal("big", Sparse(1L << 32), 8L << 30), StringComparison.Ordinal);
        var image = FatImage.Plan(new FileTreeBuilder().Set("big", Sparse((1L << 32) - 1)).Build(), Trees.Options(8L << 30));
        var sink = new CountingSink();
        image.WriteTo(sink);
        Assert.Equal(8L << 30, sink.Position);

        static RegularFile Sparse(long length) => new(new FileMetadata(0x1a4), ByteSource.Zeros(length));
    }

    [Fact]
    public void What_FAT_cannot_hold_is_refused_with_its_path()
    {
        var metadata = new FileMetadata(0x1a4);
        Assert.Contains("\"d/x\" cannot go into the EFI system partition: it is a symbolic link", Refusal("d/x", new SymbolicLink(metadata, "y")), StringComparison.Ordinal);
        Assert.Contains("a device", Refusal("x", new DeviceNode(metadata, true, 1, 2)), StringComparison.Ordinal);
        Assert.Contains("a named pipe", Refusal("x", new FifoNode(metadata)), StringComparison.Ordinal);
        Assert.Contains("a socket", Refusal("x", new SocketNode(metadata)), StringComparison.Ordinal);
        Assert.Contains("character ':'", Refusal("a:b", Trees.File(1)), StringComparison.Ordinal);
        Assert.Contains("control character U+0001", Refusal("a\u0001b", Trees.File(1)), StringComparison.Ordinal);
        Assert.Contains("ends in '.'", Refusal("a.", Trees.File(1)), StringComparison.Ordinal);
        Assert.Contains("ends in ' '", Refusal("a ", Trees.File(1)), StringComparison.Ordinal);
        Assert.Contains("not UTF-8", Refusal(new ByteString([0x61, 0xff]), Trees.File(1)), StringComparison.Ordinal);
        Assert.Contains("256 UTF-16 units", Refusal(new string('x', 256), Trees.File(1)), StringComparison.Ordinal);
        Assert.Equal(2, Trees.List(Trees.ReadBack(new FileTreeBuilder().Set(new string('x', 255), Trees.File(1)).Build())).Count);
        var twins = new FileTreeBuilder().Set("d/Straße", Trees.File(1)).Set("d/STRAßE", Trees.File(1)).Build();
        Assert.Contains("\"d/Straße\" and \"d/STRAßE\"", Assert.Throws<RoosException>(() => FatImage.Plan(twins, Trees.Options())).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Too_much_content_is_refused_with_both_sizes()
    {
        // 80,628 clusters less one for the root directory.
        var fits = new RegularFile(new FileMetadata(0x1a4), ByteSource.Zeros(80_627 * 512));
        Assert.Equal(0, FatImage.Plan(new FileTreeBuilder().Set("x", fits).Build(), Trees.Options()).FreeBytes);
        var message = Refusal("x", new RegularFile(new FileMetadata(0x1a4), ByteSource.Zeros((80_627 * 512) + 1)));
        Assert.Contains("take 41282048 bytes", message, StringComparison.Ordinal);
        Assert.Contains("of 41943040 bytes holds 41281536", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_directory_that_is_too_large_is_refused()
    {
        var builder = new FileTreeBuilder();
        var file = Trees.File(0);
        for (var i = 0; i < 33_000; i++) builder.Set($"many/lower{i}", file); // 2 entries each
        var error = Assert.Throws<RoosException>(() => FatImage.Plan(builder.Build(), Trees.Options()));
        Assert.Contains("33000 names take 2112064 bytes", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("longer than that")]
    [InlineData("a.b")]
    [InlineData("Ä")]
    public void Labels_that_FAT_cannot_hold_are_refused(string label) =>
        Assert.Throws<RoosException>(() => FatImage.Plan(FileTree.Empty, Trees.Options() with { Label = label }));

    private const int DataOffset = (32 + (2 * 630)) * 512;

    private static string Refusal(ByteString path, FileNode node, long size = Trees.Size) =>
        Assert.Throws<RoosException>(() => FatImage.Plan(new FileTreeBuilder().Set(path, node).Build(), Trees.Options(size))).Message;

    private static int Find(byte[] bytes, ReadOnlySpan<byte> what, int from) => from + bytes.AsSpan(from).IndexOf(what);

    private sealed class CountingSink : ImageSink
    {
        public long DataBytes { get; private set; }

        protected override void WriteCore(ReadOnlySpan<byte> bytes) => DataBytes += bytes.Length;

        protected override void WriteZerosCore(long count)
        {
        }
    }
}
