using Roos.Builder.Configuration;

namespace Roos.Builder.Tests.Configuration;

/// <summary>Mistakes that are told before a package is fetched.</summary>
public sealed class ApplianceChecksTests
{
    private const string Key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f test\n";

    [Theory]
    [InlineData("https://updates.example.org/roos")]
    [InlineData("https://updates.example.org:8443/a/b/")]
    [InlineData("http://[2001:db8::1]/")]
    [InlineData("http://10.0.2.2:8080")]
    [InlineData("")]
    public void Addresses_that_updates_may_come_from(string address) => Check(("mkosi.env", $"UPDATE_URL={address}\n"));

    [Theory]
    [InlineData("updates.example.org", "which is no address")]
    [InlineData("ftp://example.org/x", "of the kind ftp:")]
    [InlineData("/srv/updates", "found \"/srv/updates\"")]
    [InlineData("https:///roos", "found \"https:///roos\"")]
    [InlineData("https://me:secret@example.org/", "must not have a name or password")]
    [InlineData("https://example.org/?dir=roos", "cannot have a ? or #")]
    [InlineData("https://example.org/a%20b", "have a meaning of their own")]
    public void Addresses_that_they_may_not(string address, string words)
    {
        var error = Error(("mkosi.env", $"# updates\nUPDATE_URL={address}\n"));
        Assert.StartsWith("mkosi.env:2:1: ", error, StringComparison.Ordinal);
        Assert.Contains(words, error, StringComparison.Ordinal);
        Assert.DoesNotContain("secret@", error.Split('\n')[0], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Roos")]
    [InlineData("daemon")]
    public void Names_that_are_no_users(string name) => Assert.StartsWith("mkosi.env:1:1: DEFAULT_USER= must", Error(("mkosi.env", $"DEFAULT_USER={name}\n")), StringComparison.Ordinal);

    [Fact]
    public void Authorized_keys_that_are_none() => Assert.StartsWith("config/authorized_keys:2:1: ", Error(("config/authorized_keys", Key + "hello\n")), StringComparison.Ordinal);

    [Fact]
    public void A_file_where_another_overlay_has_a_folder()
    {
        const string words = "mkosi.extra/etc/ssh is a file, and mkosi.profiles/p/mkosi.extra/etc/ssh is a folder: both would be /etc/ssh of image main; rename or remove one of them";
        var error = Error(
            ["--profile", "p"], ("mkosi.extra/etc/ssh", "x"), ("mkosi.profiles/p/mkosi.conf", "[Content]\n"), ("mkosi.profiles/p/mkosi.extra/etc/ssh/sshd_config", "y"));
        Assert.Contains(error, new[] { words, "mkosi.profiles/p/mkosi.extra/etc/ssh is a folder, and mkosi.extra/etc/ssh is a file: both would be /etc/ssh of image main; rename or remove one of them" });
        Check(("mkosi.extra/etc/ssh", "x"), ("mkosi.profiles/p/mkosi.conf", "[Content]\n"), ("mkosi.profiles/p/mkosi.extra/etc/ssh/sshd_config", "y"));
    }

    private static void Check(params (string Path, string Content)[] files) => Check([], files);

    private static void Check(string[] profiles, params (string Path, string Content)[] files)
    {
        using var tree = Tree(files);
        Check(tree, profiles);
    }

    private static TestTree Tree((string Path, string Content)[] files) => new([("mkosi.conf", "[Distribution]\nDistribution=debian\n[Output]\nImageId=x\n"), .. files]);

    private static void Check(TestTree tree, string[] profiles)
    {
        var overrides = profiles.Length > 0 ? CommandLineOverrides.None.With("Profiles", profiles[1]) : CommandLineOverrides.None;
        var appliance = ApplianceConfiguration.Load(tree.Root, overrides, _ => null);
        ApplianceChecks.Check(appliance, [appliance.Main]);
    }

    private static string Error(params (string Path, string Content)[] files) => Error([], files);

    private static string Error(string[] profiles, params (string Path, string Content)[] files)
    {
        using var tree = Tree(files);
        return tree.Short(Assert.ThrowsAny<UsageException>(() => Check(tree, profiles)).Message);
    }
}
