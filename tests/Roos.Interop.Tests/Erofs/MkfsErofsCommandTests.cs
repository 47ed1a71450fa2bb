using Roos.Core.Bytes;
using Roos.Core.Tree;
using Roos.Erofs;
using Roos.Testing;

namespace Roos.Interop.Tests.Erofs;

/// <summary><c>roos mkfs.erofs</c> as it is typed.</summary>
public sealed class MkfsErofsCommandTests
{
    [Fact]
    public void Takes_the_spellings_of_mkfs_erofs()
    {
        using var scratch = new ScratchFolder();
        var tar = MakeTar(scratch);
        var roos = RoosProgram.Judge();
        roos.Must("mkfs.erofs", "-zzstd,level=1", "-C65536", "-T1700000000", "-U6b9d7a1e-3f42-4c58-9a3b-0d2f5e8c1a77", "-Lroos", "--workers", "1", "--quiet", "--tar=f", scratch["one"], tar);
        roos.Must("mkfs.erofs", "-z", "zstd,level=1", "-C", "65536", "-T", "1700000000", "-U", "6b9d7a1e-3f42-4c58-9a3b-0d2f5e8c1a77", "-L", "roos", "--workers=3", "--tar=f", scratch["two"], tar);
        Assert.Equal(File.ReadAllBytes(scratch["one"]), File.ReadAllBytes(scratch["two"]));
        using var image = FileSource.Open(scratch["one"]);
        using var reader = ErofsReader.Open(image);
        Assert.Equal((new Timestamp(1_700_000_000, 0), (ByteString)"roos"), (reader.Superblock.BuildTime, reader.Superblock.VolumeLabel));
        Assert.Equal(SampleTrees.Bytes(1, 1, 300_000), reader.ReadTree(TestContext.Current.CancellationToken).FindFile("file")!.Content.ToArray());
    }

    [Theory]
    [InlineData(2, "-zlz4")]
    [InlineData(2, "-zzstd,level=23")]
    [InlineData(2, "-C1000")]
    [InlineData(2, "-Uxyz")]
    [InlineData(2, "--workers=0")]
    [InlineData(2, "-Lsixteen_letters_")]
    [InlineData(2, "-E48bit")]
    [InlineData(2, "--max-extent-bytes=1")]
    [InlineData(2, "--compress-hints=no-such-file")]
    [InlineData(2, "--uid-offset=-99999")]
    [InlineData(2, "--hash-tree=/no/such/folder/file")]
    public void Wrong_options_leave_the_output_as_it_was(int status, string option)
    {
        using var scratch = new ScratchFolder();
        var tar = MakeTar(scratch);
        File.WriteAllText(scratch["out"], "earlier");
        var result = RoosProgram.Judge().Run("mkfs.erofs", option, "--tar=f", scratch["out"], tar);
        Assert.True(result.ExitCode == status, result.ToString());
        Assert.StartsWith("roos: ", result.Error, StringComparison.Ordinal);
        Assert.Equal("earlier", File.ReadAllText(scratch["out"]));
        Assert.Equal(3, Directory.GetFileSystemEntries(scratch.Path).Length); // source, tar, out
    }

    [Fact]
    public void The_hash_tree_of_the_same_pass_is_that_of_veritysetup()
    {
        using var scratch = new ScratchFolder();
        var tar = MakeTar(scratch);
        const string uuid = "dd9bec71-be85-43db-9c50-960aa9783080";
        var result = RoosProgram.Judge().Must("mkfs.erofs", "-zzstd", "--quiet", $"--hash-tree={scratch["hashes"]}", "--salt=06ee1724", $"--hash-uuid={uuid}", "--tar=f", scratch["image"], tar);
        var judged = Judge.Host("veritysetup").Must("format", "--salt=06ee1724", $"--uuid={uuid}", scratch["image"], scratch["expected"]);
        Assert.Equal(RootHash(judged), RootHash(result));
        Assert.Equal(File.ReadAllBytes(scratch["expected"]), File.ReadAllBytes(scratch["hashes"]));
        Judge.Host("veritysetup").Must("verify", scratch["image"], scratch["hashes"], RootHash(result));
    }

    [Fact]
    public void A_cache_changes_no_byte()
    {
        using var scratch = new ScratchFolder();
        var tar = MakeTar(scratch);
        foreach (var name in new[] { "cold", "warm" }) RoosProgram.Judge().Must("mkfs.erofs", "-zzstd", "-Efragments", $"--cache={scratch["cache"]}", "--tar=f", scratch[name], tar);
        RoosProgram.Judge().Must("mkfs.erofs", "-zzstd", "-Efragments", "--tar=f", scratch["without"], tar);
        Assert.Equal(File.ReadAllBytes(scratch["without"]), File.ReadAllBytes(scratch["cold"]));
        Assert.Equal(File.ReadAllBytes(scratch["without"]), File.ReadAllBytes(scratch["warm"]));
    }

    [Fact]
    public void A_device_keeps_its_name()
    {
        using var scratch = new ScratchFolder();
        var tar = MakeTar(scratch);
        File.CreateSymbolicLink(scratch["null"], "/dev/null");
        var result = RoosProgram.Judge().Run("mkfs.erofs", "--tar=f", scratch["null"], tar);
        Assert.Equal((2, "/dev/null"), (result.ExitCode, new FileInfo(scratch["null"]).LinkTarget));
        Assert.Contains("is a device", result.Error, StringComparison.Ordinal);
    }

    /// <summary>The same -T, -E and owners mean the same to mkfs.erofs of trixie: its image, read by Roos, has the same metadata.</summary>
    [Theory]
    [InlineData("-T7")]
    [InlineData("-T7", "--mkfs-time")]
    [InlineData("-T7", "--all-root")]
    [InlineData("-T7", "--force-uid=9", "--uid-offset=3", "--gid-offset=70000")]
    [InlineData("-T7", "--max-extent-bytes=65536", "-C65536")]
    [InlineData("-T7", "-Elegacy-compress")]
    [InlineData("-T7", "-Efragments")]
    [InlineData("-T7", "-Eall-fragments", "-C1048576")]
    [InlineData("-T7", "-Eztailpacking", "-Efragments,dedupe", "-C65536")]
    public void Options_mean_what_they_mean_to_mkfs_erofs(params string[] options)
    {
        using var scratch = new ScratchFolder();
        var tar = MakeTar(scratch);
        const string uuid = "-U6b9d7a1e-3f42-4c58-9a3b-0d2f5e8c1a77";
        RoosProgram.Judge().Must(["mkfs.erofs", "-zzstd,level=3", uuid, .. options, "--tar=f", scratch["ours"], tar]);
        Judge.InTree("mkfs.erofs").Must(["-zzstd,level=3", uuid, .. options, "--tar=f", scratch["theirs"], tar]);
        Judge.InTree("fsck.erofs").Must(scratch["ours"]);
        Assert.Equal(Metadata(scratch["theirs"]), Metadata(scratch["ours"]));
    }

    [Fact]
    public void Hints_say_what_is_not_compressed()
    {
        using var scratch = new ScratchFolder();
        var tar = MakeTar(scratch);
        File.WriteAllText(scratch["hints"], "# comment\n0 ^file$\n");
        RoosProgram.Judge().Must("mkfs.erofs", "-zzstd", "--compress-hints", scratch["hints"], "--tar=f", scratch["hinted"], tar);
        RoosProgram.Judge().Must("mkfs.erofs", "-zzstd", "--tar=f", scratch["compressed"], tar);
        Assert.InRange(new FileInfo(scratch["compressed"]).Length, 0, 200_000);
        Assert.InRange(new FileInfo(scratch["hinted"]).Length, 300_000, 400_000);
        Judge.InTree("fsck.erofs").Must(scratch["hinted"]);
    }

    private static string[] Metadata(string image)
    {
        using var file = FileSource.Open(image);
        using var reader = ErofsReader.Open(file);
        return
        [
            $"{reader.Superblock.BuildTime} {reader.Superblock.Uuid}",
            .. reader.ReadTree(TestContext.Current.CancellationToken).Walk().Select(item =>
                $"{item.Path} {item.Node.Mode:x} {item.Node.Metadata.UserId}:{item.Node.Metadata.GroupId} {item.Node.Metadata.ModificationTime} {string.Join(' ', item.Node.Metadata.ExtendedAttributes)}"),
        ];
    }

    private static string RootHash(string output) => output.Split('\n').Single(line => line.StartsWith("Root hash:", StringComparison.Ordinal)).Split('\t')[1].Trim();

    private static string MakeTar(ScratchFolder scratch)
    {
        Directory.CreateDirectory(scratch["source"]);
        File.WriteAllBytes(Path.Combine(scratch["source"], "file"), SampleTrees.Bytes(1, 1, 300_000));
        Judge.Host("setfattr").Must("-n", "user.a", "-v", "b", Path.Combine(scratch["source"], "file"));

        // All nine digits: tar leaves out zeros at the end of a fraction, and mkfs.erofs 1.8.6 takes what is left for a number of nanoseconds.
        Judge.Host("tar").Must("--mtime=@1754697600.123456789", "--xattrs", "--xattrs-include=*", "--format=posix", "-C", scratch["source"], "-cf", scratch["tar"], ".");
        return scratch["tar"];
    }
}
