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
    [InlineData(1, "-Lsixteen_letters_")]
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

    private static string MakeTar(ScratchFolder scratch)
    {
        Directory.CreateDirectory(scratch["source"]);
        File.WriteAllBytes(Path.Combine(scratch["source"], "file"), SampleTrees.Bytes(1, 1, 300_000));
        Judge.Host("tar").Must("-C", scratch["source"], "-cf", scratch["tar"], ".");
        return scratch["tar"];
    }
}
