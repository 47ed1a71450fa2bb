using Roos.Builder.Commands;
using Roos.Builder.Extensions;
using Roos.Builder.Tests.Configuration;
using Roos.Builder.Tests.Steps;
using Roos.Core.Tree;

namespace Roos.Builder.Tests.Extensions;

/// <summary>What a tree must be to become an extension, and the release file that it gets.</summary>
public sealed class ExtensionTreeTests
{
    private static readonly ExtensionHost Host = new("debian", "1.2", "x86-64");

    [Fact]
    public void A_sysext_gets_a_release_file_that_ties_it_to_the_image()
    {
        var tree = Complete(ExtensionKind.Sysext, "hello", ("usr/bin/hello", "#!/bin/bash\n"));
        Assert.Equal("ID=debian\nSYSEXT_LEVEL=1.2\nARCHITECTURE=x86-64\nSYSEXT_ID=hello\nSYSEXT_VERSION_ID=1.2\n", SmallTree.TextOf(tree, "usr/lib/extension-release.d/extension-release.hello"));
    }

    [Fact]
    public void A_confext_has_its_release_file_in_etc()
    {
        var tree = Complete(ExtensionKind.Confext, "site", ("etc/motd", "hello\n"));
        Assert.Equal("ID=debian\nCONFEXT_LEVEL=1.2\nARCHITECTURE=x86-64\nCONFEXT_ID=site\nCONFEXT_VERSION_ID=1.2\n", SmallTree.TextOf(tree, "etc/extension-release.d/extension-release.site"));
    }

    [Theory]
    [InlineData("sysext", "usr/lib/systemd/system/hello.service", "usr/lib/extension-release.d/extension-release.x")]
    [InlineData("confext", "etc/systemd/system/hello.service", "etc/extension-release.d/extension-release.x")]
    public void An_extension_with_units_makes_systemd_read_them(string kind, string unit, string release) =>
        Assert.EndsWith("EXTENSION_RELOAD_MANAGER=1\n", SmallTree.TextOf(Complete(Kind(kind), "x", (unit, "")), release), StringComparison.Ordinal);

    [Theory]
    [InlineData("ID=_any\n")]
    [InlineData("# mine\nID=\"debian\"\nSYSEXT_LEVEL=1.2\nARCHITECTURE=_any\n")]
    [InlineData("ID=debian\nVERSION_ID=13\nSYSEXT_SCOPE=\"initrd system\"\n")]
    public void A_release_file_of_the_users_own_stays(string text) =>
        Assert.Equal(text, SmallTree.TextOf(Complete(ExtensionKind.Sysext, "x", ("usr/a", ""), ("usr/lib/extension-release.d/extension-release.x", text)), "usr/lib/extension-release.d/extension-release.x"));

    [Theory]
    [InlineData("ID=fedora\n", ":1:1: ID= is fedora, and the image is debian")]
    [InlineData("VERSION_ID=13\n", ":1:1: ID= must be there: debian, or _any")]
    [InlineData("ID=debian\nSYSEXT_LEVEL=1.1\n", ":2:1: SYSEXT_LEVEL= is 1.1, and the image has 1.2")]
    [InlineData("ID=debian\n", ":1:1: SYSEXT_LEVEL= must be there (1.2), or VERSION_ID=")]
    [InlineData("ID=debian\nARCHITECTURE=arm64\nSYSEXT_LEVEL=1.2\n", ":2:1: ARCHITECTURE= is arm64")]
    [InlineData("ID=debian\nSYSEXT_LEVEL=1.2\nSYSEXT_SCOPE=portable\n", ":3:1: SYSEXT_SCOPE= must have \"system\" in it")]
    [InlineData("ID=debian\nnonsense\n", ":2:1: a line of a release file is KEY=VALUE")]
    public void A_release_file_that_contradicts_the_image(string text, string words) =>
        Assert.Contains("extensions/x/usr/lib/extension-release.d/extension-release.x" + words, Error(ExtensionKind.Sysext, "x", ("usr/a", ""), ("usr/lib/extension-release.d/extension-release.x", text)), StringComparison.Ordinal);

    [Theory]
    [InlineData("sysext", "etc/motd", "a sysext extends /usr and /opt, and anything else in it would be ignored; what extends /etc goes into confexts/, as a confext")]
    [InlineData("confext", "usr/bin/x", "a confext extends /etc, and anything else in it would be ignored; what extends /usr goes into extensions/, as a sysext")]
    [InlineData("sysext", "var/lib/x", "extends /usr and /opt, and anything else in it would be ignored; take it out")]
    [InlineData("sysext", "usr/lib/os-release", "usr/lib/os-release: an extension must not say which system this is")]
    [InlineData("confext", "etc/os-release", "etc/os-release: an extension must not say which system this is")]
    [InlineData("sysext", "usr/lib/", "there is no file in it")]
    [InlineData("sysext", "usr", "x/usr must be a folder")]
    [InlineData("sysext", "usr/lib/extension-release.d/extension-release.other", "extension-release.other: systemd looks for extension-release.x")]
    public void A_tree_that_is_no_extension(string kind, string path, string words) => Assert.Contains(words, Error(Kind(kind), "x", (path, "")), StringComparison.Ordinal);

    [Fact]
    public void Devices_and_set_user_ID_in_a_confext()
    {
        var tree = new FileTreeBuilder().Set("etc/run-me", new RegularFile(new FileMetadata(0x9ed), Core.Bytes.ByteSource.FromMemory(Array.Empty<byte>()))).Build();
        Assert.Contains("etc/run-me: set-user-ID", Assert.Throws<UsageException>(() => ExtensionTree.Complete(ExtensionKind.Confext, "x", tree, Host, default, "confexts/x")).Message, StringComparison.Ordinal);
        tree = new FileTreeBuilder().Set("etc/null", new DeviceNode(new FileMetadata(0x1b6), isBlockDevice: false, 1, 3)).Build();
        Assert.Contains("etc/null: devices", Assert.Throws<UsageException>(() => ExtensionTree.Complete(ExtensionKind.Confext, "x", tree, Host, default, "confexts/x")).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(".hidden")]
    [InlineData("a b")]
    [InlineData("über")]
    [InlineData("-x")]
    public void Names_that_are_none(string name) => Assert.Contains($"found \"{name}\"", Error(ExtensionKind.Sysext, name, ("usr/a", "")), StringComparison.Ordinal);

    [Fact]
    public void An_extension_of_an_image_without_a_version() =>
        Assert.Contains("there is no ImageVersion=", Assert.Throws<UsageException>(() => ExtensionTree.Complete(ExtensionKind.Sysext, "x", SmallTree.Of(("usr/a", "")), Host with { Level = "" }, default, "extensions/x")).Message, StringComparison.Ordinal);

    [Fact]
    public void Extensions_are_found_by_their_names()
    {
        using var tree = new TestTree(("extensions/b/usr/a", ""), ("extensions/a/usr/a", ""), ("confexts/a/etc/a", ""), ("extensions/README.md", ""));
        Assert.Equal(["extensions/a", "extensions/b", "confexts/a"], Names());
        Assert.Equal(["extensions/b"], Names("b"));
        Assert.Equal(["confexts/a", "extensions/b"], Names("confexts/a/", "b", "extensions/b"));
        Assert.Contains("say which: extensions/a or confexts/a", Assert.Throws<UsageException>(() => Names("a")).Message, StringComparison.Ordinal);
        Assert.Contains("there are extensions/a, extensions/b, confexts/a", Assert.Throws<UsageException>(() => Names("other")).Message, StringComparison.Ordinal);

        string[] Names(params string[] names) => [.. ExtensionCommand.Find(tree.Root, names).Select(item => $"{item.Kind.Folder}/{item.Name}")];
    }

    [Fact]
    public void A_tree_without_extensions()
    {
        using var tree = new TestTree(("mkosi.conf", ""));
        Assert.Contains("there are no extensions", Assert.Throws<UsageException>(() => ExtensionCommand.Find(tree.Root, [])).Message, StringComparison.Ordinal);
    }

    private static ExtensionKind Kind(string name) => ExtensionKind.All.Single(kind => kind.Name == name);

    private static FileTree Complete(ExtensionKind kind, string name, params (string, string)[] files) => ExtensionTree.Complete(kind, name, SmallTree.Of(files), Host, default, $"{kind.Folder}/{name}");

    private static string Error(ExtensionKind kind, string name, params (string, string)[] files) => Assert.ThrowsAny<UsageException>(() => Complete(kind, name, files)).Message;
}
