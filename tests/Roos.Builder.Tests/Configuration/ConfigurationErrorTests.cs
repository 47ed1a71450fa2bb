using CsCheck;
using Roos.Builder.Configuration;

namespace Roos.Builder.Tests.Configuration;

public class ConfigurationErrorTests
{
    [Theory]
    [InlineData("[Content]\nPakages=a", "mkosi.conf:2:1: there is no setting Pakages=; did you mean Packages?\n    2 | Pakages=a\n      | ^")]
    [InlineData("[Content]\nXyzzy=a", "mkosi.conf:2:1: there is no setting Xyzzy=\n    2 | Xyzzy=a\n      | ^")]
    [InlineData("[Contnet]\nPackages=a", "mkosi.conf:1:1: there is no section [Contnet] in a configuration file; did you mean Content?\n    1 | [Contnet]\n      | ^")]
    [InlineData("[Output]\nFormat=dsk", "mkosi.conf:2:8: Format= is one of confext, cpio, directory, disk, esp, none, portable, sysext, tar, uki, oci, addon (did you mean disk?); found \"dsk\"\n    2 | Format=dsk\n      |        ^")]
    [InlineData("[Content]\nWithDocs = maybe", "mkosi.conf:2:12: WithDocs= is yes or no; found \"maybe\"\n    2 | WithDocs = maybe\n      |            ^")]
    [InlineData("[Output]\nSeed=random", "mkosi.conf:2:6: Seed= is a UUID: builds are reproducible, so nothing in them is random; found \"random\"\n    2 | Seed=random\n      |      ^")]
    [InlineData("[Output]\nOutput=a/b", "mkosi.conf:2:8: Output= is a file name without folders; found \"a/b\"\n    2 | Output=a/b\n      |        ^")]
    [InlineData("[Content]\nSourceDateEpoch=-1", "mkosi.conf:2:17: SourceDateEpoch= is a whole number; found \"-1\"\n    2 | SourceDateEpoch=-1\n      |                 ^")]
    [InlineData("[Content]\nHostname=%q", "mkosi.conf:2:10: %q is no specifier; write %% for a percent sign\n    2 | Hostname=%q\n      |          ^")]
    [InlineData("[Content]\nHostname=a\n  b", "mkosi.conf:3:3: Hostname= takes one line; this is a second one\n    3 |   b\n      |   ^")]
    [InlineData("[Content]\nPathExists=a", "mkosi.conf:2:1: PathExists= is a condition; it stands in [Match]\n    2 | PathExists=a\n      | ^")]
    [InlineData("[Match]\nPackages=a", "mkosi.conf:2:1: Packages= cannot stand in [Match]\n    2 | Packages=a\n      | ^")]
    [InlineData("[Match]\nDistribution=debain", "mkosi.conf:2:14: \"debain\" is no Distribution; did you mean debian?\n    2 | Distribution=debain\n      |              ^")]
    [InlineData("[Assert]\nDistribution=fedora", "mkosi.conf:2:1: this assertion does not hold\n    2 | Distribution=fedora\n      | ^")]
    [InlineData("[Match]\nDistribution=fedora", "mkosi.conf: the conditions of the main image do not hold, so there is nothing to build")]
    [InlineData("[Config]\nProfiles=ab", "mkosi.conf:2:10: there is no profile ab in mkosi.profiles\n    2 | Profiles=ab\n      |          ^")]
    [InlineData("[Config]\nDependencies=base", "mkosi.conf:2:14: there is no image base in mkosi.images/\n    2 | Dependencies=base\n      |              ^")]
    [InlineData("[Build]\nEnvironment='A=1", "mkosi.conf:2:13: the closing quote is missing\n    2 | Environment='A=1\n      |             ^")]
    [InlineData("[Output]\nRepartDirectories=\n  nowhere", "mkosi.conf:3:3: RepartDirectories= names nowhere, which does not exist (nowhere)\n    3 |   nowhere\n      |   ^")]
    [InlineData("[Content]\nBaseTrees=base", "mkosi.conf:2:11: BaseTrees= names no image of this tree: base; write %O/NAME and list NAME in Dependencies=, or use ExtraTrees= for a folder\n    2 | BaseTrees=base\n      |           ^")]
    public void A_mistake_is_named_with_its_place(string text, string message)
    {
        using var tree = new TestTree(("mkosi.conf", text));
        Assert.Equal(message, tree.Error());
    }

    [Fact]
    public void Mistakes_in_other_files_are_named_too()
    {
        using (var tree = new TestTree(("mkosi.conf", ""), ("mkosi.images/x/mkosi.conf", "[Distribution]\nRelease=sid")))
            Assert.Equal("mkosi.images/x/mkosi.conf:2:1: Release= belongs to the main image; image x cannot set it\n    2 | Release=sid\n      | ^", tree.Error());
        using (var tree = new TestTree(("mkosi.conf", ""), ("mkosi.uki-profiles/a.conf", "[UKIProfile]\nProfil=x")))
            Assert.Equal("mkosi.uki-profiles/a.conf:2:1: there is no setting Profil= in [UKIProfile]; did you mean Profile?\n    2 | Profil=x\n      | ^", tree.Error());
        using (var tree = new TestTree(("mkosi.conf", ""), ("mkosi.env", "A=1\n2 B=3")))
            Assert.Equal("mkosi.env:2:1: a line is KEY=VALUE, with a name of letters, digits and underscores\n    2 | 2 B=3\n      | ^", tree.Error());
        using (var tree = new TestTree(("mkosi.conf", ""), ("mkosi.version", "#!/bin/sh\n")))
            Assert.Equal("mkosi.version: is a script; Roos runs nothing to find out its configuration: write the value into the file", tree.Error());
        using (var tree = new TestTree(("mkosi.conf", "[Config]\nDependencies=a"), ("mkosi.images/a.conf", "[Config]\nDependencies=b"), ("mkosi.images/b.conf", "[Config]\nDependencies=a")))
            Assert.Equal("mkosi.images/b.conf:2:14: images depend on each other in a circle: a -> b -> a\n    2 | Dependencies=a\n      |              ^", tree.Error());
        using (var tree = new TestTree(("README", "")))
            Assert.Equal(".: no appliance tree is here (no mkosi.conf and no mkosi.conf.d/); 'roos init DIR' writes one, 'roos -C DIR' goes to one", tree.Error());
        using (var tree = new TestTree(("mkosi.conf", ""), ("mkosi.profiles/abc/mkosi.conf", "")))
            Assert.Equal("command line (--profile): there is no profile abd in mkosi.profiles; did you mean abc?", tree.Error(CommandLineOverrides.None.With("Profiles", "abd")));
    }

    [Fact]
    public void Any_text_gives_a_configuration_or_a_usage_error()
    {
        string[] parts =
        [
            "[Match]\n", "[Content]\n", "[Output]\n", "[Include]\n", "Include=", "mkosi.conf", "Packages=", "Format=", "Seed=", "%", "%i", "%O", "=", "|", "!", "\n", "  ", "a", "/", ":/", ",", "'", "\"", "\\",
            "Environment=", "ExtraTrees=", "KernelCommandLine=", "BaseTrees=", "Profiles=", "ImageVersion=", ">=", "Initrds=", "CompressLevel=", "99999999999999999999", "é", "\t", "..", "[TriggerMatch]\n", "Distribution=",
        ];
        using var tree = new TestTree(("mkosi.conf", ""));
        Gen.Int[0, parts.Length - 1].Array[0, 30].Sample(
            picks =>
            {
                File.WriteAllText(Path.Combine(tree.Root, "mkosi.conf"), string.Concat(picks.Select(i => parts[i])));
                try
                {
                    ConfigurationSummary.ToJson(tree.Load());
                }
                catch (UsageException)
                {
                }
            },
            iter: 2000, threads: 1);
    }
}
