using CsCheck;
using Roos.Core.Bytes;
using Roos.Core.Tar;
using Roos.Core.Tree;
using Roos.Erofs;
using Roos.Testing;

namespace Roos.Interop.Tests.Erofs;

/// <summary>Every form that the options can give an image, as the kernel and fsck.erofs of Debian trixie see it.</summary>
public sealed class KernelFormsTests
{
    /// <summary>Around everything at which the layout of a file changes.</summary>
    private static readonly int[] Boundaries =
        [0, 1, 32, 64, 65, 1023, 1024, 4000, 4032, 4064, 4095, 4096, 4097, 8191, 8192, 8193, 12288, 65535, 65536, 65537, 131071, 131072, 131073, 262145, 1 << 20, (1 << 20) + 1];

    private static readonly int[] LargeBoundaries =
        [(8 << 20) - 4096, 8 << 20, (8 << 20) + 1, (8 << 20) + 4097, (9 << 20) - 1, 9 << 20, (9 << 20) + 1, (12 << 20) + 1, 20 << 20];

    private static readonly Gen<ErofsOptions> AnyOptions = Gen.Select(Gen.Int[12, 20], Gen.Bool, Gen.Enum<ErofsFragments>(), Gen.Bool, Gen.Int[1, 3072], Gen.Int[0, 2]).Select(
        (bits, full, fragments, tails, extent, workers) => ErofsJudges.Options(9) with
        {
            Level = 1 + bits % 3,
            ClusterSize = 1 << bits,
            Index = full ? ErofsIndex.Full : ErofsIndex.Compact,
            Fragments = fragments,
            TailPacking = tails,
            MaximumExtentSize = extent * 4096,
            Deduplicate = extent % 2 == 0,
            Workers = 1 + workers,
        });

    [Fact]
    public void Any_contents_in_any_form()
    {
        Judge.NeedRoot();
        var size = Gen.Frequency((3, Gen.Int[0, Boundaries.Length - 1].Select(i => Boundaries[i])), (2, Gen.Int[0, 30_000]), (1, Gen.Int[0, 1_200_000]));
        var file = Gen.Select(size, Gen.Int[0, 3], Gen.Int[0, 7]);
        Gen.Select(file.Array[1, 80], AnyOptions).Sample((files, options) => ErofsJudges.Check(Tree(files), options), iter: 60, threads: 1, seed: "0000000000004");
    }

    [Fact]
    public void Large_contents_in_any_form()
    {
        Judge.NeedRoot();
        var file = Gen.Select(Gen.Int[0, LargeBoundaries.Length - 1].Select(i => LargeBoundaries[i]), Gen.Int[0, 3], Gen.Int[0, 1]);
        Gen.Select(file.Array[1, 4], AnyOptions).Sample((files, options) => ErofsJudges.Check(Tree(files), options), iter: 12, threads: 1, seed: "0000000000005");
    }

    [Fact]
    public void Extents_as_long_as_the_format_allows()
    {
        // 12 MiB of text that shrinks to a few blocks: 3072 logical clusters, more than an index looks back in one step.
        var tree = Tree([(30 << 20, 3, 0), (5 << 20, 3, 1), (100_000, 1, 2)]);
        foreach (var index in Enum.GetValues<ErofsIndex>())
        {
            foreach (var fragments in Enum.GetValues<ErofsFragments>()) ErofsJudges.Check(tree, ErofsJudges.Options(3) with { Index = index, Fragments = fragments, MaximumExtentSize = 12 << 20 });
        }
    }

    [Fact]
    public void Extents_that_several_files_have()
    {
        var tree = new FileTreeBuilder();
        for (var i = 0; i < 4; i++)
        {
            byte[] content = [.. SampleTrees.Bytes(i, 1, i << 20), .. SampleTrees.Bytes(1, 1, 5 << 20), .. SampleTrees.Bytes(2, 3, 3 << 20), .. SampleTrees.Bytes(10 + i, 1, 70_000 * i)];
            tree.Set($"{i}", new RegularFile(new FileMetadata(0x1a4), ByteSource.FromMemory(content)));
        }

        foreach (var bits in new[] { 12, 16, 20 })
        {
            foreach (var fragments in Enum.GetValues<ErofsFragments>()) ErofsJudges.Check(tree.Build(), ErofsJudges.Options(3) with { ClusterSize = 1 << bits, Fragments = fragments, Deduplicate = true });
        }
    }

    [Fact]
    public void Shared_and_own_attributes()
    {
        var tree = new FileTreeBuilder();
        for (var i = 0; i < 400; i++)
        {
            var metadata = new FileMetadata(0x1a4);
            var attributes = metadata.ExtendedAttributes.Add("security.capability", (ByteString)new byte[] { 1, 0, 0, 2, (byte)(i % 3), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }.AsSpan());
            attributes = attributes.Add("user.common", "the same in every file").Add("user.own", (ByteString)new byte[] { (byte)(i % 256), (byte)(i / 256) }.AsSpan());
            tree.Set($"d{i % 7}/{i}", new RegularFile(metadata with { ExtendedAttributes = attributes }, ByteSource.FromMemory(SampleTrees.Bytes(i, 1, i * 31))));
        }

        foreach (var fragments in Enum.GetValues<ErofsFragments>()) ErofsJudges.Check(tree.Build(), ErofsJudges.Options(3) with { Fragments = fragments });
        ErofsJudges.Check(tree.Build(), ErofsJudges.Options(3) with { Compression = ErofsCompression.None });
    }

    public static TheoryData<int, int, ErofsFragments, bool, bool> TreeForms => new()
    {
        { 1, 12, ErofsFragments.None, false, false },
        { 1, 16, ErofsFragments.All, false, true },
        { 3, 20, ErofsFragments.Tails, false, false },
        { 3, 14, ErofsFragments.None, true, false },
        { 3, 18, ErofsFragments.Tails, true, true },
        { 3, 20, ErofsFragments.All, false, false },
        { 9, 16, ErofsFragments.Tails, false, false },
        { 9, 20, ErofsFragments.None, true, true },
    };

    [Theory]
    [MemberData(nameof(TreeForms))]
    public void A_debian_root_tree(int level, int clusterBits, ErofsFragments fragments, bool tails, bool full)
    {
        var path = Environment.GetEnvironmentVariable("ROOS_ROOTFS_TAR");
        if (!File.Exists(path)) Judge.Missing("ROOS_ROOTFS_TAR names no tar of a Debian root tree");
        using var tar = FileSource.Open(path!);
        var tree = TarArchive.Read(tar, cancellation: TestContext.Current.CancellationToken);
        ErofsJudges.Check(tree, ErofsJudges.Options(level) with { ClusterSize = 1 << clusterBits, Fragments = fragments, TailPacking = tails, Index = full ? ErofsIndex.Full : ErofsIndex.Compact });
    }

    /// <summary>Files of a size, a kind of content and a seed; the same seed and size are the same content.</summary>
    private static FileTree Tree((int Size, int Kind, int Seed)[] files)
    {
        var tree = new FileTreeBuilder();
        for (var i = 0; i < files.Length; i++)
        {
            var (size, kind, seed) = files[i];
            tree.Set($"d{i % 5}/{i}.{kind}", new RegularFile(new FileMetadata(0x1a4) { ModificationTime = new Timestamp(i % 2, 0) }, ByteSource.FromMemory(SampleTrees.Bytes(seed, kind, size))));
        }

        return tree.Build();
    }
}
