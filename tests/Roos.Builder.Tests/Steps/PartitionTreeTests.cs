using Roos.Builder.Steps;
using Roos.Core;
using Roos.Core.Bytes;
using Roos.Core.Tree;

namespace Roos.Builder.Tests.Steps;

public sealed class PartitionTreeTests
{
    private static readonly RegularFile File = new(new FileMetadata(0x1a4), ByteSource.FromMemory(new byte[] { 1 }));

    private static readonly FileTree Tree = new FileTreeBuilder()
        .Set("usr/bin/a", File).Set("usr/lib/b", File).Set("boot/vmlinuz", File).Set("boot/EFI/x.efi", File).Set("efi/EFI/y.efi", File).Set("var/lib/dpkg/status", File).Build();

    [Fact]
    public void Everything_but_the_contents_of_some_directories() =>
        Assert.Equal(["boot", "efi", "usr", "usr/bin", "usr/bin/a", "usr/lib", "usr/lib/b", "var"], Paths(Select([("/", "/")], sources: ["/boot/", "/efi/"], targets: ["/var/"])));

    [Fact]
    public void Several_sources_are_merged() =>
        Assert.Equal(["EFI", "EFI/x.efi", "EFI/y.efi"], Paths(Select([("/boot", "/"), ("/efi", "/")], sources: ["/boot/vmlinuz"])));

    [Fact]
    public void A_path_without_a_slash_goes_with_all_below() =>
        Assert.Equal(["lib", "lib/b"], Paths(Select([("/usr", "/")], sources: ["/usr/bin"])));

    [Fact]
    public void What_is_not_there_is_not_copied_and_directories_are_made() =>
        Assert.Equal(["home"], Paths(Select([("/opt", "/opt")], directories: ["/home"])));

    [Fact]
    public void A_file_cannot_be_the_root_of_a_partition() =>
        Assert.Throws<RoosException>(() => Select([("/usr/bin/a", "/")]));

    private static FileTree Select((string Source, string Target)[] copies, string[]? sources = null, string[]? targets = null, string[]? directories = null) =>
        PartitionTree.Select(Tree, [.. copies.Select(copy => new CopiedPath(copy.Source, copy.Target))], Bytes(sources), Bytes(targets), Bytes(directories));

    private static List<ByteString> Bytes(string[]? paths) => [.. (paths ?? []).Select(ByteString.FromUtf8)];

    private static IEnumerable<string> Paths(FileTree tree) => tree.Walk().Skip(1).Select(item => item.Path.ToString());
}
