using Roos.Testing;

namespace Roos.Builder.Tests.Commands;

public sealed class CleanTests
{
    private const string Digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    [Theory]
    [InlineData("", "mkosi.cache/packages/k.tar mkosi.conf mkosi.output/notes.txt mkosi.pkgcache/apt/p.deb")]
    [InlineData("-f", "mkosi.conf mkosi.output/notes.txt mkosi.pkgcache/apt/p.deb")]
    [InlineData("-ff", "mkosi.conf mkosi.output/notes.txt")]
    [InlineData("-f -f", "mkosi.conf mkosi.output/notes.txt")]
    public void Each_force_takes_more(string options, string left)
    {
        using var scratch = Tree();
        RoosProgram.Judge().Must(["-C", scratch.Path, "clean", .. options.Split(' ', StringSplitOptions.RemoveEmptyEntries)]);
        Assert.Equal(left.Split(' '), Files(scratch));
    }

    [Fact]
    public void It_says_what_it_removed_and_finds_nothing_the_second_time()
    {
        using var scratch = Tree();
        var first = RoosProgram.Judge().Must("-C", scratch.Path, "clean");
        Assert.Equal(["mkosi.output/.roos-build-killed", "mkosi.output/SHA256SUMS", "mkosi.output/image.raw"], first.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line["removed ".Length..]).Order(StringComparer.Ordinal));
        Assert.Empty(RoosProgram.Judge().Must("-C", scratch.Path, "clean"));
    }

    [Theory]
    [InlineData("../mkosi.conf")]
    [InlineData("a/b")]
    [InlineData("")]
    public void A_list_that_no_build_wrote_is_not_followed(string name)
    {
        using var scratch = Tree();
        File.AppendAllText(scratch["mkosi.output/SHA256SUMS"], $"{Digest} *{name}\n");
        var before = Files(scratch);
        var result = RoosProgram.Judge().Run("-C", scratch.Path, "clean");
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("which no build of Roos writes", result.Error, StringComparison.Ordinal);
        Assert.Equal(before, Files(scratch));
    }

    [Fact]
    public void A_cache_that_is_not_in_the_tree_keeps_what_is_not_of_Roos()
    {
        using var scratch = Tree();
        using var elsewhere = new ScratchFolder();
        foreach (var file in new[] { "packages/k.tar", "erofs-1/ab/abcd", "others/file" })
        {
            Directory.CreateDirectory(Path.GetDirectoryName(elsewhere[file])!);
            File.WriteAllText(elsewhere[file], "");
        }

        File.WriteAllText(scratch["mkosi.conf"], $"[Build]\nCacheDirectory={elsewhere.Path}\n");
        RoosProgram.Judge().Must("-C", scratch.Path, "clean", "-f");
        Assert.Equal(["others/file"], Files(elsewhere));
    }

    private static ScratchFolder Tree()
    {
        var scratch = new ScratchFolder();
        foreach (var (path, text) in new[]
                 {
                     ("mkosi.conf", "[Distribution]\nDistribution=debian\nRelease=trixie\n"), ("mkosi.output/image.raw", "abc"), ("mkosi.output/notes.txt", "mine"),
                     ("mkosi.output/SHA256SUMS", $"{Digest} *image.raw\n{Digest} *was-deleted-before.raw\n"),
                     ("mkosi.output/.roos-build-killed/image.raw", "ab"), ("mkosi.cache/packages/k.tar", ""), ("mkosi.pkgcache/apt/p.deb", ""),
                 })
        {
            Directory.CreateDirectory(Path.GetDirectoryName(scratch[path])!);
            File.WriteAllText(scratch[path], text);
        }

        return scratch;
    }

    private static string[] Files(ScratchFolder folder) =>
        [.. Directory.GetFiles(folder.Path, "*", SearchOption.AllDirectories).Select(path => Path.GetRelativePath(folder.Path, path)).Order(StringComparer.Ordinal)];
}
