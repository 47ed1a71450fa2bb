using Roos.Core.Bytes;
using Roos.Core.Tree;

namespace Roos.Core.Tests.Tree;

public sealed class FilterTests
{
    private static readonly string[] All =
    [
        "boot/vmlinuz-6.12", "etc/.hidden", "etc/hosts", "usr/lib/a.so", "usr/lib/deep/deeper/a.so", "usr/share/doc/x/copyright", "usr/share/doc/x/readme", "usr/share/doc/y/copyright", "usr/share/\u00fcml",
    ];

    [Theory]
    [InlineData("/etc/hosts", "etc/hosts")]
    [InlineData("etc/*", "etc/.hidden etc/hosts")]
    [InlineData("/etc/h*ts", "etc/hosts")]
    [InlineData("/usr/share/doc", "usr/share/doc/x/copyright usr/share/doc/x/readme usr/share/doc/y/copyright")]
    [InlineData("/usr/share/doc/*/readme", "usr/share/doc/x/readme")]
    [InlineData("/usr/share/doc/[!x]/copyright", "usr/share/doc/y/copyright")]
    [InlineData("/usr/**/*.so", "usr/lib/a.so usr/lib/deep/deeper/a.so")]
    [InlineData("/**/**/a.so", "usr/lib/a.so usr/lib/deep/deeper/a.so")]
    [InlineData("/lib/a.so", "usr/lib/a.so")]
    [InlineData("/lib/deep/*/a.so", "usr/lib/deep/deeper/a.so")]
    [InlineData("/usr/share/?ml", "usr/share/\u00fcml")]
    [InlineData("/usr/share/[\u00e4-\u00ff]ml", "usr/share/\u00fcml")]
    [InlineData("/boot/vmlinuz-[0-9].[0-9][0-9]", "boot/vmlinuz-6.12")]
    [InlineData("/nothing/here", "")]
    [InlineData("/usr/*.so", "")]
    public void What_a_pattern_matches_is_dropped(string pattern, string dropped)
    {
        var left = Files(Filter.Remove(Tree(), [pattern]));
        Assert.Equal(All.Except(dropped.Split(' ')).Order(StringComparer.Ordinal), left.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Directories_stay_when_they_become_empty_and_links_to_them_when_named_last()
    {
        var tree = Filter.Remove(Tree(), ["etc/*", "lib"]);
        Assert.IsType<DirectoryNode>(tree.Find("etc"));
        Assert.Null(tree.Find("lib"));
        Assert.NotNull(tree.Find("usr/lib/a.so"));
    }

    [Theory]
    [InlineData("/")]
    [InlineData("")]
    [InlineData("../x")]
    [InlineData("/usr/**")]
    public void Patterns_that_cannot_be_meant_are_refused(string pattern) => Assert.Throws<RoosException>(() => Filter.Remove(Tree(), [pattern]));

    [Theory]
    [InlineData("[", "[", true)]
    [InlineData("[]a]", "]", true)]
    [InlineData("[a-c]x", "bx", true)]
    [InlineData("[^a]", "a", false)]
    [InlineData("a*b*c", "aXXbYYc", true)]
    [InlineData("a*b*c", "aXXbYY", false)]
    [InlineData("*", "", true)]
    [InlineData("?", "", false)]
    [InlineData("*a*a*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false)]
    public void Names_fit_as_in_a_shell(string pattern, string name, bool fits) =>
        Assert.Equal(fits, GlobPattern.IsMatch(((ByteString)pattern).Span, ((ByteString)name).Span));

    [Fact]
    public void Times_are_clamped_and_hard_links_stay()
    {
        var late = new RegularFile(new FileMetadata(0x1a4) { ModificationTime = new Timestamp(100, 1) }, ByteSource.Empty);
        var early = new RegularFile(new FileMetadata(0x1a4) { ModificationTime = new Timestamp(-5, 7) }, ByteSource.Empty);
        var tree = Normalise.ClampTimes(new FileTreeBuilder().Set("a", late).Set("b", late).Set("c", early).Build(), new Timestamp(100, 0));
        Assert.Equal(new Timestamp(100, 0), tree.Find("a")!.Metadata.ModificationTime);
        Assert.Same(tree.Find("a"), tree.Find("b"));
        Assert.Same(early, tree.Find("c"));
    }

    private static FileTree Tree()
    {
        var builder = new FileTreeBuilder().Set("lib", new SymbolicLink(new FileMetadata(0x1ff), "usr/lib"));
        foreach (var path in All) builder.Set(path, new RegularFile(new FileMetadata(0x1a4), ByteSource.Empty));
        return builder.Build();
    }

    private static IEnumerable<string> Files(FileTree tree) => tree.Walk().Where(entry => entry.Node is RegularFile).Select(entry => entry.Path.ToString());
}
