using System.Text;
using Roos.Core.Tree;
using Roos.Initrd.Modules;
using Roos.Testing;

namespace Roos.Interop.Tests.Initrd;

/// <summary>depmod, modprobe and modinfo of trixie (kmod 34) judge what is made of trixie's kernel.</summary>
public sealed class DepmodTests
{
    private static readonly string[] Patterns =
    [
        "virtio_blk", "virtio_pci", "virtio_net", "dm-verity", "dm-crypt", "erofs", "btrfs", "vfat", "autofs4", "overlay", "crypto/", "-/drivers/crypto/",
        "/fs/nls/", "nvmet-tcp", "i6300esb",
    ];

    private static readonly string[] Indexes =
    [
        "modules.alias", "modules.alias.bin", "modules.builtin.alias.bin", "modules.builtin.bin", "modules.dep", "modules.dep.bin", "modules.devname",
        "modules.softdep", "modules.symbols", "modules.symbols.bin", "modules.weakdep",
    ];

    [Fact]
    public void The_indexes_of_all_modules_are_those_that_depmod_wrote_when_the_kernel_was_installed()
    {
        var (tree, version) = Kernel();
        var made = KernelModules.WithIndexes(tree, version, workers: 2);
        foreach (var name in Indexes)
        {
            var path = $"usr/lib/modules/{version}/{name}";
            AssertEqual(name, tree.FindFile(path)!.Content.ToArray(), made.FindFile(path)!.Content.ToArray());
        }
    }

    [Fact]
    public void The_indexes_of_a_selection_are_those_of_depmod_and_modprobe_finds_everything()
    {
        var depmod = Judge.InTree("depmod");
        var modprobe = Judge.InTree("modprobe");
        var modinfo = Judge.InTree("modinfo");
        var (tree, version) = Kernel();
        var selection = KernelModules.Select(tree, version, Patterns, workers: 2);
        Assert.Empty(selection.UnmatchedPatterns);
        Assert.Empty(selection.MissingDependencies);

        using var folder = new ScratchFolder();
        HostTree.Write(selection.Tree, folder.Path);
        File.CreateSymbolicLink(folder["lib"], "usr/lib");

        // Some modules with all they need, in the order in which modprobe loads them.
        var names = selection.Modules.Where((_, index) => index % 12 == 0).Select(NameOf).Append("btrfs").Append("virtio_net").Append("dm_crypt").ToArray();
        string[] Depends() => [.. names.Select(name => modprobe.Must("-d", folder.Path, "-S", version, "--show-depends", name))];
        var before = Depends();
        Assert.All(before, output => Assert.StartsWith("insmod ", output, StringComparison.Ordinal));
        var alias = modprobe.Must("-d", folder.Path, "-S", version, "--resolve-alias", "virtio:d00000001v00001AF4");
        Assert.Equal("virtio_net\n", alias);
        Assert.Contains("alias:", modinfo.Must("-b", folder.Path, "-k", version, "btrfs"), StringComparison.Ordinal);

        var mine = Indexes.ToDictionary(name => name, name => File.ReadAllBytes(folder[$"usr/lib/modules/{version}/{name}"]));
        depmod.Must("-b", folder.Path, version);
        foreach (var name in Indexes) AssertEqual(name, File.ReadAllBytes(folder[$"usr/lib/modules/{version}/{name}"]), mine[name]);
        Assert.Equal(Depends(), before);
    }

    private static string NameOf(string path) => Path.GetFileName(path).Split('.')[0];

    /// <summary>modules.symbols is in the order of a hash table in depmod's and sorted in ours.</summary>
    private static void AssertEqual(string name, byte[] expected, byte[] actual)
    {
        if (name == "modules.symbols")
        {
            Assert.Equal(Sorted(expected), Sorted(actual));
            return;
        }

        Assert.True(expected.AsSpan().SequenceEqual(actual), $"{name}: depmod's has {expected.Length} bytes, ours {actual.Length}, and they differ");

        static string[] Sorted(byte[] bytes) => [.. Encoding.ASCII.GetString(bytes).Split('\n').Order(StringComparer.Ordinal)];
    }

    private static (FileTree Tree, string Version) Kernel()
    {
        if (Judge.ToolsTree is not { } tools)
        {
            Judge.Missing("the kernel of the trixie tools tree is needed and ROOS_TOOLS_TREE names none");
            throw new InvalidOperationException();
        }

        var modules = Path.Combine(tools, "usr/lib/modules");
        var version = Directory.GetDirectories(modules).Select(Path.GetFileName).Order(StringComparer.Ordinal).First()!;
        return (new FileTreeBuilder().Set("usr/lib/modules", HostTree.Read(modules).Root).Build(), version);
    }
}
