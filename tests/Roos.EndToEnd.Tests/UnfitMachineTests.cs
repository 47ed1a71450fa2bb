using System.Security.Cryptography;

namespace Roos.EndToEnd.Tests;

/// <summary>Machines that the appliance cannot run on, or not any more: the console says what is wrong and what to do, and nothing is lost.</summary>
[Collection(nameof(Appliance))]
public sealed class UnfitMachineTests(Appliance appliance)
{
    [Fact]
    public void Without_a_firmware_UUID() => Refused("no-uuid", New, new StartOptions { Uuid = null }, false, "Its firmware has no UUID");

    [Fact]
    public void Without_a_TPM() => Refused("no-tpm", New, new StartOptions { Tpm = false }, false, "It has no TPM 2.0");

    [Fact]
    public void With_too_small_a_disk() => Refused(
        "small", folder => VirtualMachine.Prepare(folder, appliance.Disk, growth: "+200M"), new StartOptions(), false, "Can't fit requested partitions", "The disk must have room");

    [Fact]
    public void With_the_disk_of_another_machine() =>
        Refused("moved", Used, new StartOptions { Uuid = "11111111-2222-4333-8444-555555555555" }, true, "The /var on this disk was made by another machine", "Factory Reset");

    /// <summary>Here the root is up, and the journal has a place only when /var is open: only the console can say it.</summary>
    [Fact]
    public void With_another_TPM() => Refused(
        "other-tpm", folder =>
        {
            Used(folder);
            Directory.Delete(Path.Combine(folder, "tpm"), recursive: true);
            Directory.CreateDirectory(Path.Combine(folder, "tpm"));
            VirtualMachine.PutInNewTpm(folder);
        },
        new StartOptions(), true, "systemd-cryptsetup@var.service failed:", "Only the TPM that sealed it opens /var");

    [Fact]
    public void With_two_disks_that_carry_the_appliance()
    {
        var other = appliance.Scratch("twin.raw");
        HostProcess.Must(TimeSpan.FromSeconds(60), "cp", "--sparse=always", appliance.Disk, other);
        HostProcess.Must(TimeSpan.FromSeconds(60), "truncate", "-s", "+1G", other);
        Refused("twins", New, new StartOptions { SecondDisk = other }, false, "Two disks carry this appliance");
        var length = new FileInfo(appliance.Disk).Length;
        Assert.Equal(DigestOf(appliance.Disk, 0, length), DigestOf(other, 0, length));
    }

    private void New(string folder) => VirtualMachine.Prepare(folder, appliance.Disk, growth: "+1G");

    private void Used(string folder) => HostProcess.Must(TimeSpan.FromSeconds(60), "cp", "-r", "--sparse=always", appliance.UsedMachine, folder);

    /// <summary>The machine says it within a normal boot's time and announces to try again. The disk is as it was; of one that was used, /var is: systemd-boot keeps a random seed in the ESP.</summary>
    private void Refused(string name, Action<string> prepare, StartOptions options, bool wasUsed, params IReadOnlyList<string> explanation)
    {
        var folder = appliance.Scratch(name);
        prepare(folder);
        var disk = Path.Combine(folder, "disk.raw");
        var (begin, length) = wasUsed ? MachineDisk.Of(folder).Partition(MachineDisk.VarType) : (0, new FileInfo(disk).Length);
        var before = DigestOf(disk, begin, length);
        using (var machine = VirtualMachine.Start(folder, appliance.PrivateKey, options))
        {
            machine.WaitForSerial("It restarts in 300 seconds.", VirtualMachine.BootLimit);
            Assert.Contains("This machine cannot start.", machine.Serial, StringComparison.Ordinal);
            Assert.All(explanation, text => Assert.Contains(text, machine.Serial, StringComparison.Ordinal));
            Assert.DoesNotContain("Press Enter", machine.Serial, StringComparison.Ordinal);
        }

        Assert.Equal(before, DigestOf(disk, begin, length));
        Directory.Delete(folder, recursive: true);
    }

    private static string DigestOf(string file, long begin, long length)
    {
        using var stream = File.OpenRead(file);
        stream.Position = begin;
        using var digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[1 << 20];
        for (var left = length; left > 0;)
        {
            var read = stream.Read(buffer, 0, (int)Math.Min(left, buffer.Length));
            Assert.NotEqual(0, read);
            digest.AppendData(buffer, 0, read);
            left -= read;
        }

        return Convert.ToHexStringLower(digest.GetHashAndReset());
    }
}
