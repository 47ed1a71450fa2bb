using System.Globalization;
using System.Text.RegularExpressions;
using Roos.Testing;

namespace Roos.EndToEnd.Tests;

/// <summary>
/// What an attacker with the disk in hand may try, on a machine that trusts one certificate. Each attempt is refused by the firmware or the kernel, which says so,
/// and the machine gets to an end that is not the appliance. That the same disk starts without the attempt is what <see cref="SecureBootTests"/> see.
/// </summary>
[Collection(nameof(SecureBootAppliance))]
public sealed class SecureBootAttackTests(SecureBootAppliance appliance)
{
    [Fact]
    public void A_UKI_without_signature() => FirmwareRefuses("no-signature", uki => Judge.Host("sbattach").Must("--remove", uki));

    [Fact]
    public void A_UKI_signed_by_another_key() => FirmwareRefuses("other-key", uki =>
    {
        var other = appliance.Scratch("other");
        Directory.CreateDirectory(other);
        TemplateTree.Roos(other, "genkey");
        Judge.Host("sbattach").Must("--remove", uki);
        Judge.Host("sbsign").Must("--key", Path.Combine(other, "mkosi.key"), "--cert", Path.Combine(other, "mkosi.crt"), "--output", uki, uki);
    });

    [Theory]
    [InlineData(".cmdline")]
    [InlineData(".initrd")]
    [InlineData(".linux")]
    public void A_UKI_with_one_changed_byte(string section) => FirmwareRefuses(section[1..], uki =>
    {
        var table = Judge.Host("objdump").Must("--section-headers", "--wide", uki);
        var row = Regex.Match(table, @"^ *\d+ " + Regex.Escape(section) + " +(?<size>[0-9a-f]+) +[0-9a-f]+ +[0-9a-f]+ +(?<offset>[0-9a-f]+) ", RegexOptions.Multiline);
        Assert.True(row.Success, table);
        MachineDisk.ChangeByteOf(uki, Number("offset") + Number("size") / 2);

        long Number(string name) => long.Parse(row.Groups[name].Value, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
    });

    [Fact]
    public void A_boot_loader_without_signature()
    {
        var folder = appliance.NewMachine("loader");
        var disk = MachineDisk.Of(folder);
        foreach (var name in new[] { "EFI/BOOT/BOOTX64.EFI", "EFI/systemd/systemd-bootx64.efi" })
        {
            var loader = Path.Combine(folder, "loader.efi");
            disk.TakeFromEsp(name, loader);
            Judge.Host("sbattach").Must("--remove", loader);
            disk.PutIntoEsp(loader, name);
        }

        using var machine = VirtualMachine.Start(folder, appliance.PrivateKey, SecureBootAppliance.SecureBoot);
        machine.WaitForSerial("BdsDxe: No bootable option or device was found.", VirtualMachine.BootLimit);
        Assert.Matches("BdsDxe: failed to load Boot[0-9]+ .*: Access Denied", machine.Serial);
        Assert.DoesNotContain("Reboot Into Firmware Interface", machine.Serial, StringComparison.Ordinal);
        AssertNoKernel(machine);
    }

    /// <summary>The attacker's root has a hash tree of its own, in which everything is right, and is found where the command line says: but has another root hash.</summary>
    [Fact]
    public void Another_root_with_a_hash_tree_of_its_own()
    {
        var folder = appliance.NewMachine("swapped");
        var (tree, root, hashes) = (Path.Combine(folder, "tree"), Path.Combine(folder, "root"), Path.Combine(folder, "hashes"));
        Directory.CreateDirectory(Path.Combine(tree, "usr", "lib"));
        Directory.CreateDirectory(Path.Combine(tree, "sbin"));
        File.WriteAllText(Path.Combine(tree, "usr", "lib", "os-release"), "ID=attack\nNAME=Attack\n");
        File.WriteAllText(Path.Combine(tree, "sbin", "init"), "#!/bin/sh\n# " + new string('x', 100_000));
        Judge.Host("mkfs.erofs").Must(root, tree);
        var rootHash = Regex.Match(Judge.Host("veritysetup").Must("format", root, hashes), "Root hash: *\t*([0-9a-f]{64})").Groups[1].Value;
        Judge.Host("veritysetup").Must("verify", root, hashes, rootHash);
        var disk = MachineDisk.Of(folder);
        disk.WritePartition(MachineDisk.RootType, root);
        disk.WritePartition(MachineDisk.RootVerityType, hashes);
        KernelRefuses(folder, "metadata block 1 is corrupted");
    }

    [Fact]
    public void A_changed_byte_in_the_root()
    {
        var folder = appliance.NewMachine("root");

        // In the EroFS superblock, in a reserved field of which nothing but verity takes notice.
        MachineDisk.Of(folder).ChangeByte(MachineDisk.RootType, 1024 + 127);
        KernelRefuses(folder, "data block 0 is corrupted");
    }

    [Fact]
    public void A_changed_byte_in_the_hash_tree()
    {
        var folder = appliance.NewMachine("hashes");

        // In the block of the topmost digests, which is the first after the superblock.
        MachineDisk.Of(folder).ChangeByte(MachineDisk.RootVerityType, 4096 + 1);
        KernelRefuses(folder, "metadata block 1 is corrupted");
    }

    /// <summary>The firmware does not start a UKI that was tampered with, says so to the boot loader, and has nothing else to start.</summary>
    private void FirmwareRefuses(string name, Action<string> tamper)
    {
        var folder = appliance.NewMachine(name);
        var disk = MachineDisk.Of(folder);
        var uki = Path.Combine(folder, "uki.efi");
        File.Copy(appliance.UnifiedKernelImage, uki);
        tamper(uki);
        disk.PutIntoEsp(uki, appliance.UnifiedKernelImageInEsp);
        disk.WriteIntoEsp("timeout 0\n", "loader/loader.conf");

        using var machine = VirtualMachine.Start(folder, appliance.PrivateKey, SecureBootAppliance.SecureBoot);
        machine.WaitForSerial("BdsDxe: No bootable option or device was found.", VirtualMachine.BootLimit);
        Assert.Contains($@"Error loading \{appliance.UnifiedKernelImageInEsp.Replace('/', '\\')}: Access denied", machine.Serial, StringComparison.Ordinal);
        AssertNoKernel(machine);
    }

    /// <summary>The kernel does not read what does not match the root hash of the command line: the initrd waits for a root in vain.</summary>
    private void KernelRefuses(string folder, string reason)
    {
        // A busy machine is slow to find its disk; to find that there is no root must not end the wait for it.
        var options = SecureBootAppliance.SecureBoot with { KernelArguments = "systemd.default_device_timeout_sec=600" };
        using var machine = VirtualMachine.Start(folder, appliance.PrivateKey, options);
        machine.WaitForSerial(reason, VirtualMachine.BootLimit);
        machine.WaitForSerial("Job dev-mapper-root.device/start running", VirtualMachine.BootLimit);
        Thread.Sleep(TimeSpan.FromSeconds(20));
        Assert.DoesNotContain("Mounted sysroot.mount", machine.Serial, StringComparison.Ordinal);
        Assert.DoesNotContain("multi-user.target", machine.Serial, StringComparison.Ordinal);
        Assert.NotEqual(0, machine.Ssh("true").ExitCode);
    }

    private static void AssertNoKernel(VirtualMachine machine)
    {
        Assert.DoesNotContain("EFI stub:", machine.Serial, StringComparison.Ordinal);
        Assert.DoesNotContain("Booting initrd", machine.Serial, StringComparison.Ordinal);
    }
}
