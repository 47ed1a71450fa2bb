using Roos.Core.Bytes;
using Roos.Core.Tree;

namespace Roos.Core.Tests;

public sealed class FileTreeTests
{
    private static readonly FileMetadata Plain = new(0x1a4);

    [Fact]
    public void Entries_are_in_byte_order_not_in_text_order()
    {
        // U+FF5E is before U+1F600 in code points and UTF-8, and after it in UTF-16.
        var tree = new FileTreeBuilder().Set("\uff5e", File()).Set("\U0001f600", File()).Set("a", File()).Set("B", File()).Build();
        Assert.Equal(["B", "a", "\uff5e", "\U0001f600"], tree.Root.Entries.Keys.Select(name => name.ToString()));
    }

    [Fact]
    public void Mapping_keeps_the_names_of_one_inode_together()
    {
        var shared = File();
        var tree = new FileTreeBuilder().Set("a", shared).Set("d/b", shared).Set("c", File()).Build();
        var mapped = tree.Map((_, node) => node.WithMetadata(node.Metadata with { UserId = 7 }));
        Assert.Same(mapped.Find("a"), mapped.Find("d/b"));
        Assert.NotSame(mapped.Find("a"), mapped.Find("c"));
        Assert.Equal(7u, mapped.Find("d")!.Metadata.UserId);
    }

    [Fact]
    public void Mapping_that_changes_nothing_gives_the_same_directories()
    {
        var tree = new FileTreeBuilder().Set("a/b/c", File()).Build();
        Assert.Same(tree.Root, tree.Map((_, node) => node).Root);
    }

    [Fact]
    public void Mapping_drops_what_it_is_told_to_with_all_below()
    {
        var tree = new FileTreeBuilder().Set("a/b/c", File()).Set("a/d", File()).Build();
        var mapped = tree.Map((path, node) => path == "a/b" ? null : node);
        Assert.Null(mapped.Find("a/b/c"));
        Assert.NotNull(mapped.Find("a/d"));
    }

    [Theory]
    [InlineData("lib/x", "usr/lib/x")]
    [InlineData("up/x", "usr/lib/x")]
    [InlineData("absolute/lib/x", "usr/lib/x")]
    [InlineData("../../usr/./lib//x", "usr/lib/x")]
    public void Resolving_follows_links_and_never_leaves_the_root(string path, string real)
    {
        var tree = new FileTreeBuilder().Set("usr/lib/x", File())
            .Set("lib", new SymbolicLink(Plain, "usr/lib"))
            .Set("up", new SymbolicLink(Plain, "../../../usr/lib"))
            .Set("absolute", new SymbolicLink(Plain, "/usr")).Build();
        Assert.Equal(real, tree.Resolve(path)!.Value.Path.ToString());
    }

    [Fact]
    public void Links_in_a_circle_resolve_to_nothing()
    {
        var tree = new FileTreeBuilder().Set("a", new SymbolicLink(Plain, "b")).Set("b", new SymbolicLink(Plain, "a")).Build();
        Assert.Null(tree.Resolve("a"));
    }

    [Theory]
    [InlineData("../etc/passwd")]
    [InlineData("a/../../b")]
    [InlineData("nul\0byte")]
    public void Paths_that_could_leave_the_root_are_refused(string path)
    {
        var error = Assert.Throws<RoosException>(() => new FileTreeBuilder().Set(path, File()));
        Assert.Contains("path", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_cannot_have_entries()
    {
        var error = Assert.Throws<RoosException>(() => new FileTreeBuilder().Set("a", File()).Set("a/b", File()));
        Assert.Contains("\"a\" is not a directory", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Names_that_differ_in_case_only_are_different_names()
    {
        var tree = new FileTreeBuilder().Set("README", File()).Set("readme", File()).Build();
        Assert.Equal(2, tree.Root.Entries.Count);
    }

    [Fact]
    public void Bytes_that_are_not_text_show_as_escapes()
    {
        Assert.Equal("a\\xff", new ByteString([(byte)'a', 0xff]).ToString());
        Assert.Equal("a\\x0ab", new ByteString("a\nb"u8).ToString());
    }

    private static RegularFile File() => new(Plain, ByteSource.Empty);
}
