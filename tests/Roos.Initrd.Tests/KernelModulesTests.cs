using System.Text;
using CsCheck;
using Roos.Core;
using Roos.Core.Tree;
using Roos.Initrd.Modules;

namespace Roos.Initrd.Tests;

public sealed class KernelModulesTests
{
    private const string Folder = "usr/lib/modules/6.1/";

    /// <summary>a needs b by symbol and depends=, b needs c softly, d is alone, e is in the kernel image.</summary>
    private static FileTreeBuilder Tree() => new FileTreeBuilder()
        .AddModule("kernel/a-x.ko", ["depends=b,e", "alias=pci:v*d[0-9-a]-x", "firmware=one.bin", "softdep=pre: by-alias"], needs: ["b_symbol", "printk"])
        .AddModule("kernel/sub/b.ko", ["depends=", "softdep=pre: c post: absent", "alias=char-major-10-7", "alias=devname:b/node"], exports: ["b_symbol", "b_other"])
        .AddModule("kernel/c.ko", ["firmware=two*", "weakdep=d"], exports: ["c_symbol"])
        .AddModule("kernel/d.ko")
        .AddModule("kernel/f.ko", ["alias=by-alias"])
        .Set(Folder + "modules.order", Trees.File("kernel/sub/b.ko\nkernel/d.ko\nkernel/a-x.ko\nkernel/none.ko\n"))
        .Set(Folder + "modules.builtin", Trees.File("kernel/lib/e.ko\n"))
        .Set(Folder + "modules.builtin.modinfo", Trees.File("e.alias=e-alias\0e.license=GPL\0e.firmware=three.bin\0"))
        .Set(Folder + "modules.alias", Trees.File("# title\nalias by-alias f\n"))
        .Set("usr/lib/firmware/one.bin.zst", Trees.File("1"))
        .Set("usr/lib/firmware/real/two-a", Trees.File("2a"))
        .Set("usr/lib/firmware/real/unused", Trees.File(""))
        .Set("usr/lib/firmware/two-link", Trees.Link("folder/two-a"))
        .Set("usr/lib/firmware/folder", Trees.Link("real"))
        .Set("usr/lib/firmware/unused", Trees.File(""));

    [Fact]
    public void A_module_brings_what_it_needs()
    {
        var selection = KernelModules.Select(Tree().Build(), "6.1", ["a_x"]);
        Assert.Equal(["kernel/a-x.ko", "kernel/c.ko", "kernel/f.ko", "kernel/sub/b.ko"], selection.Modules);
        Assert.Equal(
            ["one.bin.zst", "folder", "real/two-a", "two-link"],
            selection.Tree.Walk().Where(item => item.Node is not DirectoryNode && item.Path.StartsWith("usr/lib/firmware/"u8)).Select(item => item.Path.ToString()["usr/lib/firmware/".Length..]).OrderBy(path => path.StartsWith('o') ? 0 : 1));
        Assert.Equal(["three.bin"], selection.MissingFirmware);
        Assert.Empty(selection.MissingDependencies);
        Assert.Empty(selection.UnmatchedPatterns);
    }

    [Fact]
    public void Indexes_are_for_the_selection_only()
    {
        var tree = KernelModules.Select(Tree().Build(), "6.1", ["a_x", "-c", "e", "misspelt"]).Tree;
        Assert.Equal("kernel/sub/b.ko:\nkernel/a-x.ko: kernel/sub/b.ko\nkernel/c.ko:\nkernel/f.ko:\n", Text(tree, "modules.dep"));
        Assert.Equal("kernel/sub/b.ko\nkernel/a-x.ko\n", Text(tree, "modules.order"));
        Assert.Equal("# Aliases for symbols, used by symbol_request().\nalias symbol:b_other b\nalias symbol:b_symbol b\nalias symbol:c_symbol c\n", Text(tree, "modules.symbols"));
        Assert.Equal("# Soft dependencies extracted from modules themselves.\nsoftdep b pre: c post: absent\nsoftdep a_x pre: by-alias\n", Text(tree, "modules.softdep"));
        Assert.Equal("# Weak dependencies extracted from modules themselves.\nweakdep c d\n", Text(tree, "modules.weakdep"));
        Assert.Equal("# Device nodes to trigger on-demand module loading.\nb b/node c10:7\n", Text(tree, "modules.devname"));
        Assert.Contains("alias pci:v*d[0-9-a]-x a_x\n", Text(tree, "modules.alias"), StringComparison.Ordinal);
        Assert.Equal("kernel/lib/e.ko\n", Text(tree, "modules.builtin"));
    }

    [Fact]
    public void A_pattern_that_names_nothing_and_a_dependency_that_is_not_there_are_told()
    {
        var tree = Tree().AddModule("kernel/g.ko", ["depends=gone-away"]).Build();
        var selection = KernelModules.Select(tree, "6.1", ["g", "e", "misspelt"]);
        Assert.Equal(["misspelt"], selection.UnmatchedPatterns);
        Assert.Equal(["g needs gone_away"], selection.MissingDependencies);
    }

    [Fact]
    public void No_patterns_mean_all_modules() => Assert.Equal(5, KernelModules.Select(Tree().Build(), "6.1", []).Modules.Count);

    [Fact]
    public void The_number_of_workers_does_not_matter()
    {
        var one = KernelModules.Select(Tree().Build(), "6.1", [], workers: 1);
        var four = KernelModules.Select(Tree().Build(), "6.1", [], workers: 4);
        CpioTests.AssertEqual(one.Tree, four.Tree);
    }

    [Fact]
    public void Folders_keep_their_owners()
    {
        var tree = Tree().SetDirectory("usr/lib/modules/6.1/kernel", new FileMetadata(0x1c0) { GroupId = 9 }).Build();
        Assert.Equal(9u, KernelModules.Select(tree, "6.1", ["d"]).Tree.Find(Folder + "kernel")!.Metadata.GroupId);
    }

    [Fact]
    public void A_module_in_updates_comes_before_the_one_of_the_kernel()
    {
        var tree = Tree().AddModule("updates/dkms/d.ko").Build();
        Assert.Equal(["updates/dkms/d.ko"], KernelModules.Select(tree, "6.1", ["d"]).Modules);
    }

    [Fact]
    public void A_kernel_that_is_not_there_gives_the_ones_that_are()
    {
        Assert.Contains("has them for 6.1", Assert.Throws<RoosException>(() => KernelModules.Select(Tree().Build(), "6.2", [])).Message, StringComparison.Ordinal);
        Assert.Contains("none for any kernel", Assert.Throws<RoosException>(() => KernelModules.Select(FileTree.Empty, "6.2", [])).Message, StringComparison.Ordinal);
        Assert.Throws<RoosException>(() => KernelModules.Select(Tree().Build(), "../6.1", []));
    }

    [Fact]
    public void Modules_that_need_each_other_in_a_circle_are_an_error()
    {
        var tree = new FileTreeBuilder().AddModule("kernel/a.ko", [], ["a"], ["b"]).AddModule("kernel/b.ko", [], ["b"], ["a"]).Build();
        Assert.Contains("a, b", Assert.Throws<RoosException>(() => KernelModules.Select(tree, "6.1", [])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Firmware_links_in_a_circle_are_missing_firmware()
    {
        var tree = Tree().Set("usr/lib/firmware/one.bin.zst", Trees.Link("one.bin.zst")).Build();
        Assert.Contains("one.bin", KernelModules.Select(tree, "6.1", ["a-x"]).MissingFirmware);
    }

    [Theory]
    [InlineData("usr/lib/modules/6.1/kernel/broken.ko", "not a module")]
    [InlineData("usr/lib/modules/6.1/kernel/broken.ko.xz", "\u00fd7zXZ\0 and then nothing that makes sense")]
    [InlineData("usr/lib/modules/6.1/kernel/broken.ko.gz", "\u001f\u008b nothing")]
    [InlineData("usr/lib/modules/6.1/kernel/broken.ko.zst", "\u0028\u00b5\u002f\u00fd nothing")]
    [InlineData("usr/lib/modules/6.1/kernel/broken.ko", "")]
    public void A_damaged_module_is_named(string path, string content)
    {
        var tree = Tree().Set(path, Trees.File(Encoding.Latin1.GetBytes(content))).Build();
        Assert.Contains("kernel/broken.ko", Assert.Throws<DamagedInputException>(() => KernelModules.Select(tree, "6.1", ["broken"])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_hostile_module_gives_an_error_and_nothing_else()
    {
        var valid = ModuleFile.Elf(["alias=abc", "depends=x"], ["s"], ["t", "u"]);
        Gen.Select(Gen.Int[0, valid.Length - 1], Gen.Byte, Gen.Int[0, valid.Length * 2]).Sample((at, value, length) =>
        {
            var bytes = valid[..Math.Min(length, valid.Length)];
            if (at < bytes.Length) bytes[at] = value;
            try
            {
                _ = KernelModules.Select(new FileTreeBuilder().Set(Folder + "a.ko", Trees.File(bytes)).Build(), "6.1", []);
            }
            catch (RoosException)
            {
                // What may be thrown.
            }
        });
    }

    private static string Text(FileTree tree, string name) => Encoding.UTF8.GetString(tree.FindFile(Folder + name)!.Content.ToArray());
}
