using Roos.Builder.Tests.Configuration;
using Roos.Builder.Updates;

namespace Roos.Builder.Tests.Updates;

/// <summary>A version that sorts before one that was built here.</summary>
public sealed class BuildOrderTests
{
    private static readonly string Built = $"{new string('a', 64)} *roos_1.10.efi\n{new string('a', 64)} *other_9.efi\n";

    [Theory]
    [InlineData("1.10")]
    [InlineData("1.11")]
    [InlineData("1.10.1")]
    public void A_newer_version_or_the_same_again(string version) => Check(version, Built);

    [Theory]
    [InlineData("1.9")]
    [InlineData("1.10~rc1")]
    public void An_older_version(string version)
    {
        var error = Assert.ThrowsAny<UsageException>(() => Check(version, Built)).Message;
        Assert.Contains($"mkosi.conf:3:14: ImageVersion= {version} is older than 1.10", error, StringComparison.Ordinal);
        Assert.Contains("--allow-downgrade", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Where_nothing_is_updated_the_order_is_nobodys_business() => Check("1.9", Built, address: "");

    [Theory]
    [InlineData(null)]
    [InlineData("nonsense\n")]
    public void Where_nothing_was_built_there_is_nothing_newer(string? list) => Check("0.1", list);

    private static void Check(string version, string? list, string address = "http://u")
    {
        using var tree = new TestTree([("mkosi.conf", $"[Output]\nImageId=roos\nImageVersion={version}\n"), ("mkosi.env", $"UPDATE_URL={address}\n"), .. list is null ? Array.Empty<(string, string)>() : [("out/SHA256SUMS", list)]]);
        BuildOrder.Check(tree.Load().Main, Path.Combine(tree.Root, "out"));
    }
}
