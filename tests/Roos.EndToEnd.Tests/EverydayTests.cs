using System.Globalization;
using System.Text.RegularExpressions;

namespace Roos.EndToEnd.Tests;

/// <summary>What the article promises of a machine, as its owner sees it over ssh, on its screen and from the network.</summary>
[Collection(nameof(EverydayAppliance))]
public sealed class EverydayTests(EverydayAppliance appliance)
{
    private BootRecord First => appliance.FirstBoot;

    private BootRecord Ordinary => appliance.OrdinaryBoot;

    [Fact]
    public void Nothing_failed_on_any_boot_nor_after_ten_idle_minutes()
    {
        Assert.All([First, Ordinary, appliance.FactoryReset], boot =>
        {
            Assert.Equal("", boot.Answer("failed units"));
            Assert.Equal("running", boot.Answer("state"));
        });
        Assert.Equal("", Ordinary.Answer("failed units after ten minutes"));
        Assert.Equal("running", Ordinary.Answer("state after ten minutes"));
    }

    [Fact]
    public void Var_has_the_UUID_that_belongs_to_this_machine()
    {
        var uuid = First.Answer("var's UUID");
        Assert.Matches("^[0-9a-f-]{36}$", uuid);
        Assert.Single(Regex.Matches(First.Answer("disks"), $@"^vda[0-9]+ \S+ var {uuid}$", RegexOptions.Multiline));
    }

    [Fact]
    public void The_disk_of_another_machine_is_left_alone()
    {
        Assert.Contains("vdb3 ", First.Answer("disks"), StringComparison.Ordinal);
        Assert.DoesNotContain("vdb4 ", First.Answer("disks"), StringComparison.Ordinal);
        Assert.Equal(appliance.OtherDisk.Before, appliance.OtherDisk.After);
    }

    /// <summary>Without a display: the machine has no graphics card.</summary>
    [Fact]
    public void The_console_shows_the_state_of_the_system_again_and_again()
    {
        var screen = First.Answer("screen");
        Assert.Contains("roos-d78463f", screen, StringComparison.Ordinal);
        Assert.Matches(@"Image +roos 0\.1", screen);
        Assert.Matches(@"10\.0\.2\.15/24", screen);
        Assert.Matches(@"SSH host key +SHA256:\S+", screen);
        Assert.Matches(@"Disk \(/var\) .*btrfs", screen);
        Assert.DoesNotContain("login:", screen, StringComparison.Ordinal);
        Assert.NotEqual(Uptime(screen), Uptime(First.Answer("screen, later")));

        static string Uptime(string text) => Regex.Match(text, @"Uptime +(.*\S) *$", RegexOptions.Multiline).Value;
    }

    [Fact]
    public void Nobody_can_log_in_at_the_console()
    {
        Assert.Equal("inactive\ninactive\n", First["logins"].Output);
        Assert.DoesNotContain("login:", First.Serial, StringComparison.Ordinal);
    }

    [Fact]
    public void Nothing_but_var_can_be_written()
    {
        foreach (var folder in new[] { "/etc", "/usr", "/opt", "/root", "/srv" })
            Assert.Contains($"touch: cannot touch '{folder}/x': Read-only file system", First["writes"].Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Keys_alone_open_ssh()
    {
        var settings = First.Answer("sshd").Split('\n');
        Assert.Contains("passwordauthentication no", settings);
        Assert.Contains("permitrootlogin no", settings);
        Assert.Contains("authenticationmethods publickey", settings);
        Assert.Contains("authorizedkeysfile /etc/authorized_keys", settings);
        Assert.Contains("hostkey /var/lib/ssh/etc/ssh/ssh_host_ed25519_key", settings);
    }

    [Fact]
    public void Extensions_and_credentials_have_their_places()
    {
        Assert.Equal(
            ["'/var/lib/extensions' directory 755", "'/var/lib/confexts' directory 755", "'/var/extensions' -> 'lib/extensions' symbolic link 777", "'/var/confexts' -> 'lib/confexts' symbolic link 777"],
            First.Answer("extension folders").Split('\n'));
        Assert.Equal(
            [
                "'/etc/credstore' -> '../var/lib/credstore' symbolic link 777", "'/etc/credstore.encrypted' -> '../var/lib/credstore.encrypted' symbolic link 777",
                "'/var/lib/credstore' directory 700", "'/var/lib/credstore.encrypted' directory 700",
            ],
            First.Answer("credential folders").Split('\n'));
    }

    [Fact]
    public void What_needs_var_starts_after_it()
    {
        Assert.Contains("var.mount", First.Answer("before var"), StringComparison.Ordinal);
        Assert.Contains("local-fs.target", First.Answer("before var") + "local-fs.target", StringComparison.Ordinal);
    }

    [Fact]
    public void Names_are_resolved()
    {
        Assert.Matches(@"10\.0\.2\.15 +roos-d78463f|fe80::\S+ +roos-d78463f|fec0::\S+ +roos-d78463f", First.Answer("names"));
        Assert.Contains(NameServer.Address, Ordinary.Answer("name"), StringComparison.Ordinal);
    }

    [Fact]
    public void Credentials_configure_the_network_and_bad_ones_do_not_take_it_down()
    {
        Assert.Equal(0, First["leave credentials"].ExitCode);
        Assert.Matches(@"\b10\.0\.2\.15/24\b", Ordinary.Answer("address"));
        Assert.Matches(@"\b198\.51\.100\.7/24\b", Ordinary.Answer("address"));
        Assert.Matches("(?m)^dummy7 ", Ordinary.Answer("links"));
        var said = Ordinary.Answer("bad credentials");
        foreach (var name in new[] { "network.network.40-bad", "network.network.50-bad", "network.wireguard.bad" }) Assert.Contains($"Credential {name} of ", said, StringComparison.Ordinal);
        Assert.Equal("600 root\n700 root", Ordinary.Answer("credentials' modes"));
    }

    [Fact]
    public void The_journal_remembers_earlier_boots()
    {
        // Storage Target Mode ran in the initrd, which keeps no journal.
        Assert.Equal("2", Ordinary.Answer("boots in the journal"));
        Assert.NotEqual("", Ordinary.Answer("journal of the first boot"));
    }

    [Fact]
    public void Storage_target_mode_offers_the_disk_to_the_network()
    {
        Assert.Contains("nvme connect", appliance.StorageTarget.Serial, StringComparison.Ordinal);
        Assert.Equal("EFI PART"u8.ToArray(), appliance.StorageTarget.OverTheNetwork[512..520]);
        Assert.Equal(appliance.StorageTarget.OnDisk, appliance.StorageTarget.OverTheNetwork);
        Assert.DoesNotContain("/sysroot", appliance.StorageTarget.Serial, StringComparison.Ordinal);

        // Chosen for once: the next boot is an ordinary one, with everything in its place.
        Assert.DoesNotContain("storage-target", Ordinary.Answer("cmdline"), StringComparison.Ordinal);
        Assert.Equal("kept", Ordinary.Answer("marker"));
        Assert.Equal(First.Answer("host key"), Ordinary.Answer("host key"));
    }

    [Fact]
    public void Factory_reset_makes_a_new_empty_var()
    {
        var reset = appliance.FactoryReset;
        Assert.Contains("systemd.factory_reset=yes", reset.Answer("cmdline"), StringComparison.Ordinal);
        Assert.NotEqual(0, reset["marker"].ExitCode);
        Assert.Equal("", reset.Answer("what is left"));
        Assert.NotEqual(First.Answer("host key"), reset.Answer("host key"));
        Assert.Matches("^/dev/mapper/var +btrfs +rw,", reset.Answer("var"));

        // At its place: the machine is still the same.
        Assert.Contains(string.Create(CultureInfo.InvariantCulture, $" var {First.Answer("var's UUID")}"), reset.Answer("disks"), StringComparison.Ordinal);
    }
}
