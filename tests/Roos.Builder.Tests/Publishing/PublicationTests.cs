using System.Security.Cryptography;
using System.Text;
using Roos.Builder.Publishing;
using Roos.Core;
using Roos.Testing;

namespace Roos.Builder.Tests.Publishing;

public sealed class PublicationTests : IDisposable
{
    private readonly ScratchFolder _scratch = new();

    private string Web => _scratch["web"];

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void A_version_is_published_once_and_then_left_alone()
    {
        var first = Publish("1");
        Assert.Equal(["roos_1.efi", "roos_1_00000000000000000000000000000001.root.raw"], first.Added.Select(artifact => artifact.Name));
        Assert.True(first.ListChanges);
        var again = Publish("1");
        Assert.Empty(again.Added);
        Assert.False(again.ListChanges);
        Assert.Equal(["SHA256SUMS", "roos_1.efi", "roos_1_00000000000000000000000000000001.root.raw"], Names());
        Assert.Contains($"{Digest("root 1")} *roos_1_00000000000000000000000000000001.root.raw\n", List(), StringComparison.Ordinal);
    }

    [Fact]
    public void The_newest_versions_stay()
    {
        foreach (var version in new[] { "1.8", "1.9" }) Publish(version);
        File.WriteAllText(Path.Combine(Web, "index.html"), "foreign");
        var result = Publish("1.10", new PublicationOptions { Keep = 2 });
        Assert.Equal(["1.10", "1.9"], result.Versions["roos"]);
        Assert.Equal(["roos_1.8.efi", "roos_1.8_00000000000000000000000000000001.root.raw"], result.Removed);
        Assert.Equal(["SHA256SUMS", "index.html", "roos_1.10.efi", "roos_1.10_00000000000000000000000000000001.root.raw", "roos_1.9.efi", "roos_1.9_00000000000000000000000000000001.root.raw"], Names());
        Assert.DoesNotContain("index.html", List(), StringComparison.Ordinal);
        Assert.DoesNotContain("1.8", List(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_trial_changes_nothing()
    {
        Publish("1");
        var before = Names();
        var result = Publish("2", new PublicationOptions { Keep = 1 }, isTrial: true);
        Assert.Equal(2, result.Added.Count);
        Assert.Equal(2, result.Removed.Count);
        Assert.Equal(before, Names());
    }

    [Fact]
    public void A_version_does_not_become_another_one()
    {
        Publish("1");
        Build("1", "root changed");
        Refused("is published already, with another content");
        Build("1", "root 1", uuid: "00000000000000000000000000000002");
        Refused("is published already, with another content");
    }

    [Fact]
    public void An_older_version_is_refused_unless_it_is_wanted()
    {
        Publish("1.10");
        Build("1.9");
        Refused("1.9 is older than 1.10");
        Assert.Equal(["1.10", "1.9"], Publish("1.9", new PublicationOptions { AllowDowngrade = true }).Versions["roos"]);
    }

    [Theory]
    [InlineData("no list\n", "SHA256SUMS:1: a line is a SHA-256 digest")]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000000 *roos_0.efi\n", "lists roos_0.efi, which is not in the folder")]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000000 *../x\n", "SHA256SUMS:1: a line is a SHA-256 digest")]
    [InlineData("00", "may have been cut off")]
    public void A_list_that_is_broken(string list, string words)
    {
        Directory.CreateDirectory(Web);
        File.WriteAllText(Path.Combine(Web, "SHA256SUMS"), list);
        Build("1");
        Refused(words);
    }

    [Fact]
    public void A_foreign_file_with_the_name_of_an_artifact_is_in_the_way()
    {
        Directory.CreateDirectory(Web);
        File.WriteAllText(Path.Combine(Web, "roos_1.efi"), "foreign");
        Build("1");
        Refused("move it away");
    }

    [Fact]
    public void An_output_that_was_changed_is_not_published()
    {
        Publish("1");
        Build("2");
        File.AppendAllText(Path.Combine(_scratch["out"], "roos_2.efi"), "!");
        Refused("is not as it was built");
    }

    /// <summary>Ended after each step in turn: what is listed is always there, and another run completes it.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void A_run_that_was_ended_is_completed_by_the_next(int copied)
    {
        Publish("1");
        Build("2");
        foreach (var name in new[] { "roos_2.efi", "roos_2_00000000000000000000000000000001.root.raw" }.Take(copied)) File.Copy(Path.Combine(_scratch["out"], name), Path.Combine(Web, name));
        File.WriteAllText(Path.Combine(Web, Publication.TemporaryPrefix + "roos_2.efi"), "half");
        var result = Run(new PublicationOptions(), isTrial: false);
        Assert.Equal(2 - copied, result.Added.Count);
        Assert.Equal(5, Names().Length);
    }

    [Fact]
    public void What_is_signed_stays_signed()
    {
        Build("1");
        Directory.CreateDirectory(Web);
        Run(new PublicationOptions(), isTrial: false, list => [.. list, 7]);
        Assert.Equal(List() + "\a", File.ReadAllText(Path.Combine(Web, "SHA256SUMS.gpg")));
        Refused("what is published here is signed");
    }

    [Fact]
    public void A_folder_that_is_not_there_is_made_on_request()
    {
        Build("1");
        Assert.Contains("--create", Assert.Throws<RoosException>(() => Run(new PublicationOptions(), isTrial: false)).Message, StringComparison.Ordinal);
        Run(new PublicationOptions { Create = true }, isTrial: false);
        Assert.Equal(3, Names().Length);
    }

    private PublicationResult Publish(string version, PublicationOptions? options = null, bool isTrial = false)
    {
        Build(version);
        return Run((options ?? new PublicationOptions()) with { Create = true }, isTrial);
    }

    private PublicationResult Run(PublicationOptions options, bool isTrial, Func<byte[], byte[]>? sign = null) =>
        Publication.Run(_scratch["out"], Web, [new PublishedImage("roos", _version)], options, sign, (list, signature) => signature.SequenceEqual(list.Append((byte)7)), isTrial, TestContext.Current.CancellationToken);

    private void Refused(string words)
    {
        var (names, list) = (Names(), File.Exists(Path.Combine(Web, "SHA256SUMS")) ? List() : null);
        Assert.Contains(words, Assert.Throws<RoosException>(() => Run(new PublicationOptions(), isTrial: false)).Message, StringComparison.Ordinal);
        Assert.Equal(names.Where(name => name == "SHA256SUMS" || list is null), Names().Where(name => name == "SHA256SUMS" || list is null));
        if (list is not null) Assert.Equal(list, List());
    }

    private string _version = "";

    private void Build(string version, string? root = null, string uuid = "00000000000000000000000000000001")
    {
        _version = version;
        var folder = Directory.CreateDirectory(_scratch["out"]).FullName;
        foreach (var old in Directory.GetFiles(folder)) File.Delete(old);
        var list = new StringBuilder();
        foreach (var (name, content) in new[] { ($"roos_{version}.efi", $"uki {version}"), ($"roos_{version}.raw", "disk"), ($"roos_{version}_{uuid}.root.raw", root ?? $"root {version}") })
        {
            File.WriteAllText(Path.Combine(folder, name), content);
            list.Append(Digest(content)).Append(" *").Append(name).Append('\n');
        }

        File.WriteAllText(Path.Combine(folder, "SHA256SUMS"), list.ToString());
    }

    private string[] Names() => Directory.Exists(Web) ? [.. Directory.GetFiles(Web).Select(Path.GetFileName).Order(StringComparer.Ordinal)!] : [];

    private string List() => File.ReadAllText(Path.Combine(Web, "SHA256SUMS"));

    private static string Digest(string content) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(content)));
}
