using System.Text;
using Roos.Builder.Steps;
using Roos.Core;
using Roos.Core.Bytes;
using Roos.Core.Tree;

namespace Roos.Builder.Tests;

public sealed class InitrdTreeTests
{
    private static readonly RegularFile File = new(new FileMetadata(0x1ed), ByteSource.FromMemory("x"u8.ToArray()));

    [Fact]
    public void The_kernel_and_systemd_find_what_they_look_for()
    {
        var tree = InitrdTree.Make(Packages().Build());
        Assert.Equal("/usr/lib/systemd/systemd", Target("init"));
        Assert.Equal("/etc/os-release", Target("etc/initrd-release"));
        Assert.Equal(0, tree.FindFile("etc/machine-id")!.Content.Length);
        Assert.NotNull(tree.FindFile("init"));

        string Target(string path) => ((SymbolicLink)tree.Find(path)!).Target.ToString();
    }

    [Fact]
    public void What_the_packages_bring_for_it_stays()
    {
        var tree = InitrdTree.Make(Packages().Set("init", File).Set("etc/initrd-release", File).Build());
        Assert.Same(File, tree.Find("init"));
        Assert.Same(File, tree.Find("etc/initrd-release"));
    }

    [Theory]
    [InlineData("usr/share/man/man1/a.1.gz")]
    [InlineData("usr/share/doc/a/copyright")]
    [InlineData("usr/share/locale/de/LC_MESSAGES/a.mo")]
    [InlineData("var/lib/dpkg/status")]
    [InlineData("var/cache/apt/x")]
    [InlineData("usr/bin/dpkg-deb")]
    [InlineData("usr/bin/perl5.40.1")]
    [InlineData("usr/lib/x86_64-linux-gnu/perl-base/a.pm")]
    [InlineData("usr/lib/aarch64-linux-gnu/gconv/EUC-JP.so")]
    [InlineData("usr/lib/udev/hwdb.bin")]
    [InlineData("etc/hostname")]
    [InlineData("dev/null")]
    [InlineData("usr/lib/modules/6.1/vmlinuz")]
    public void What_an_initrd_has_no_use_for_goes(string path) => Assert.Null(InitrdTree.Make(Packages().Set(path, File).Build()).Find(path));

    [Theory]
    [InlineData("usr/lib/x86_64-linux-gnu/gconv/IBM850.so")]
    [InlineData("usr/lib/x86_64-linux-gnu/libcryptsetup.so.12")]
    [InlineData("usr/lib/udev/rules.d/60-block.rules")]
    [InlineData("usr/share/terminfo/l/linux")]
    [InlineData("usr/lib/locale/C.utf8/LC_CTYPE")]
    [InlineData("usr/sbin/modprobe")]
    [InlineData("etc/passwd")]
    [InlineData("usr/lib/modules/6.1/modules.dep")]
    public void What_it_needs_stays(string path) => Assert.Same(File, InitrdTree.Make(Packages().Set(path, File).Build()).Find(path));

    [Theory]
    [InlineData("dev")]
    [InlineData("tmp")]
    [InlineData("var/log")]
    public void Folders_that_are_mounted_over_stay_empty(string path) =>
        Assert.Empty(((DirectoryNode)InitrdTree.Make(Packages().Set(path + "/a/b", File).Build()).Find(path)!).Entries);

    [Fact]
    public void No_systemd_is_an_error_that_says_what_to_add() =>
        Assert.Contains("add systemd to Packages=", Assert.Throws<RoosException>(() => InitrdTree.Make(FileTree.Empty)).Message, StringComparison.Ordinal);

    private static FileTreeBuilder Packages() => new FileTreeBuilder()
        .Set("usr/lib/systemd/systemd", File)
        .Set("usr/lib/os-release", new RegularFile(new FileMetadata(0x1a4), ByteSource.FromMemory(Encoding.ASCII.GetBytes("ID=debian\n"))))
        .Set("etc/os-release", new SymbolicLink(new FileMetadata(0x1ff), "../usr/lib/os-release"))
        .Set("etc/machine-id", File);
}
