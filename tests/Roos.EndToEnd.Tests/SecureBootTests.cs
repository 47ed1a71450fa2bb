namespace Roos.EndToEnd.Tests;

/// <summary>The chain of trust on a machine: from firmware that had no keys to a /var that opens to what they signed.</summary>
[Collection(nameof(SecureBootAppliance))]
public sealed class SecureBootTests(SecureBootAppliance appliance)
{
    [Fact]
    public void Firmware_without_keys_gets_those_of_the_image()
    {
        Assert.Contains("running", appliance.FirstBoot.Answer("state"), StringComparison.Ordinal);
        Assert.Contains(@"Enrolling secure boot keys from directory: \loader\keys\auto", appliance.EnrolmentSerial, StringComparison.Ordinal);

        // The keys alone were dealt with then: the machine restarted.
        Assert.DoesNotContain("EFI stub:", appliance.EnrolmentSerial, StringComparison.Ordinal);
    }

    [Fact]
    public void Secure_Boot_is_on_and_the_UKI_is_measured()
    {
        var status = appliance.FirstBoot.Answer("bootctl");
        Assert.Matches(@"Secure Boot: enabled \(user\)\n", status);
        Assert.Matches(@"Measured UKI: yes\n", status);
        Assert.Contains("EFI stub: UEFI Secure Boot is enabled.", appliance.FirstBoot.Serial, StringComparison.Ordinal);
        Assert.Contains("Kernel is locked down from EFI Secure Boot", appliance.FirstBoot.Answer("kernel log"), StringComparison.Ordinal);
    }

    [Fact]
    public void Everything_is_up_and_nothing_failed()
    {
        Assert.All([appliance.FirstBoot, appliance.UpdatedBoot, appliance.AttackedBoot], boot =>
        {
            Assert.Equal("", boot.Answer("failed units"));
            Assert.Equal("running", boot.Answer("state"));
        });
    }

    [Fact]
    public void The_certificate_is_in_the_kernels_platform_keyring_and_in_the_image()
    {
        Assert.Matches(@"integrity: Loading X\.509 certificate: UEFI:db\nintegrity: Loaded X\.509 cert 'Roos test: [0-9a-f]{40}'", appliance.FirstBoot.Answer("kernel log"));

        // Keys are listed by their random numbers: any line may be the last.
        Assert.Matches(@"(?m) keyring +\.platform: 1$", appliance.FirstBoot.Answer("keyrings"));
        Assert.Matches(@" asymmetri +Roos test: [0-9a-f]{40}: X509\.rsa ", appliance.FirstBoot.Answer("keyrings"));
        Assert.Equal(File.ReadAllText(appliance.Certificate).Trim(), appliance.FirstBoot.Answer("certificates of verity"));
    }

    [Fact]
    public void Root_is_verified_and_the_kernel_accepts_the_signature_of_its_root_hash()
    {
        Assert.Contains("status:      verified", appliance.FirstBoot.Answer("verity"), StringComparison.Ordinal);
        Assert.Contains("status:      verified (with signature)", appliance.FirstBoot.Answer("root hash signature"), StringComparison.Ordinal);
        Assert.NotEqual(0, appliance.FirstBoot["wrong root hash signature"].ExitCode);
    }

    /// <summary>Although the UKI's measurements are signed, which systemd-repart would use by itself.</summary>
    [Fact]
    public void Var_is_bound_to_the_state_of_Secure_Boot_alone()
    {
        Assert.Equal(0, appliance.FirstBoot["signed measurements"].ExitCode);
        var header = appliance.FirstBoot.Answer("luks");
        Assert.Matches(@"tpm2-hash-pcrs: +7\n", header);
        Assert.Matches(@"tpm2-pubkey:\s+\(null\)\n", header);
        Assert.Matches(@"tpm2-pubkey-pcrs: *\n", header);
        Assert.DoesNotContain("  1: systemd-tpm2", header, StringComparison.Ordinal);
    }

    [Fact]
    public void Another_UKI_that_the_same_key_signed_opens_var()
    {
        Assert.NotEqual(0, appliance.FirstBoot["marker"].ExitCode);
        Assert.Contains(" roos.test=updated ", appliance.UpdatedBoot.Answer("cmdline") + " ", StringComparison.Ordinal);
        Assert.Equal("kept", appliance.UpdatedBoot.Answer("marker"));
        Assert.Equal(appliance.FirstBoot.Answer("host key"), appliance.UpdatedBoot.Answer("host key"));

        // It came up, and has lost its counter.
        Assert.Contains(SecureBootAppliance.Updated + ".efi", appliance.NamesAfterUpdate);
    }

    /// <summary>The key that edits was pressed, and the entry was started.</summary>
    [Fact]
    public void The_boot_menu_does_not_change_the_command_line()
    {
        Assert.Contains("Entry not editable in SecureBoot mode.", appliance.UpdatedBoot.Serial, StringComparison.Ordinal);
        Assert.Equal(appliance.FirstBoot.Answer("cmdline"), appliance.UpdatedBoot.Answer("cmdline").Replace(" roos.test=updated", "", StringComparison.Ordinal));
    }

    [Fact]
    public void Boot_entries_and_addons_that_nobody_signed_do_not_change_the_command_line()
    {
        Assert.Contains("Current Entry: attack.conf", appliance.AttackedBoot.Answer("bootctl"), StringComparison.Ordinal);
        Assert.Equal(appliance.UpdatedBoot.Answer("cmdline"), appliance.AttackedBoot.Answer("cmdline"));
        Assert.Equal("kept", appliance.AttackedBoot.Answer("marker"));
    }
}
