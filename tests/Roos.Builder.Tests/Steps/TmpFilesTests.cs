using System.Text;
using Roos.Builder.Steps;
using Roos.Core;
using Roos.Core.Bytes;
using Roos.Core.Tree;

namespace Roos.Builder.Tests.Steps;

public sealed class TmpFilesTests
{
    [Fact]
    public void Links_are_made_where_nothing_is_and_replaced_only_when_asked()
    {
        var tree = Apply("L /etc/a - - - - ../run/a\nL /etc/b - - - - ../run/b\nL+ /etc/c - - - - ../run/c\n", ("etc/b", "kept"), ("etc/c", "gone"));
        Assert.Equal("../run/a", ((SymbolicLink)tree.Find("etc/a")!).Target);
        Assert.IsType<RegularFile>(tree.Find("etc/b"));
        Assert.Equal("../run/c", ((SymbolicLink)tree.Find("etc/c")!).Target);
    }

    [Fact]
    public void What_is_made_at_boot_is_left_to_the_boot()
    {
        var tree = Apply("d /var/home 0755 root root\nd /run/x\nL /tmp/y - - - - z\nf^ /etc/hosts - - - - network.hosts\nd /etc/%b\n");
        Assert.Null(tree.Find("var/home"));
        Assert.Null(tree.Find("run/x"));
        Assert.Null(tree.Find("tmp/y"));
        Assert.Null(tree.Find("etc/hosts"));
    }

    [Fact]
    public void Directories_get_mode_and_owner_from_the_images_own_accounts()
    {
        var tree = Apply("d /etc/store 0700 daemon daemon\nd /srv :0700\n", ("etc/passwd", "daemon:x:1:1::/:/bin/sh\n"), ("etc/group", "daemon:x:7:\n"), ("srv/x", ""));
        var store = tree.Find("etc/store")!.Metadata;
        Assert.Equal((0x1c0u, 1u, 7u), (store.Permissions, store.UserId, store.GroupId));
        Assert.Equal(0x1edu, tree.Find("srv")!.Metadata.Permissions);
    }

    [Fact]
    public void Modes_of_what_is_there_are_changed()
    {
        var tree = Apply("z /etc/sudoers.d/wheel 0440 root daemon\nz /etc/none 0600\n", ("etc/group", "daemon:x:7:\nroot:x:0:\n"), ("etc/passwd", "root:x:0:0::/:/bin/sh\n"), ("etc/sudoers.d/wheel", "%wheel"));
        var file = (RegularFile)tree.Find("etc/sudoers.d/wheel")!;
        Assert.Equal((0x120u, 0u, 7u), (file.Metadata.Permissions, file.Metadata.UserId, file.Metadata.GroupId));
        Assert.Equal("%wheel", Encoding.UTF8.GetString(file.Content.ToArray()));
        Assert.Null(tree.Find("etc/none"));
    }

    [Fact]
    public void An_unknown_owner_is_an_error_that_names_it()
    {
        var error = Assert.Throws<RoosException>(() => Apply("d /etc/store 0700 nobody-knows root\n"));
        Assert.Contains("nobody-knows", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_in_etc_replaces_the_one_of_the_same_name_in_usr()
    {
        var tree = new FileTreeBuilder();
        tree.Set("usr/lib/tmpfiles.d/x.conf", File("L /etc/wrong - - - - x\n"));
        tree.Set("etc/tmpfiles.d/x.conf", File("L /etc/right - - - - x\n"));
        var result = TmpFiles.Apply(tree.Build());
        Assert.NotNull(result.Find("etc/right"));
        Assert.Null(result.Find("etc/wrong"));
    }

    private static FileTree Apply(string lines, params (string Path, string Text)[] files)
    {
        var tree = new FileTreeBuilder();
        tree.Set("usr/lib/tmpfiles.d/test.conf", File(lines));
        foreach (var (path, text) in files) tree.Set(path, File(text));
        return TmpFiles.Apply(tree.Build());
    }

    private static RegularFile File(string text) => new(new FileMetadata(0x1a4), ByteSource.FromMemory(Encoding.UTF8.GetBytes(text)));
}
