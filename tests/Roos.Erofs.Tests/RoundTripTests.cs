using CsCheck;
using Roos.Core;
using Roos.Core.Bytes;
using Roos.Core.Tree;
using Roos.Testing;

namespace Roos.Erofs.Tests;

/// <summary>What is written is read again, by a reader that shares no code with the writer but the struct definitions.</summary>
public sealed class RoundTripTests
{
    public static TheoryData<ErofsCompression, ErofsIndex, int> Forms => new()
    {
        { ErofsCompression.None, ErofsIndex.Compact, 1 << 20 },
        { ErofsCompression.Zstd, ErofsIndex.Compact, 1 << 20 },
        { ErofsCompression.Zstd, ErofsIndex.Full, 1 << 20 },
        { ErofsCompression.Zstd, ErofsIndex.Compact, 1 << 16 },
        { ErofsCompression.Zstd, ErofsIndex.Full, 1 << 16 },
        { ErofsCompression.Zstd, ErofsIndex.Compact, 1 << 12 },
        { ErofsCompression.Zstd, ErofsIndex.Full, 1 << 12 },
    };

    [Theory]
    [MemberData(nameof(Forms))]
    public void Contents_of_all_sizes_and_kinds(ErofsCompression compression, ErofsIndex index, int cluster) =>
        Check(SampleTrees.Contents(), Images.Zstd with { Compression = compression, Index = index, ClusterSize = cluster });

    public static TheoryData<ErofsFragments, bool, int, int> Packings => new()
    {
        { ErofsFragments.None, true, 1 << 20, 8 << 20 },
        { ErofsFragments.None, true, 1 << 12, 1 << 16 },
        { ErofsFragments.Tails, false, 1 << 20, 8 << 20 },
        { ErofsFragments.Tails, true, 1 << 16, 1 << 20 },
        { ErofsFragments.All, false, 1 << 20, 12 << 20 },
        { ErofsFragments.All, true, 1 << 14, 1 << 12 },
    };

    [Theory]
    [MemberData(nameof(Packings))]
    public void Contents_packed_in_all_ways(ErofsFragments fragments, bool tailPacking, int cluster, int extent)
    {
        foreach (var index in Enum.GetValues<ErofsIndex>())
        {
            Check(SampleTrees.Contents(), Images.Zstd with { Index = index, ClusterSize = cluster, MaximumExtentSize = extent, Fragments = fragments, TailPacking = tailPacking });
        }
    }

    [Fact]
    public void Files_of_several_parts_and_a_packed_rest()
    {
        // More than one part of 8 MiB, and a rest of up to 1 MiB that is packed with another file.
        var tree = new FileTreeBuilder();
        foreach (var size in new[] { (8 << 20) + 1, (8 << 20) + 5000, 9 << 20, (9 << 20) + 1, (16 << 20) + 4096 })
        {
            tree.Set($"{size}", new RegularFile(new FileMetadata(0x1a4), ByteSource.FromMemory(SampleTrees.Bytes(size, 3, size))));
        }

        foreach (var fragments in Enum.GetValues<ErofsFragments>()) Check(tree.Build(), Images.Zstd with { Level = 1, Fragments = fragments });
    }

    [Fact]
    public void Equal_files_are_stored_once()
    {
        var content = SampleTrees.Bytes(1, 2, 300_000);
        var text = SampleTrees.Bytes(1, 1, 300_000);
        foreach (var options in new[] { Images.Uncompressed, Images.Zstd, Images.Zstd with { Fragments = ErofsFragments.Tails }, Images.Zstd with { TailPacking = true } })
        {
            var one = Images.Write(Copies(1), options);
            var tree = Copies(4);
            var four = Images.Write(tree, options);
            Assert.InRange(four.Length - one.Length, 0, 20_000); // inodes and inline ends
            using var reader = ErofsReader.Open(ByteSource.FromMemory(four));
            TreeAssert.Equal(tree, reader.ReadTree(TestContext.Current.CancellationToken));
            reader.Verify(TestContext.Current.CancellationToken);
        }

        FileTree Copies(int count)
        {
            var tree = new FileTreeBuilder();
            for (var i = 0; i < count; i++)
            {
                // Different metadata: the layouts of the inodes are not the same everywhere.
                var metadata = new FileMetadata(0x1a4) { UserId = (uint)i * 70_000 };
                tree.Set($"noise{i}", new RegularFile(metadata, ByteSource.FromMemory(content.ToArray())));
                tree.Set($"text{i}", new RegularFile(metadata, ByteSource.FromMemory(text.ToArray())));
            }

            return tree.Build();
        }
    }

    [Fact]
    public void Equal_parts_of_files_are_stored_once_where_asked_for()
    {
        var common = SampleTrees.Bytes(1, 1, 5 << 20);
        var noise = SampleTrees.Bytes(2, 2, 3 << 20);
        var tree = new FileTreeBuilder();
        for (var i = 0; i < 4; i++)
        {
            // The same parts at other places, and ends of their own.
            byte[] content = [.. SampleTrees.Bytes(i, 1, i << 20), .. common, .. noise, .. SampleTrees.Bytes(10 + i, 1, 70_000 * i)];
            tree.Set($"{i}", new RegularFile(new FileMetadata(0x1a4), ByteSource.FromMemory(content)));
        }

        foreach (var options in new[] { Images.Zstd, Images.Zstd with { Fragments = ErofsFragments.Tails, ClusterSize = 1 << 16 }, Images.Zstd with { TailPacking = true, Workers = 3 } })
        {
            var separate = Images.Write(tree.Build(), options).Length;
            var shared = Images.Write(tree.Build(), options with { Deduplicate = true }).Length;
            Assert.InRange(shared, 0, separate / 2);
            Check(tree.Build(), options with { Deduplicate = true });
        }
    }

    [Fact]
    public void Attributes_of_several_inodes_are_stored_once()
    {
        var value = SampleTrees.Bytes(1, 1, 2000);
        var tree = new FileTreeBuilder();
        for (var i = 0; i < 50; i++)
        {
            var attributes = new FileMetadata(0x1a4).ExtendedAttributes.Add("user.shared", value.AsSpan()).Add("user.own", $"{i}");
            tree.Set($"{i}", new RegularFile(new FileMetadata(0x1a4) { ExtendedAttributes = attributes }, ByteSource.Empty));
        }

        Assert.InRange(Images.Write(tree.Build(), Images.Uncompressed).Length, 8192, 20_000);
        Check(tree.Build(), Images.Uncompressed);
    }

    [Fact]
    public void Packing_makes_small_files_smaller()
    {
        var tree = new FileTreeBuilder();
        for (var i = 0; i < 200; i++) tree.Set($"{i}", new RegularFile(new FileMetadata(0x1a4), ByteSource.FromMemory(SampleTrees.Bytes(i % 20, 1, 6000 + i))));
        var own = Images.Write(tree.Build(), Images.Zstd).Length;
        var tails = Images.Write(tree.Build(), Images.Zstd with { TailPacking = true }).Length;
        var packed = Images.Write(tree.Build(), Images.Zstd with { Fragments = ErofsFragments.Tails }).Length;
        Assert.True(tails < own && packed < tails / 2, $"{own}, {tails}, {packed}");
    }

    [Fact]
    public void A_hint_decides_for_single_files()
    {
        var text = SampleTrees.Bytes(1, 1, 400_000);
        var tree = new FileTreeBuilder();
        foreach (var name in new[] { "plain", "small", "other" }) tree.Set(name, new RegularFile(new FileMetadata(0x1a4), ByteSource.FromMemory(text.Append((byte)name[0]).ToArray())));
        var options = Images.Zstd with { Fragments = ErofsFragments.Tails, Hint = path => path.Equals("/plain"u8) ? 0 : path.Equals("/small"u8) ? 4096 : null };
        var image = Images.Write(tree.Build(), options);
        Assert.InRange(image.Length, 400_000, 1_000_000);
        Check(tree.Build(), options);
        Assert.Contains("/other", Assert.Throws<RoosException>(() => Images.Write(tree.Build(), options with { Hint = _ => 5000 })).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ErofsCompression.None)]
    [InlineData(ErofsCompression.Zstd)]
    public void Metadata_of_all_kinds(ErofsCompression compression) => Check(SampleTrees.Metadata(), Images.Zstd with { Compression = compression });

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(100)]
    [InlineData(101)]
    [InlineData(340)]
    [InlineData(341)]
    [InlineData(5000)]
    [InlineData(20000)]
    public void Directories_of_all_sizes(int entries) => Check(SampleTrees.Directory(entries), Images.Uncompressed);

    [Fact]
    public void Any_number_of_any_entries()
    {
        var name = Gen.Byte[1, 255].Array[1, 60].Select(bytes => (ByteString)bytes.Select(b => b == (byte)'/' ? (byte)'.' : b).ToArray().AsSpan()).Where(text => !text.Equals("."u8) && !text.Equals(".."u8));
        var metadata = Gen.Select(Gen.UInt[0, 0xfff], Gen.UInt, Gen.UInt, Gen.Int, Gen.UInt[0, 999_999_999]).Select((permissions, user, group, seconds, nanoseconds) =>
            new FileMetadata(permissions) { UserId = user, GroupId = group, ModificationTime = new Timestamp(seconds, nanoseconds) });
        var node = Gen.Select(metadata, Gen.Int[0, 5], Gen.Int[0, 20_000], Gen.Int[0, 3]).Select((data, kind, size, bytes) => kind switch
        {
            0 => (FileNode)new SymbolicLink(data, SampleTrees.Bytes(size, 1, 1 + size % 4095).AsSpan()),
            1 => new FifoNode(data),
            2 => new DeviceNode(data, size % 2 == 0, (uint)size % 4096, (uint)size * 50),
            _ => new RegularFile(data, ByteSource.FromMemory(SampleTrees.Bytes(size, bytes, size))),
        });
        Gen.Select(Gen.Select(name, name, node).Array[0, 120], Gen.Bool).Sample(
            (entries, compressed) =>
            {
                var tree = new FileTreeBuilder();
                foreach (var (directory, file, entry) in entries)
                {
                    // Two levels: some directories of one entry, and "deep" ones of many.
                    var parent = TreePath.Join("d", directory.Length % 3 == 0 ? directory : "common");
                    tree.Set(TreePath.Join(parent, file), entry);
                }

                Check(tree.Build(), compressed ? Images.Zstd : Images.Uncompressed);
            },
            iter: 60,
            seed: "0000000000001");
    }

    [Fact]
    public void Sparse_file_of_6_gib_costs_next_to_nothing()
    {
        var head = SampleTrees.Bytes(1, 2, 100_000);
        var tail = SampleTrees.Bytes(2, 1, 5_000);
        var content = ByteSource.Concat([ByteSource.FromMemory(head), ByteSource.Zeros((6L << 30) - 12345), ByteSource.FromMemory(tail)]);
        var tree = new FileTreeBuilder().Set("sparse", new RegularFile(new FileMetadata(0x1a4), content)).Set("hole", new RegularFile(new FileMetadata(0x1a4), ByteSource.Zeros(1L << 42))).Build();
        foreach (var options in new[] { Images.Uncompressed, Images.Zstd })
        {
            var image = Images.Write(tree, options);
            Assert.InRange(image.Length, 100_000, 2_000_000);
            using var reader = ErofsReader.Open(ByteSource.FromMemory(image));
            reader.Verify(TestContext.Current.CancellationToken);
            var read = reader.ReadTree(TestContext.Current.CancellationToken);
            var sparse = read.FindFile("sparse")!.Content;
            Assert.Equal(content.Length, sparse.Length);
            Assert.Equal(head, sparse.Slice(0, head.Length).ToArray());
            Assert.Equal(tail, sparse.Slice(content.Length - tail.Length, tail.Length).ToArray());
            Assert.True(sparse.IsHole(1 << 30, 1 << 30));
            Assert.Equal(1L << 42, read.FindFile("hole")!.Content.Length);
            Assert.True(read.FindFile("hole")!.Content.IsHole(0, 1L << 42));
        }
    }

    [Fact]
    public void Zeros_and_text_shrink_and_noise_does_not_grow()
    {
        Assert.InRange(Images.Write(Images.OneFile(new byte[8 << 20]), Images.Zstd).Length, 0, 60_000);
        var noise = SampleTrees.Bytes(1, 2, 5_000_000);
        Assert.Equal(Images.Write(Images.OneFile(noise), Images.Uncompressed).Length, Images.Write(Images.OneFile(noise), Images.Zstd).Length);
    }

    [Fact]
    public void Reads_of_any_range_are_the_bytes_of_the_file()
    {
        var content = SampleTrees.Bytes(5, 3, 3_000_000);
        using var reader = ErofsReader.Open(ByteSource.FromMemory(Images.Write(Images.OneFile(content), Images.Zstd with { ClusterSize = 1 << 14 })));
        var read = reader.ReadTree(TestContext.Current.CancellationToken).FindFile("f")!.Content;
        Gen.Select(Gen.Int[0, content.Length - 1], Gen.Int[0, 300_000]).Sample(
            (offset, count) =>
            {
                count = Math.Min(count, content.Length - offset);
                return content.AsSpan(offset, count).SequenceEqual(read.Slice(offset, count).ToArray());
            },
            iter: 200,
            seed: "0000000000002");
    }

    private static void Check(FileTree tree, ErofsOptions options)
    {
        using var reader = ErofsReader.Open(ByteSource.FromMemory(Images.Write(tree, options)));
        TreeAssert.Equal(tree, reader.ReadTree());
        reader.Verify();
        Assert.Equal(options.Uuid, reader.Superblock.Uuid);
    }
}
