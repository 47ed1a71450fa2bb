using System.Text;
using Roos.Builder.Boot;
using Roos.Core;
using Roos.Core.Bytes;
using Roos.Core.Tree;

namespace Roos.Builder.Tests.Boot;

public sealed class BootTests
{
    private static readonly ByteSource Uki = ByteSource.FromMemory("uki"u8.ToArray());

    [Fact]
    public void The_esp_has_the_boot_loader_twice_its_configuration_and_the_uki()
    {
        var esp = EspTree.Make(Tree().Build(), "roos_1.efi", Uki, "x86-64", new Timestamp(77, 0));
        Assert.Equal(
            ["EFI/BOOT/BOOTX64.EFI", "EFI/Linux/roos_1.efi", "EFI/systemd/systemd-bootx64.efi", "loader/entries.srel", "loader/loader.conf"],
            Files(esp));
        Assert.Equal("boot x64", Read(esp, "EFI/BOOT/BOOTX64.EFI"));
        Assert.Equal("boot x64", Read(esp, "EFI/systemd/systemd-bootx64.efi"));
        Assert.Equal("type1\n", Read(esp, "loader/entries.srel"));
        Assert.Equal("uki", Read(esp, "EFI/Linux/roos_1.efi"));
        Assert.Equal(77, esp.Find("EFI/Linux/roos_1.efi")!.Metadata.ModificationTime.Seconds);
        Assert.Equal(["EFI/BOOT/BOOTAA64.EFI", "EFI/Linux/a.efi", "EFI/systemd/systemd-bootaa64.efi"], Files(EspTree.Make(Tree().Build(), "a.efi", Uki, "arm64"))[..3]);
    }

    [Fact]
    public void What_a_template_brings_is_kept_and_what_packages_leave_in_boot_is_not()
    {
        var root = Tree()
            .Set("boot/vmlinuz-6.1", File("kernel")).Set("boot/initrd.img", File("x")).Set("boot/debian/6.1/linux", File("x"))
            .Set("boot/loader/entries/debian.conf", File("x")).Set("boot/loader/random-seed", File("x"))
            .Set("boot/loader/loader.conf", File("timeout 9\n")).Set("boot/loader/keys/auto/db.auth", File("db")).Set("boot/EFI/tools/shell.efi", File("shell"))
            .Set("boot/EFI/BOOT/BOOTX64.EFI", File("old"))
            .Build();
        var tree = EspTree.AddTo(root, "roos_1.efi", Uki, "x86-64");
        var esp = new FileTree((DirectoryNode)tree.Find("boot")!);
        Assert.Equal(
            [
                "EFI/BOOT/BOOTX64.EFI", "EFI/Linux/roos_1.efi", "EFI/systemd/systemd-bootx64.efi", "EFI/tools/shell.efi",
                "loader/entries.srel", "loader/keys/auto/db.auth", "loader/loader.conf",
            ],
            Files(esp));
        Assert.Equal("timeout 9\n", Read(esp, "loader/loader.conf"));
        Assert.Equal("boot x64", Read(esp, "EFI/BOOT/BOOTX64.EFI"));
        Assert.NotNull(tree.Find("usr/lib/systemd/boot/efi/linuxx64.efi.stub"));
    }

    [Fact]
    public void What_is_missing_is_named_with_its_package()
    {
        var empty = FileTree.Empty;
        Assert.Contains("linuxx64.efi.stub is not in the image", Assert.Throws<RoosException>(() => EfiStub.Find(empty, "x86-64")).Message, StringComparison.Ordinal);
        Assert.Contains("Packages=systemd-boot-efi", Assert.Throws<RoosException>(() => EspTree.Make(empty, "a.efi", Uki, "arm64")).Message, StringComparison.Ordinal);
        Assert.Contains("Packages=linux-image-cloud-amd64", Assert.Throws<RoosException>(() => Kernel.Find(empty)).Message, StringComparison.Ordinal);
        Assert.Contains("Architecture= is riscv64", Assert.Throws<RoosException>(() => EfiStub.Find(Tree().Build(), "riscv64")).Message, StringComparison.Ordinal);
        Assert.Equal("stub x64", Encoding.UTF8.GetString(EfiStub.Find(Tree().Build(), "x86-64").ToArray()));
    }

    [Fact]
    public void Of_several_kernels_the_newest_is_taken()
    {
        var kernel = Kernel.Find(new FileTreeBuilder()
            .Set("boot/vmlinuz-6.9.0-amd64", File("nine"))
            .Set("boot/vmlinuz-6.12.9+deb13-amd64", File("twelve in boot"))
            .Set("usr/lib/modules/6.12.9+deb13-amd64/vmlinuz", File("twelve"))
            .Set("usr/lib/modules/6.12.10+deb13-amd64/modules.dep", File("no kernel here"))
            .Set("boot/vmlinuz-6.12.1-amd64", File("one"))
            .Build());
        Assert.Equal("6.12.9+deb13-amd64", kernel.Version);
        Assert.Equal("twelve", Encoding.UTF8.GetString(kernel.Image.ToArray()));
        Assert.Equal(["6.12.1-amd64", "6.9.0-amd64"], kernel.OtherVersions);
    }

    private static FileTreeBuilder Tree()
    {
        var result = new FileTreeBuilder();
        foreach (var suffix in (string[])["x64", "aa64"])
        {
            result.Set($"usr/lib/systemd/boot/efi/systemd-boot{suffix}.efi", File("boot " + suffix));
            result.Set($"usr/lib/systemd/boot/efi/linux{suffix}.efi.stub", File("stub " + suffix));
        }

        return result;
    }

    private static RegularFile File(string text) => new(new FileMetadata(0x1a4), ByteSource.FromMemory(Encoding.UTF8.GetBytes(text)));

    private static string Read(FileTree tree, string path) => Encoding.UTF8.GetString(tree.FindFile(path)!.Content.ToArray());

    private static string[] Files(FileTree tree) => [.. tree.Walk().Where(item => item.Node is RegularFile).Select(item => item.Path.ToString())];
}
