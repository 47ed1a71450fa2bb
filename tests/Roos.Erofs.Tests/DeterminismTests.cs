using System.Security.Cryptography;
using Roos.Core.Bytes;
using Roos.Core.Tree;
using Roos.Testing;

namespace Roos.Erofs.Tests;

public sealed class DeterminismTests
{
    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(7)]
    public void Any_number_of_workers_gives_the_same_bytes(int workers)
    {
        var tree = SampleTrees.Contents();
        foreach (var options in AllKinds)
        {
            Assert.Equal(Digest(tree, options), Digest(tree, options with { Workers = workers }));
        }
    }

    [Fact]
    public void The_order_in_which_a_tree_was_made_does_not_matter()
    {
        var all = SampleTrees.Metadata().Walk().Where(item => item.Node is not DirectoryNode).ToList();
        var digests = Enumerable.Range(0, 4).Select(seed =>
        {
            var builder = new FileTreeBuilder();
            foreach (var (path, node) in all.OrderBy(_ => new Random(seed).Next()).Concat(all).Reverse()) builder.Set(path, node);
            foreach (var i in Enumerable.Range(0, all.Count).Select(i => (i * 7919 + seed * 31) % all.Count)) builder.Set(all[i].Path, all[i].Node);
            return Digest(builder.Build(), Images.Zstd);
        });
        Assert.Single(digests.Distinct());
    }

    [Fact]
    public void A_plan_can_be_written_twice()
    {
        using var plan = ErofsImage.Plan(SampleTrees.Contents(), Images.Zstd, () => new MemorySpool(), cancellation: TestContext.Current.CancellationToken);
        Assert.Equal(plan.ToArray(), plan.ToArray());
    }

    /// <summary>A context that has compressed anything before gives the same bytes as a new one.</summary>
    [Fact]
    public void Images_made_one_after_another_are_equal()
    {
        var tree = SampleTrees.Contents();
        foreach (var options in AllKinds) Assert.Single(Enumerable.Range(0, 3).Select(_ => Digest(tree, options)).Distinct());
    }

    private static IEnumerable<ErofsOptions> AllKinds =>
    [
        Images.Zstd,
        Images.Zstd with { ClusterSize = 1 << 15 },
        Images.Zstd with { Fragments = ErofsFragments.Tails },
        Images.Zstd with { Fragments = ErofsFragments.All, ClusterSize = 1 << 16, Level = 9 },
        Images.Zstd with { TailPacking = true, Index = ErofsIndex.Full },
    ];

    private static string Digest(FileTree tree, ErofsOptions options) => Convert.ToHexStringLower(SHA256.HashData(Images.Write(tree, options)));
}
