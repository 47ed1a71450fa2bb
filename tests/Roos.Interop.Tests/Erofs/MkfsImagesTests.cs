using Roos.Builder.Host;
using Roos.Core;
using Roos.Core.Bytes;
using Roos.Core.Tree;
using Roos.Erofs;
using Roos.Testing;

namespace Roos.Interop.Tests.Erofs;

/// <summary>Images of Debian trixie's mkfs.erofs, read by Roos.</summary>
public sealed class MkfsImagesTests
{
    [Theory]
    [InlineData("")]
    [InlineData("-x 2 -T 77")]
    [InlineData("--chunksize=65536")]
    [InlineData("-Enoinline_data")]
    [InlineData("-Eforce-inode-compact -T 1 --ignore-mtime")]
    [InlineData("-Eforce-inode-extended")]
    [InlineData("--xattr-prefix=user.ne -x 1")]
    [InlineData("-zzstd,level=3")]
    [InlineData("-zzstd,level=3 -C65536")]
    [InlineData("-zzstd,level=3 -C1048576")]
    [InlineData("-zzstd,level=3 -Ededupe -C65536")]
    [InlineData("-zzstd,level=3 -Elegacy-compress")]
    [InlineData("-zzstd,level=3 -C262144 -Elegacy-compress")]
    public void Are_read_to_the_same_tree(string options)
    {
        Judge.NeedRoot();
        var mkfs = Judge.InTree("mkfs.erofs");
        using var scratch = new ScratchFolder();
        var source = Extract(scratch);
        mkfs.Must([.. options.Split(' ', StringSplitOptions.RemoveEmptyEntries), scratch["image"], source]);

        using var mount = new ErofsMount(scratch["image"]);
        using var image = FileSource.Open(scratch["image"]);
        using var reader = ErofsReader.Open(image);
        reader.Verify(TestContext.Current.CancellationToken);
        TreeAssert.Equal(HostDirectory.ReadExact(mount.Path), reader.ReadTree(TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("-zlz4", "lz4")]
    [InlineData("-zzstd -Eztailpacking", "ztailpacking")]
    [InlineData("-zzstd -Efragments", "fragments")]
    public void Of_other_kinds_are_refused_by_name(string options, string name)
    {
        Judge.NeedRoot();
        var mkfs = Judge.InTree("mkfs.erofs");
        using var scratch = new ScratchFolder();
        mkfs.Must([.. options.Split(' '), scratch["image"], Extract(scratch)]);
        using var image = FileSource.Open(scratch["image"]);
        var error = Assert.Throws<DamagedInputException>(() => ErofsReader.Open(image).Verify(TestContext.Current.CancellationToken));
        Assert.Contains(name, error.Message, StringComparison.Ordinal);
    }

    /// <summary>A folder with the sample trees in it, which the kernel copies from an image of Roos.</summary>
    private static string Extract(ScratchFolder scratch)
    {
        var tree = SampleTrees.Contents().ToBuilder();
        foreach (var (path, node) in SampleTrees.Metadata().Walk())
        {
            if (node is not DirectoryNode) tree.Set(TreePath.Join("metadata", path), node);
        }

        // Bytes that repeat in two files, for dedupe; a long run, for extents that span many clusters.
        tree.Set("twice", new RegularFile(new FileMetadata(0x1a4), ByteSource.FromMemory(SampleTrees.Bytes(7, 3, 2_000_000))));
        tree.Set("again", new RegularFile(new FileMetadata(0x1a4), ByteSource.FromMemory(SampleTrees.Bytes(7, 3, 2_000_000))));
        var options = new ErofsOptions { Uuid = default, BuildTime = default };
        using (var plan = ErofsImage.Plan(tree.Build(), options, () => new MemorySpool(), cancellation: TestContext.Current.CancellationToken))
        {
            Builder.Workspaces.Workspace.WriteFile(scratch["seed"], plan, [], TestContext.Current.CancellationToken);
        }

        using var mount = new ErofsMount(scratch["seed"]);
        Judge.Host("cp").Must("-a", mount.Path, scratch["source"]);
        return scratch["source"];
    }
}
