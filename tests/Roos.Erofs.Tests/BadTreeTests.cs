using System.Collections.Immutable;
using Roos.Core;
using Roos.Core.Bytes;
using Roos.Core.Tree;

namespace Roos.Erofs.Tests;

/// <summary>What EroFS cannot hold is refused in one sentence that names the place.</summary>
public sealed class BadTreeTests
{
    private static readonly FileMetadata Plain = new(0x1a4);

    public static TheoryData<string, FileTree> Trees => new()
    {
        { "from 1 to 255 bytes", One(new string('n', 256), new FifoNode(Plain)) },
        { "cannot be a file name", One("a/b", new FifoNode(Plain)) },
        { "cannot be a file name", One("..", new FifoNode(Plain)) },
        { "cannot be a file name", One("a\0b", new FifoNode(Plain)) },
        { "4095 bytes", One("/link", new SymbolicLink(Plain, new string('t', 4096)), "link") },
        { "4095 bytes", One("/link", new SymbolicLink(Plain, ""), "link") },
        { "4095:1048575", One("/device", new DeviceNode(Plain, true, 4096, 0), "device") },
        { "4095:1048575", One("/device", new DeviceNode(Plain, true, 1, 1 << 20), "device") },
        { "system.nfs4_acl", One("/f", File(("system.nfs4_acl", 1)), "f") },
        { "no.namespace", One("/f", File(("no.namespace", 1)), "f") },
        { "at most 255 bytes", One("/f", File(("user." + new string('x', 256), 1)), "f") },
        { "at most 65535 bytes", One("/f", File(("user.x", 65536)), "f") },
        { "take at most", One("/f", File([.. Enumerable.Range(0, 5).Select(i => ($"user.{i}", 65535))]), "f") },
        { "one name only", TwoNamesOfADirectory() },
    };

    [Theory]
    [MemberData(nameof(Trees))]
    public void Is_refused(string message, FileTree tree)
    {
        var error = Assert.Throws<RoosException>(() => Images.Write(tree, Images.Uncompressed));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.Contains("/", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, null, 1, "")]
    [InlineData(12288, null, 1, "")]
    [InlineData(2097152, null, 1, "")]
    [InlineData(4096, 23, 1, "")]
    [InlineData(4096, 0, 1, "")]
    [InlineData(4096, 3, 0, "")]
    [InlineData(4096, 3, 1, "sixteen letters!")]
    public void Options_out_of_range_are_refused(int cluster, int? level, int workers, string label) =>
        Assert.Throws<RoosException>(() => Images.Write(FileTree.Empty, Images.Zstd with { ClusterSize = cluster, Level = level, Workers = workers, VolumeLabel = label }));

    [Fact]
    public void Cancellation_and_failing_sources_come_through_with_several_workers()
    {
        var tree = new FileTreeBuilder();
        for (var i = 0; i < 50; i++) tree.Set($"{i}", new RegularFile(Plain, i == 30 ? new Failing() : ByteSource.FromMemory(new byte[100_000])));
        Assert.Throws<RoosException>(() => Images.Write(tree.Build(), Images.Zstd with { Workers = 3 }));
        using var stop = new CancellationTokenSource();
        stop.Cancel();
        Assert.ThrowsAny<OperationCanceledException>(() => ErofsImage.Plan(tree.Build(), Images.Zstd with { Workers = 3 }, () => new MemorySpool(), cancellation: stop.Token));
    }

    private static FileTree One(string name, FileNode node, string? actual = null) =>
        new(new DirectoryNode(new FileMetadata(0x1ed), ImmutableSortedDictionary<ByteString, FileNode>.Empty.Add(actual ?? name, node)));

    private static RegularFile File(params (string Name, int Length)[] attributes) =>
        new(Plain with { ExtendedAttributes = attributes.ToImmutableSortedDictionary(pair => (ByteString)pair.Name, pair => (ByteString)new byte[pair.Length].AsSpan()) }, ByteSource.Empty);

    private static FileTree TwoNamesOfADirectory()
    {
        var directory = new DirectoryNode(new FileMetadata(0x1ed), ImmutableSortedDictionary<ByteString, FileNode>.Empty);
        return new FileTree(new DirectoryNode(new FileMetadata(0x1ed), ImmutableSortedDictionary<ByteString, FileNode>.Empty.Add("a", directory).Add("b", directory)));
    }

    private sealed class Failing : ByteSource
    {
        public override long Length => 100_000;

        protected override void ReadCore(long offset, Span<byte> destination) => throw new RoosException("/source: the disk fell out");
    }
}
