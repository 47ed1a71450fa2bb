using Roos.Builder.Host;
using Roos.Builder.Workspaces;
using Roos.Core.Bytes;
using Roos.Core.Tree;
using Roos.Erofs;
using Roos.Testing;

namespace Roos.Interop.Tests.Erofs;

/// <summary>A folder with sample files of all kinds, from which mkfs.erofs makes images; made once for all tests of a class.</summary>
public sealed class MkfsSource : IDisposable
{
    private readonly Lazy<(ScratchFolder Scratch, FileTree Tree)> _made = new(Make);

    private readonly Lazy<ScratchFolder> _debian = new(Extract);

    public string Folder => _made.Value.Scratch["source"];

    /// <summary>What is in the folder.</summary>
    public FileTree Tree => _made.Value.Tree;

    /// <summary>A folder with a Debian root tree.</summary>
    public string DebianFolder => _debian.Value.Path;

    public void Dispose()
    {
        if (_debian.IsValueCreated) _debian.Value.Dispose();
        if (_made.IsValueCreated) _made.Value.Scratch.Dispose();
    }

    private static (ScratchFolder Scratch, FileTree Tree) Make()
    {
        Judge.NeedRoot();
        var scratch = new ScratchFolder();
        var tree = Plan();
        using (var plan = ErofsImage.Plan(tree, new ErofsOptions { Uuid = default, BuildTime = default }, () => new MemorySpool(), cancellation: TestContext.Current.CancellationToken))
        {
            Workspace.WriteFile(scratch["seed"], plan, [], TestContext.Current.CancellationToken);
        }

        // The kernel makes the folder from an image, for attributes and names that .NET cannot set.
        using var mount = new ErofsMount(scratch["seed"]);
        Judge.Host("cp").Must("-a", mount.Path, scratch["source"]);
        return (scratch, HostDirectory.ReadExact(scratch["source"]));
    }

    private static ScratchFolder Extract()
    {
        Judge.NeedRoot();
        var path = Environment.GetEnvironmentVariable("ROOS_ROOTFS_TAR");
        if (!System.IO.File.Exists(path)) Assert.Skip("ROOS_ROOTFS_TAR names no tar of a Debian root tree");
        var scratch = new ScratchFolder();
        Judge.Host("tar").Must("--extract", "--file", path!, "--directory", scratch.Path, "--xattrs", "--xattrs-include=*", "--numeric-owner", "--same-permissions");
        return scratch;
    }

    private static FileTree Plan()
    {
        var tree = SampleTrees.Metadata().ToBuilder();
        foreach (var size in SampleTrees.Sizes.Where(size => size < 300_000).Append(1_500_000))
        {
            for (var kind = 0; kind < 4; kind++) tree.Set($"contents/{size}/{kind}", File(SampleTrees.Bytes(size + kind, kind, size)));
        }

        // For dedupe: the same file twice, the same bytes at another offset, the same end.
        var text = SampleTrees.Bytes(7, 1, 700_000);
        tree.Set("again/one", File(text)).Set("again/two", File(text));
        tree.Set("again/later", File([.. SampleTrees.Bytes(8, 1, 12_345), .. text]));
        tree.Set("again/end", File([.. SampleTrees.Bytes(9, 1, 100_000), .. text.AsSpan(650_000)]));
        // For fragments and tail packing: many small files, and ends of every size.
        for (var i = 0; i < 60; i++) tree.Set($"small/{i}", File(SampleTrees.Bytes(i, 1, i * 331)));
        return tree.Build();
    }

    private static RegularFile File(byte[] content) => new(new FileMetadata(0x1a4), ByteSource.FromMemory(content));
}
