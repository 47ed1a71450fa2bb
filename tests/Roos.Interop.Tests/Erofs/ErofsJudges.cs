using System.Globalization;
using Roos.Builder.Host;
using Roos.Builder.Workspaces;
using Roos.Core.Bytes;
using Roos.Core.Identity;
using Roos.Core.Tree;
using Roos.Erofs;
using Roos.Testing;

namespace Roos.Interop.Tests.Erofs;

/// <summary>An image of Roos before everyone who reads EroFS: the kernel, fsck.erofs of Debian trixie, Roos's own reader.</summary>
internal static class ErofsJudges
{
    public static ErofsOptions Options(int level, ErofsCompression compression = ErofsCompression.Zstd) => new()
    {
        Uuid = Uuid.Parse("6b9d7a1e-3f42-4c58-9a3b-0d2f5e8c1a77"),
        BuildTime = new Timestamp(0, 0),
        Compression = compression,
        Level = level,
        Workers = 2,
    };

    /// <summary>Writes, mounts, compares what the kernel shows; then has fsck.erofs and Roos's own reader check it.</summary>
    public static void Check(FileTree tree, ErofsOptions options)
    {
        Judge.NeedRoot();
        using var scratch = new ScratchFolder();
        Write(tree, options, scratch["image"]);
        using (var mount = new ErofsMount(scratch["image"]))
        {
            TreeAssert.Equal(tree, HostDirectory.ReadExact(mount.Path));
            CheckUsage(mount.Path, new FileInfo(scratch["image"]).Length);
        }

        if (Judge.ToolsTree is not null) Judge.InTree("fsck.erofs").Must("--extract", scratch["image"]); // decompresses all files
        using var image = FileSource.Open(scratch["image"]);
        using var reader = ErofsReader.Open(image);
        reader.Verify(TestContext.Current.CancellationToken);
        TreeAssert.Equal(tree, reader.ReadTree(TestContext.Current.CancellationToken));
    }

    public static void Write(FileTree tree, ErofsOptions options, string path)
    {
        using var plan = ErofsImage.Plan(tree, options, () => new MemorySpool(), cancellation: TestContext.Current.CancellationToken);
        Workspace.WriteFile(path, plan, [], TestContext.Current.CancellationToken);
    }

    /// <summary>
    /// What du shows is no more than the files have or, of files that are equal, the image has for each of them.
    /// </summary>
    private static void CheckUsage(string path, long imageLength)
    {
        foreach (var line in Judge.Host("find").Must(path, "-type", "f", "-printf", "%b %s %i\\n").Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var fields = line.Split(' ', 3);
            var used = long.Parse(fields[0], CultureInfo.InvariantCulture) * 512;
            // A file that is mostly holes is said to use its size: the kernel tells the blocks of compressed files only.
            Assert.True(used <= Math.Max(imageLength, long.Parse(fields[1], CultureInfo.InvariantCulture) + 4095), $"inode {fields[2]} has {fields[1]} bytes and uses {used}");
        }
    }
}
