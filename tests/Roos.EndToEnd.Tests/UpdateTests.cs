namespace Roos.EndToEnd.Tests;

/// <summary>Machines update themselves, and get rid of what does not work by themselves.</summary>
[Collection(nameof(UpdateJourney))]
public sealed class UpdateTests(UpdateJourney journey)
{
    public static TheoryData<string> Falls => new("3", "4", "5");

    [Fact]
    public void A_machine_knows_where_to_look_and_when()
    {
        var first = journey["1"];
        Assert.Equal("running", first["state"]);
        Assert.Equal("", first["failed units"]);
        Assert.Contains("ActiveState=active", first["timer"], StringComparison.Ordinal);
        Assert.Contains("OnUnitActiveUSec=8h", first["timer"], StringComparison.Ordinal);
        Assert.Contains("OnBootUSec=15min", first["timer"], StringComparison.Ordinal);
        Assert.Contains("disabled", first["timer"], StringComparison.Ordinal);
        Assert.Equal("1min", first["watchdog"]);
        Assert.Matches("(?m)^Path=http://10\\.0\\.2\\.2:[0-9]+$", first["transfers"]);
        Assert.Matches("(?m)^Verify=yes$", first["transfers"]);
        Assert.DoesNotContain("@UPDATE_URL@", first["transfers"], StringComparison.Ordinal);
    }

    /// <summary>The first image of a machine has no old version to go back to.</summary>
    [Fact]
    public void The_first_version_is_not_on_trial()
    {
        Assert.Equal("roos_1.efi", journey["1"]["UKIs"]);
        Assert.Matches("(?m)^. +1 .*current", journey["1"]["list"]);
    }

    [Fact]
    public void A_new_version_is_installed_beside_the_old_one_and_runs_after_a_restart()
    {
        var second = journey["2"];
        Assert.Equal(["roos_1.efi", "roos_2+3-0.efi"], Lines(second.Before!.Files));
        Assert.Equal("running", second["state"]);
        Assert.Equal("", second["failed units"]);
        Assert.Equal(["roos_1.efi", "roos_2.efi"], Lines(second["UKIs"]));
        Assert.Superset(new HashSet<string> { "roos_1", "roos_1_verity", "roos_1_sig", "roos_2", "roos_2_verity", "roos_2_sig" }, Lines(second["labels"]).ToHashSet());
        Assert.Contains("status:      verified", second["verity"], StringComparison.Ordinal);
        Assert.Matches("Secure Boot: enabled", second["bootctl"]);

        // The main profile: an update must never start Factory Reset by itself.
        Assert.Equal("kept", second["marker"]);
    }

    /// <summary>systemd 257 does not find the disk then, which the template works around.</summary>
    [Fact]
    public void An_update_works_while_an_extension_lies_over_usr()
    {
        Assert.Equal("merged", journey["2"]["extension"]);
        Assert.Equal("merged", journey["6"]["extension"]);
    }

    [Fact]
    public void What_belongs_to_the_machine_stays()
    {
        var first = journey["1"];
        Assert.All(["2", "3", "4", "5", "6"], name =>
        {
            Assert.Equal("kept", journey[name]["marker"]);
            Assert.Equal(first["machine id"], journey[name]["machine id"]);
            Assert.Equal(first["host key"], journey[name]["host key"]);
        });
    }

    [Fact]
    public void A_version_that_panics_has_three_tries_and_then_the_old_one_comes_back()
    {
        var back = journey["3"];
        Assert.Equal(["roos_2.efi", "roos_3+3-0.efi"], Lines(back.Before!.Files));
        Assert.Equal(3, back.Console.Split("Kernel panic - not syncing").Length - 1);
        Assert.Equal(["roos_2.efi", "roos_3+0-3.efi"], Lines(back["UKIs"]));
    }

    [Fact]
    public void A_version_with_a_damaged_root_gives_way_without_waiting_for_it()
    {
        var back = journey["4"];
        Assert.Contains("The root of this version is missing or damaged.", back.Console, StringComparison.Ordinal);
        Assert.Contains("It restarts in 10 seconds.", back.Console, StringComparison.Ordinal);
        Assert.DoesNotContain("Timed out waiting for device", back.Console, StringComparison.Ordinal);
        Assert.Equal(["roos_2.efi", "roos_4+0-3.efi"], Lines(back["UKIs"]));
    }

    [Fact]
    public void A_version_that_hangs_gives_way()
    {
        var back = journey["5"];
        Assert.Contains("Timed out starting boot-complete.target", back.Console, StringComparison.Ordinal);
        Assert.Contains("Forcibly rebooting: job timed out", back.Console, StringComparison.Ordinal);
        Assert.Equal(["roos_2.efi", "roos_5+0-3.efi"], Lines(back["UKIs"]));
    }

    [Theory]
    [MemberData(nameof(Falls))]
    public void The_old_version_runs_as_before(string name)
    {
        var back = journey[name];
        Assert.Equal("running", back["state"]);
        Assert.Equal("", back["failed units"]);
        Assert.Contains("status:      verified", back["verity"], StringComparison.Ordinal);
    }

    [Fact]
    public void A_good_version_replaces_the_bad_one()
    {
        var last = journey["6"];
        Assert.Equal("running", last["state"]);
        Assert.Equal("", last["failed units"]);
        Assert.Equal(["roos_2.efi", "roos_6.efi"], Lines(last["UKIs"]));
        var labels = Lines(last["labels"]).Where(label => label.StartsWith("roos_", StringComparison.Ordinal)).ToHashSet();
        Assert.Equal(new HashSet<string> { "roos_2", "roos_2_verity", "roos_2_sig", "roos_6", "roos_6_verity", "roos_6_sig" }, labels);
    }

    [Fact]
    public void Three_versions_stay_published()
    {
        _ = journey["6"];
        Assert.Equal(["SHA256SUMS", "SHA256SUMS.gpg"], journey.Published.Where(name => !name.StartsWith("roos_", StringComparison.Ordinal)));
        Assert.Equal(["4", "5", "6"], journey.Published.Where(name => name.EndsWith(".efi", StringComparison.Ordinal)).Select(name => name["roos_".Length..^".efi".Length]));
    }

    private static List<string> Lines(string text) => [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal)];
}
