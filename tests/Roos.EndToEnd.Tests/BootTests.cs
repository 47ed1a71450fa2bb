using System.Text.RegularExpressions;

namespace Roos.EndToEnd.Tests;

/// <summary>The appliance on a machine, as the article promises it. What attackers and bad disks get is in <see cref="SecureBootAttackTests"/>.</summary>
[Collection(nameof(Appliance))]
public sealed class BootTests(Appliance appliance)
{
    [Fact]
    public void Everything_is_up_and_nothing_failed()
    {
        Assert.Equal("", Answer("failed units"));
        Assert.Equal("running", Answer("state"));
    }

    [Fact]
    public void Root_is_a_read_only_erofs_on_a_verified_device()
    {
        Assert.Matches("^/dev/mapper/root +erofs +ro,", Answer("root"));
        var status = Answer("verity");
        Assert.Contains("status:      verified", status, StringComparison.Ordinal);
        Assert.Contains("mode:        readonly", status, StringComparison.Ordinal);
        var rootHash = Regex.Match(status, "root hash: +([0-9a-f]{64})").Groups[1].Value;
        Assert.Contains("roothash=" + rootHash, Answer("cmdline"), StringComparison.Ordinal);
    }

    [Fact]
    public void Etc_cannot_be_written_even_by_root()
    {
        var (exitCode, output) = appliance.FirstBoot["touch /etc"];
        Assert.NotEqual(0, exitCode);
        Assert.Contains("Read-only file system", output, StringComparison.Ordinal);
    }

    [Fact]
    public void Var_is_a_btrfs_that_only_this_TPM_opens()
    {
        Assert.Matches("^/dev/mapper/var +btrfs +rw,", Answer("var"));
        var header = Answer("luks");
        Assert.Contains("systemd-tpm2", header, StringComparison.Ordinal);
        Assert.Matches(@"tpm2-hash-pcrs: +7\n", header);
        Assert.DoesNotContain("  1: luks2", header, StringComparison.Ordinal);
    }

    [Fact]
    public void Machine_id_is_the_firmware_uuid() => Assert.Equal(VirtualMachine.Uuid.Replace("-", "", StringComparison.Ordinal), Answer("machine id"));

    [Fact]
    public void Host_name_is_made_of_the_machine_id() => Assert.Equal("roos-d78463f\nroos-d78463f\nroos-d78463f", Answer("host name"));

    [Fact]
    public void The_user_has_a_home_in_var_no_password_and_sudo()
    {
        Assert.Matches(@"uid=\d+\(roos\) .*\(wheel\).*\n/var/home/roos$", Answer("user"));
        Assert.Matches("^roos L ", Answer("password"));
        Assert.Equal("0", Answer("sudo"));
    }

    [Fact]
    public void The_network_is_configured_by_dhcp()
    {
        Assert.Matches(@"\b10\.0\.2\.15/24\b", Answer("address"));
        Assert.Contains("nameserver 127.0.0.53", Answer("resolv.conf"), StringComparison.Ordinal);
    }

    [Fact]
    public void The_system_knows_which_image_it_is()
    {
        Appliance.NeedRoosBuild();
        Assert.Matches(@"^roos \d", Answer("image"));
        Assert.Contains(Answer("image").Replace(' ', '_') + ".raw", Path.GetFileName(appliance.Disk), StringComparison.Ordinal);
    }

    [Fact]
    public void A_second_boot_opens_var_again()
    {
        Assert.NotEqual(0, appliance.FirstBoot["marker"].ExitCode);
        Assert.Equal("kept", Second("marker"));
        Assert.Equal("running", Second("state"));
        Assert.Equal("", Second("failed units"));
        Assert.Equal(Answer("host key"), Second("host key"));
    }

    [Fact]
    public void A_boot_that_is_counted_is_a_normal_one_and_keeps_var()
    {
        Assert.DoesNotContain("systemd.factory_reset", Second("cmdline"), StringComparison.Ordinal);
        Assert.DoesNotContain("storage-target", Second("cmdline"), StringComparison.Ordinal);
        Assert.Equal(Answer("cmdline"), Second("cmdline"));
        Assert.Equal("kept", Second("marker"));

        // It came up, and has lost its counter.
        Assert.DoesNotContain("+", Assert.Single(appliance.NamesAfterCountedBoot), StringComparison.Ordinal);
    }

    private string Answer(string question) => appliance.FirstBoot.Answer(question);

    private string Second(string question) => appliance.SecondBoot.Answer(question);
}
