using System.CommandLine;
using System.Text.Json;
using Roos.Builder.Configuration;
using Roos.Builder.Steps;

namespace Roos.Builder.Tests.Configuration;

public class SettingTableTests
{
    [Fact]
    public void Every_setting_has_a_section_and_a_reason_if_it_has_no_effect()
    {
        Assert.All(SettingTable.All, setting => Assert.Contains(setting.Section, SettingTable.Sections));
        Assert.All(SettingTable.All.Where(setting => setting.Effect == SettingEffect.None), setting => Assert.NotEmpty(setting.Remark));
        Assert.All(SettingTable.All.Where(setting => setting.Kind == SettingKind.Choice && setting.Default is not null && setting.Choices.Count > 0), setting => Assert.Contains(setting.Default, setting.Choices));
        Assert.True(SettingTable.All.Count > 190, $"{SettingTable.All.Count}");
    }

    [Theory]
    [InlineData("ImageVersion", "--image-version")]
    [InlineData("WithDocs", "--with-docs")]
    [InlineData("OutputDirectory", "--output-directory")]
    [InlineData("SourceDateEpoch", "--source-date-epoch")]
    [InlineData("Packages", "--package")]
    public void Options_are_spelt_as_mkosi_spells_them(string setting, string option) => Assert.Equal(option, SettingTable.Get(setting).Option);

    [Fact]
    public void The_command_line_overrides_settings()
    {
        var command = new Command("x");
        ConfigurationOptions.AddTo(command);
        var overrides = CommandLineOverrides.From(command.Parse(["--package", "a", "-p", "b,c", "--profile=ab", "--image-version", "9", "-O", "out", "--with-docs", "no", "--checksum", "--kernel-command-line="]));
        using var tree = new TestTree(("mkosi.conf", "[Content]\nPackages=z\nKernelCommandLine=quiet\n"), ("mkosi.profiles/ab/mkosi.conf", "[Content]\nHostname=%v\n"));
        var main = tree.Load(overrides).Main;
        Assert.Equal(["z", "a", "b", "c"], main.Packages.Select(item => item.Value));
        Assert.Equal(("9", "9", false, true), (main.ImageVersion.Value, main.Hostname.Value, main.WithDocs.Value, main.Checksum.Value));
        Assert.Empty(main.KernelCommandLine);
        Assert.Equal(Path.GetFullPath("out"), main.OutputDirectory.Value);
        Assert.Empty(command.Parse(["--package", "a"]).UnmatchedTokens);
    }

    [Fact]
    public void Json_has_mkosis_keys()
    {
        using var tree = new TestTree(("mkosi.conf", "[Output]\nImageId=a\n[Content]\nPackages=x y\nExtraTrees=e:/opt\nBootable=no\nKernelModulesInitrdInclude=x\nKernelInitrdModules=y\n[Build]\nEnvironment=A=b\n"), ("e/f", ""));
        using var json = JsonDocument.Parse(ConfigurationSummary.ToJson(tree.Load()));
        var image = json.RootElement.GetProperty("Images")[0];
        Assert.Equal("main", image.GetProperty("Image").GetString());
        Assert.Equal("""["x","y"]""", JsonSerializer.Serialize(image.GetProperty("Packages")));
        Assert.Equal($$"""[{"Source":"{{tree.Root}}/e","Target":"/opt"}]""", JsonSerializer.Serialize(image.GetProperty("ExtraTrees")));
        Assert.Equal("""{"A":"b"}""", JsonSerializer.Serialize(image.GetProperty("Environment")));
        Assert.Equal("disabled", image.GetProperty("Bootable").GetString());
        Assert.Equal(JsonValueKind.True, image.GetProperty("WithDocs").ValueKind);
        Assert.Equal("""["re:x","y"]""", JsonSerializer.Serialize(image.GetProperty("KernelInitrdModules")));
        Assert.Equal("raw", image.GetProperty("OutputExtension").GetString());
        Assert.Equal(3, image.GetProperty("CompressLevel").GetInt32());
        Assert.Equal(JsonValueKind.Null, image.GetProperty("Hostname").ValueKind);
    }

    [Fact]
    public void Text_shows_values_and_origins()
    {
        using var tree = new TestTree(("mkosi.conf", "[Content]\nPackages=x\n  y\nHostname=h\n"));
        var text = ConfigurationSummary.ToText(tree.Load(), all: false).Replace(tree.Root + "/", "", StringComparison.Ordinal);
        Assert.Equal(
            """
            IMAGE: main

              [Content]
                                Packages: x                                        mkosi.conf:2:10
                                          y                                        mkosi.conf:3:3
                                Hostname: h                                        mkosi.conf:4:10


            """.ReplaceLineEndings("\n"),
            text);
    }

    [Theory]
    [InlineData("1", "1", 0)]
    [InlineData("1.9", "1.10", -1)]
    [InlineData("1.0~rc1", "1.0", -1)]
    [InlineData("1.0", "1.0-1", -1)]
    [InlineData("1.0^1", "1.0", 1)]
    [InlineData("a", "1", -1)]
    [InlineData("007", "7", 0)]
    [InlineData("", "1", -1)]
    public void Versions_are_ordered_as_uapi_10_says(string left, string right, int order)
    {
        Assert.Equal(order, VersionComparer.Instance.Compare(left, right));
        Assert.Equal(-order, VersionComparer.Instance.Compare(right, left));
    }
}
