using Roos.Builder.Configuration;
using Roos.Builder.Repart;
using Roos.Builder.Tests.Configuration;
using Roos.Builder.Tests.Steps;
using Roos.Builder.Updates;
using Roos.Core;
using Roos.Core.Identity;
using Roos.Core.Tree;
using Roos.Gpt;

namespace Roos.Builder.Tests.Updates;

/// <summary>The template's transfer files, filled in and checked against what is shipped.</summary>
public sealed class UpdateTransfersTests
{
    private static readonly Uuid Root = Uuid.Parse("01234567-89ab-cdef-0123-456789abcdef"), Verity = Uuid.Parse("11111111-89ab-cdef-0123-456789abcdef"), Signature = Uuid.Parse("22222222-89ab-cdef-0123-456789abcdef");

    private static readonly RepartSpecifiers Specifiers = new() { Architecture = "x86-64", ImageId = "roos", ImageVersion = "1.2" };

    [Theory]
    [InlineData("https://updates.example.org/roos")]
    [InlineData("https://updates.example.org/roos/")]
    [InlineData("http://10.0.2.2:8080")]
    public void The_address_is_filled_in_without_a_slash_at_its_end(string address)
    {
        var files = Files(Read(address).AddTo(System("usr/bin/gpg"), default));
        Assert.Equal(["50-root-verity.transfer", "55-root-verity-sig.transfer", "60-root.transfer", "70-uki.transfer"], files.Keys);
        Assert.All(files.Values, text =>
        {
            Assert.Contains($"\nPath={address.TrimEnd('/')}\n", text, StringComparison.Ordinal);
            Assert.Contains("\nVerify=yes\n", text, StringComparison.Ordinal);
        });
    }

    [Fact]
    public void Without_an_address_machines_look_nowhere()
    {
        Assert.True(Read("").IsEmpty);
        Assert.Empty(Files(Read("").AddTo(System(), default)));
    }

    [Fact]
    public void Without_a_key_the_list_is_not_verified() =>
        Assert.All(Files(Read("http://u", isSigned: false).AddTo(System(), default)).Values, text => Assert.Contains("\nVerify=no\n", text, StringComparison.Ordinal));

    [Fact]
    public void A_system_that_could_not_verify_is_not_built() =>
        Assert.Contains("add gpg to Packages=", Assert.Throws<RoosException>(() => Read("http://u").AddTo(System(), default)).Message, StringComparison.Ordinal);

    [Fact]
    public void Without_signatures_of_root_hashes_none_is_fetched() =>
        Assert.DoesNotContain("55-root-verity-sig.transfer", Files(Read("http://u", hasSignature: false).AddTo(System("usr/bin/gpg"), default)).Keys);

    [Fact]
    public void Artifacts_are_named_as_machines_look_for_them()
    {
        var names = Read("http://u").NameArtifacts("1.2", [Partition("root", Root, "roos_1.2"), Partition("root-verity", Verity, "roos_1.2_verity"), Partition("root-verity-sig", Signature, "roos_1.2_sig"), Partition("esp", Uuid.Parse("33333333-89ab-cdef-0123-456789abcdef"), "esp")], "roos_1.2.efi", Specifiers);
        Assert.Equal("roos_1.2_0123456789abcdef0123456789abcdef.root.raw", names[Root]);
        Assert.Equal("roos_1.2_1111111189abcdef0123456789abcdef.root-verity.raw", names[Verity]);
        Assert.Equal("roos_1.2.root-verity-sig.raw", names[Signature]);
        Assert.Equal(3, names.Count);
    }

    [Theory]
    [InlineData("roos_1.3", "roos_1.2.efi", "60-root.transfer:14:14: the label of one partition of type root-x86-64 must match \"roos_@v\" with version 1.2", "the image has \"roos_1.3\"")]
    [InlineData("roos_1.2", "other.efi", "70-uki.transfer:9:14: ", "must match one artifact of version 1.2, and matches none")]
    [InlineData("roos_1.2", "roos_1.3.efi", "70-uki.transfer:9:14: ", "must match one artifact of version 1.2")]
    public void What_machines_would_not_find_is_an_error_of_the_build(string label, string uki, string place, string words)
    {
        var error = Assert.Throws<ConfigurationException>(() => Read("http://u", hasSignature: false).NameArtifacts("1.2", [Partition("root", Root, label), Partition("root-verity", Verity, "roos_1.2_verity")], uki, Specifiers));
        Assert.Contains(place, error.Message, StringComparison.Ordinal);
        Assert.Contains(words, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_version_whose_labels_would_be_too_long()
    {
        const string version = "1.2.3.4.5.6.7.8.9.10.11.12.13";
        var error = Assert.Throws<ConfigurationException>(() => Read("http://u", version: version, hasSignature: false).NameArtifacts(
            version, [Partition("root", Root, "roos_" + version), Partition("root-verity", Verity, $"roos_{version}_verity")], $"roos_{version}.efi", Specifiers));
        Assert.Contains("a partition label has at most 36 UTF-16 units", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_partitions_of_the_same_version()
    {
        var error = Assert.Throws<ConfigurationException>(() => Read("http://u", hasSignature: false).NameArtifacts("1.2", [Partition("root", Root, "roos_1.2"), Partition("root", Verity, "roos_1.2")], "roos_1.2.efi", Specifiers));
        Assert.Contains("has no partition of that type", error.Message, StringComparison.Ordinal); // the hash tree's, which comes first
    }

    [Theory]
    [InlineData("1_2", "an underscore ends the version")]
    [InlineData("1+2", "a plus begins a boot counter")]
    public void Versions_that_names_cannot_hold(string version, string words) =>
        Assert.Contains(words, Assert.ThrowsAny<UsageException>(() => Read("http://u", version: version)).Message, StringComparison.Ordinal);

    private static UpdateTransfers Read(string address, bool isSigned = true, bool hasSignature = true, string version = "1.2")
    {
        using var tree = new TestTree([
            ("mkosi.conf", $"[Output]\nImageId=roos\nImageVersion={version}\n"), ("mkosi.env", $"UPDATE_URL={address}\n"),
            .. Directory.GetFiles(Templates()).Select(path => ("roos.resources/sysupdate/" + Path.GetFileName(path), File.ReadAllText(path)))]);
        var appliance = tree.Load();
        return UpdateTransfers.Read(appliance, appliance.Main, isSigned, hasSignature);
    }

    private static string Templates()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Roos.sln"))) folder = Path.GetDirectoryName(folder)!;
        return Path.Combine(folder, "template/roos.resources/sysupdate");
    }

    private static FileTree System(params string[] files) => SmallTree.Of([.. files.Select(file => (file, ""))]);

    private static SortedDictionary<string, string> Files(FileTree tree) => new(
        (tree.Find(UpdateTransfers.Folder) as DirectoryNode)?.Entries.ToDictionary(entry => entry.Key.ToString(), entry => SmallTree.TextOf(tree, $"{UpdateTransfers.Folder}/{entry.Key}")) ?? [], StringComparer.Ordinal);

    private static GptPartition Partition(string type, Uuid uuid, string label) => new() { Type = PartitionType.Find(type, "x86-64")!.Uuid, Uuid = uuid, Label = label, Size = 4096 };
}
