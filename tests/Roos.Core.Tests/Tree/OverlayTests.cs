using Roos.Core.Bytes;
using Roos.Core.Tree;

namespace Roos.Core.Tests.Tree;

public sealed class OverlayTests
{
    private static readonly FileTree Lower = new FileTreeBuilder()
        .SetDirectory("usr/lib", new FileMetadata(0x1c0))
        .Set("usr/lib/old", File("old"))
        .Set("lib", new SymbolicLink(new FileMetadata(0x1ff), "usr/lib"))
        .Set("srv", new SymbolicLink(new FileMetadata(0x1ff), "/nowhere"))
        .Set("etc/resolv.conf", new SymbolicLink(new FileMetadata(0x1ff), "../run/resolv.conf"))
        .Set("etc/hosts", File("hosts"))
        .Build();

    [Fact]
    public void Directories_merge_and_take_the_uppers_metadata()
    {
        var tree = Apply(upper => upper.SetDirectory("usr/lib", new FileMetadata(0x1ed)).Set("usr/lib/new", File("new")));
        Assert.Equal(0x1edu, tree.Find("usr/lib")!.Metadata.Permissions);
        Assert.NotNull(tree.Find("usr/lib/old"));
        Assert.NotNull(tree.Find("usr/lib/new"));
    }

    [Fact]
    public void A_directory_over_a_link_to_a_directory_goes_to_the_links_target()
    {
        var tree = Apply(upper => upper.Set("lib/systemd/unit", File("unit")));
        Assert.IsType<SymbolicLink>(tree.Find("lib"));
        Assert.NotNull(tree.Find("usr/lib/systemd/unit"));
        Assert.NotNull(tree.Find("usr/lib/old"));
    }

    [Fact]
    public void Files_replace_files_and_links_and_nothing_is_written_through_a_link()
    {
        var tree = Apply(upper => upper.Set("etc/resolv.conf", File("mine")).Set("etc/hosts", new SymbolicLink(new FileMetadata(0x1ff), "x")));
        Assert.IsType<RegularFile>(tree.Find("etc/resolv.conf"));
        Assert.Null(tree.Find("run"));
        Assert.IsType<SymbolicLink>(tree.Find("etc/hosts"));
    }

    [Fact]
    public void Hard_links_of_the_upper_tree_stay_hard_links()
    {
        var file = File("twice");
        var tree = Apply(upper => upper.Set("etc/a", file).Set("lib/b", file));
        Assert.Same(tree.Find("etc/a"), tree.Find("usr/lib/b"));
    }

    [Theory]
    [InlineData("etc/hosts/x", "\"/etc/hosts\" is a file")]
    [InlineData("srv/x", "\"/srv\" is a symbolic link to \"/nowhere\"")]
    [InlineData("usr/lib", "\"/usr/lib\" is a directory")]
    public void Directories_and_other_things_do_not_replace_each_other(string path, string reason)
    {
        var thrown = Assert.Throws<RoosException>(() => Apply(upper => upper.Set(path, File("x"))));
        Assert.Contains(reason, thrown.Message, StringComparison.Ordinal);
    }

    private static FileTree Apply(Action<FileTreeBuilder> upper)
    {
        var builder = new FileTreeBuilder();
        upper(builder);
        return Overlay.Apply(Lower, builder.Build());
    }

    private static RegularFile File(string text) => new(new FileMetadata(0x1a4), ByteSource.FromMemory(System.Text.Encoding.UTF8.GetBytes(text)));
}
