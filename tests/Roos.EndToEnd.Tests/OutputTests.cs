using System.Globalization;
using System.Text.Json;
using Roos.Testing;

namespace Roos.EndToEnd.Tests;

/// <summary>What a build leaves in its output folder.</summary>
[Collection(nameof(Appliance))]
public sealed class OutputTests(Appliance appliance)
{
    [Theory]
    [InlineData("roos_*.efi")]
    [InlineData("roos_*.root.raw")]
    [InlineData("roos_*.root-verity.raw")]
    [InlineData("roos_*.roothash")]
    [InlineData("roos_*.manifest")]
    [InlineData("SHA256SUMS")]
    public void There_is_one(string pattern)
    {
        Appliance.NeedRoosBuild();
        Assert.Single(Directory.GetFiles(appliance.Output, pattern));
    }

    [Fact]
    public void The_checksums_are_right_and_complete()
    {
        Appliance.NeedRoosBuild();
        var check = "cd '" + appliance.Output + "' && sha256sum --strict --check SHA256SUMS";
        var checkedFiles = HostProcess.Must(TimeSpan.FromMinutes(5), "/bin/sh", "-c", check).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(Directory.GetFiles(appliance.Output).Length - 1, checkedFiles.Length);
    }

    [Fact]
    public void The_manifest_names_the_packages()
    {
        Appliance.NeedRoosBuild();
        using var manifest = JsonDocument.Parse(File.ReadAllBytes(Directory.GetFiles(appliance.Output, "*.manifest").Single()));
        var names = manifest.RootElement.GetProperty("packages").EnumerateArray().Select(package => package.GetProperty("name").GetString()).ToList();
        Assert.Contains("systemd", names);
        Assert.Contains("openssh-server", names);
    }

    [Fact]
    public void The_root_hash_is_the_split_files()
    {
        Appliance.NeedRoosBuild();
        var rootHash = File.ReadAllText(Directory.GetFiles(appliance.Output, "*.roothash").Single()).Trim();
        var root = Directory.GetFiles(appliance.Output, "*.root.raw").Single();
        var tree = Directory.GetFiles(appliance.Output, "*.root-verity.raw").Single();
        Judge.Host("veritysetup").Must("verify", root, tree, rootHash);
    }

    [Fact]
    public void The_disk_has_a_valid_table_and_takes_no_more_room_than_its_contents()
    {
        Judge.Host("sfdisk").Must("--verify", appliance.Disk);
        Assert.DoesNotContain("problem", Judge.Host("sgdisk").Must("--verify", appliance.Disk).Replace("No problems", "", StringComparison.Ordinal), StringComparison.OrdinalIgnoreCase);
        var blocks = long.Parse(Judge.Host("stat").Must("--format=%b", appliance.Disk), CultureInfo.InvariantCulture);
        Assert.InRange(blocks * 512, 1, 1L << 30);
    }
}
