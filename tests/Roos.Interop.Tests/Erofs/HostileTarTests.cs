using Roos.Builder.Host;
using Roos.Core.Bytes;
using Roos.Core.Identity;
using Roos.Core.Tar;
using Roos.Core.Tree;
using Roos.Erofs;
using Roos.Testing;

namespace Roos.Interop.Tests.Erofs;

/// <summary>A tar of everything that goes wrong, through Roos into EroFS and mounted by the kernel, against GNU tar's extraction.</summary>
public sealed class HostileTarTests
{
    [Theory]
    [InlineData(ErofsCompression.None)]
    [InlineData(ErofsCompression.Zstd)]
    public void The_mounted_image_is_what_GNU_tar_extracts(ErofsCompression compression)
    {
        Judge.NeedRoot();
        using var scratch = new ScratchFolder();
        Directory.CreateDirectory(scratch["root"]);
        Directory.CreateDirectory(scratch["mounted"]);
        WriteTar(scratch["tar"]);
        string[] extract = ["--numeric-owner", "--xattrs", "--xattrs-include=*", "--warning=no-timestamp", "-xp", "-C", scratch["root"], "-f"];
        Judge.Host("tar").Must([.. extract, scratch["tar"]]);
        File.WriteAllBytes(scratch["hostile.tar"], HostileMembers());
        Judge.Host("tar").Must([.. extract, scratch["hostile.tar"], "--acls"]); // only here: it drops ACLs that are packed as plain attributes, as a real tar has them
        WriteImage(scratch["tar"], scratch["image"], compression);

        Mount(scratch["image"], scratch["mounted"]);
        try
        {
            var expected = HostDirectory.ReadExact(scratch["root"]);
            var actual = HostDirectory.ReadExact(scratch["mounted"]);
            // The root is no member of the hostile tar: its metadata is the folder's on one side.
            Assert.Empty(TreeComparison.Differences(expected, actual, (path, _) => path.IsEmpty));
        }
        finally
        {
            Judge.Host("umount").Must(scratch["mounted"]);
        }
    }

    [Theory]
    [InlineData(ErofsCompression.None)]
    [InlineData(ErofsCompression.Zstd)]
    public void Fsck_of_trixie_finds_nothing(ErofsCompression compression)
    {
        using var scratch = new ScratchFolder();
        WriteTar(scratch["tar"]);
        WriteImage(scratch["tar"], scratch["image"], compression);
        Judge.InTree("fsck.erofs").Must(scratch["image"]);
    }

    /// <summary>A real root tar, where one is given, with the hostile members after its own.</summary>
    private static void WriteTar(string path)
    {
        using var file = File.Create(path);
        if (Environment.GetEnvironmentVariable("ROOS_ROOTFS_TAR") is { Length: > 0 } rootfs)
        {
            using var real = FileSource.Open(rootfs);
            real.Slice(0, EndMark(real)).OpenRead().CopyTo(file);
        }

        file.Write(HostileMembers());
    }

    private static byte[] HostileMembers()
    {
        var tar = new TarBuilder();
        HostileTree.AddTo(tar);
        return tar.ToArray();
    }

    /// <summary>Where the zeros at the end of a tar begin, rounded up to a block.</summary>
    private static long EndMark(FileSource tar)
    {
        var block = new byte[512];
        for (var end = tar.Length / 512 * 512; end > 0; end -= 512)
        {
            tar.Read(end - 512, block);
            if (block.AsSpan().ContainsAnyExcept((byte)0)) return end;
        }

        return 0;
    }

    private static void WriteImage(string tarPath, string imagePath, ErofsCompression compression)
    {
        using var tar = FileSource.Open(tarPath);
        var options = new ErofsOptions
        {
            Uuid = Uuid.Parse("11111111-2222-4333-8444-555555555555"),
            BuildTime = new Timestamp(1_700_000_000, 0),
            Compression = compression,
            Level = 3,
            Workers = 2,
        };
        using var plan = ErofsImage.Plan(TarArchive.Read(tar), options, () => new MemorySpool());
        using var file = File.Create(imagePath);
        plan.WriteTo(file);
    }

    private static void Mount(string image, string target)
    {
        var result = Judge.Host("mount").Run("-t", "erofs", "-o", "ro,loop", image, target);
        if (result.ExitCode != 0 && result.Error.Contains("unknown filesystem type", StringComparison.Ordinal)) Judge.Missing($"the kernel has no EroFS: {result.Error}");
        Assert.True(result.ExitCode == 0, result.ToString());
    }
}
