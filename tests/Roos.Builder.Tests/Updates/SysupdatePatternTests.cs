using Roos.Builder.Configuration;
using Roos.Builder.Repart;
using Roos.Builder.Steps;
using Roos.Builder.Updates;
using Roos.Core.Identity;

namespace Roos.Builder.Tests.Updates;

public sealed class SysupdatePatternTests
{
    private static readonly Uuid Root = Uuid.Parse("160ef70b-7828-e163-824a-f3a1153212c6");

    [Theory]
    [InlineData("roos_@v_@u.root.raw", "roos_1.2_160ef70b7828e163824af3a1153212c6.root.raw", "1.2")]
    [InlineData("roos_@v_@u.root.raw", "roos_1.2.160ef70b7828e163824af3a1153212c6.root.raw", null)]
    [InlineData("roos_@v_@u.root.raw", "roos_1_2_160ef70b7828e163824af3a1153212c6.root.raw", null)]
    [InlineData("roos_@v_@u.root.raw", "roos_1_160ef70b7828e163824af3a1153212c.root.raw", null)]
    [InlineData("roos_@v.efi", "roos_1.2~rc1.efi", "1.2~rc1")]
    [InlineData("roos_@v.efi", "roos_1.2.efi.xz", null)]
    [InlineData("roos_@v+@l-@d.efi", "roos_2+3-0.efi", "2")]
    [InlineData("roos_@v", "roos_0.1", "0.1")]
    [InlineData("roos_@v", "roos_", null)]
    [InlineData("a@@b@v", "a@b7", "7")]
    public void Names_match_as_in_systemd(string pattern, string name, string? version) =>
        Assert.Equal(version, SysupdatePattern.Parse(pattern, out _)!.Match(name)?.Version);

    [Theory]
    [InlineData("roos.efi", "it must have @v")]
    [InlineData("roos_@v_@v", "twice")]
    [InlineData("roos_@v@u", "there must be text between @v and @u")]
    [InlineData("roos_@v_@x", "@x is no wildcard")]
    [InlineData("roos_@v@", "an @ begins a wildcard")]
    public void Patterns_that_are_none(string pattern, string problem)
    {
        Assert.Null(SysupdatePattern.Parse(pattern, out var found));
        Assert.Contains(problem, found, StringComparison.Ordinal);
    }

    [Fact]
    public void A_name_is_made_of_version_and_UUID()
    {
        var pattern = SysupdatePattern.Parse("roos_@v_@u.root.raw", out _)!;
        var name = pattern.Format("1.2", Root);
        Assert.Equal("roos_1.2_160ef70b7828e163824af3a1153212c6.root.raw", name);
        Assert.Equal(("1.2", (Uuid?)Root), pattern.Match(name!));
        Assert.Null(pattern.Format("1", null));
        Assert.Null(SysupdatePattern.Parse("@v_@h", out _)!.Format("1", Root));
    }

    [Theory]
    [InlineData("1_2", "an underscore ends the version")]
    [InlineData("1+2", "a plus begins a boot counter")]
    [InlineData("1/2", "found \"/\"")]
    [InlineData("", "1 to 128 characters")]
    public void Versions_that_names_cannot_hold(string version, string words)
    {
        Assert.False(ImageVersionRules.IsValid(version));
        Assert.Contains(words, ImageVersionRules.Problem(version), StringComparison.Ordinal);
    }

    [Fact]
    public void A_template_is_filled_in_but_not_in_its_comments()
    {
        var file = TransferFile.Read("d/70-uki.transfer", "# @NOBODY@\n[Source]\nType=url-file\nPath=@UPDATE_URL@\nMatchPattern=%M_@v.efi  %M_@v.efi.xz\n[Target]\nType=regular-file\nMatchPattern=%M_@v.efi\n", name => name == "UPDATE_URL" ? "https://u/x" : null);
        Assert.Equal("70-uki.transfer", file.Name);
        Assert.Contains("\nPath=https://u/x\n", file.Text, StringComparison.Ordinal);
        var patterns = TransferFile.Patterns(file.SourcePatterns, new RepartSpecifiers { Architecture = "x86-64", ImageId = "roos" });
        Assert.Equal(["roos_@v.efi", "roos_@v.efi.xz"], patterns.Select(item => item.Pattern.Text));
        Assert.Equal((5, 25), (patterns[1].Location.Line, patterns[1].Location.Column));
    }

    [Theory]
    [InlineData("[Source]\nType=url-file\nPath=@NOBODY@\n", "t:3:6: @NOBODY@ stands for a value of mkosi.env")]
    [InlineData("[Source]\nType=url-file\nMatchPattern=x_@v.zst\n[Target]\nType=partition\nMatchPattern=x_@v\n", "t:3:14: systemd-sysupdate 257 does not decompress .zst")]
    [InlineData("[Source]\nType=url-tar\n", "t:2:6: machines get their updates from a web server")]
    [InlineData("[Source]\nType=url-file\n[Target]\nType=partition\nMatchPattern=x_@v\n", "t:1:1: a transfer file needs MatchPattern= in [Source]")]
    public void Templates_that_are_wrong(string text, string message) =>
        Assert.StartsWith(message, Assert.Throws<ConfigurationException>(() => TransferFile.Read("t", text, _ => null)).Message, StringComparison.Ordinal);

    /// <summary>The examples of the UAPI version format specification.</summary>
    [Theory]
    [InlineData("11", "11", 0)]
    [InlineData("systemd-123", "systemd-123", 0)]
    [InlineData("bar-123", "foo-123", -1)]
    [InlineData("123a", "123", 1)]
    [InlineData("123.a", "123", 1)]
    [InlineData("123.a", "123.b", -1)]
    [InlineData("123a", "123.a", 1)]
    [InlineData("11α", "11β", 0)]
    [InlineData("B", "a", -1)]
    [InlineData("", "0", -1)]
    [InlineData("0.", "0", 1)]
    [InlineData("0.0", "0", 1)]
    [InlineData("0", "~", 1)]
    [InlineData("", "~", 1)]
    [InlineData("1_", "1", 0)]
    [InlineData("_1", "1", 0)]
    [InlineData("1_", "1.2", -1)]
    [InlineData("1_2_3", "1.3.3", 1)]
    [InlineData("1+", "1", 0)]
    [InlineData("+1", "1", 0)]
    [InlineData("1+", "1.2", -1)]
    [InlineData("1+2+3", "1.3.3", 1)]
    public void Versions_are_compared_as_in_the_specification(string left, string right, int order) => Assert.Equal(order, VersionComparer.Instance.Compare(left, right));
}
