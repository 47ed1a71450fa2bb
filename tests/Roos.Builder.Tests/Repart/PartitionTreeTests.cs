using Roos.Builder.Repart;
using Roos.Core.Bytes;
using Roos.Core.Tree;

namespace Roos.Builder.Tests.Repart;

public sealed class PartitionTreeTests
{
    private static readonly RepartSpecifiers Specifiers = new() { Architecture = "x86-64" };

    private readonly FileTree _tree = Make("boot/EFI/a.efi", "boot/vmlinuz", "dev/null", "etc/hosts", "efi/b", "home/user/x", "proc/1", "tmp/t", "usr/bin/sh", "usr/share/doc/d", "var/lib/y", "var/tmp/z");

    [Fact]
    public void A_root_partition_has_no_files_of_other_partitions_and_none_of_the_running_system()
    {
        var definitions = new[] { Parse("Type=esp\nCopyFiles=/boot:/\nCopyFiles=/efi:/\nCopyFiles=/nothing:/"), Parse("Type=root\nFormat=erofs\nCopyFiles=/\nExcludeFilesTarget=/var/\nExcludeFiles=/usr/share/doc") };
        Assert.Equal(
            ["", "boot", "dev", "efi", "etc", "etc/hosts", "home", "home/user", "home/user/x", "proc", "tmp", "usr", "usr/bin", "usr/bin/sh", "usr/share", "var"],
            Paths(PartitionTree.Select(definitions[1], definitions, _tree)));
        Assert.Equal(["", "EFI", "EFI/a.efi", "b", "vmlinuz"], Paths(PartitionTree.Select(definitions[0], definitions, _tree)));
    }

    [Fact]
    public void Sources_go_to_their_targets_and_directories_are_made()
    {
        var definition = Parse("Type=usr\nFormat=erofs\nCopyFiles=/usr:/\nCopyFiles=/etc/hosts:/share/hosts\nCopyFiles=/home:/share/home\nExcludeFilesTarget=/share/home/user/\nMakeDirectories=/local/bin /bin");
        Assert.Equal(
            ["", "bin", "bin/sh", "local", "local/bin", "share", "share/doc", "share/doc/d", "share/home", "share/home/user", "share/hosts"],
            Paths(PartitionTree.Select(definition, [definition], _tree)));
    }

    private static FileTree Make(params string[] files)
    {
        var builder = new FileTreeBuilder();
        foreach (var file in files) builder.Set(file, new RegularFile(new FileMetadata(0x1a4), ByteSource.Empty));
        return builder.Build();
    }

    private static string[] Paths(FileTree tree) => [.. tree.Walk().Select(item => item.Path.ToString())];

    private static RepartDefinition Parse(string text) => RepartReader.Parse("x.conf", "[Partition]\n" + text, Specifiers);
}
