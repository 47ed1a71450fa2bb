using Roos.Core.Bytes;
using Roos.Core.Tree;
using Roos.Fat;
using Roos.Testing;
using Roos.Uki;

namespace Roos.Interop.Tests.Uki;

/// <summary>
/// Firmware, systemd-boot and stub judge file system and UKI together: OVMF reads the FAT, systemd-boot chooses an entry of a
/// boot-counted UKI and counts it down (which writes to the FAT), the stub starts the kernel, and that says with which command line.
/// </summary>
public sealed class BootMenuTests
{
    private const string Firmware = "/usr/share/OVMF/OVMF_CODE_4M.fd";
    private const string FirmwareVariables = "/usr/share/OVMF/OVMF_VARS_4M.fd";

    [Theory]
    [InlineData("PRETTY_NAME=\"Roos\"\nID=debian\nIMAGE_ID=\"roos\"\nIMAGE_VERSION=\"1\"\n")]
    [InlineData("PRETTY_NAME=\"Roos\"\nID=debian\nVERSION_ID=\"1\"\n")]
    public void A_boot_counted_image_with_profiles_starts_the_base(string osRelease)
    {
        var qemu = Judge.Host("qemu-system-x86_64");
        var fsck = Judge.Host("fsck.fat");
        if (!File.Exists(Firmware)) Judge.Missing("the firmware OVMF is not on this machine (package ovmf)");
        if (Judge.ToolsTree is not { } tree) Judge.Missing("systemd-boot and a kernel are taken from the trixie tools tree and ROOS_TOOLS_TREE names none");
        else
        {
            using var scratch = new ScratchFolder();
            WriteDisk(tree, osRelease, scratch["esp"]);
            File.Copy(FirmwareVariables, scratch["vars"]);

            // The kernel finds no root file system and panics, which ends the machine.
            qemu.Must(
                "-machine", "q35", "-accel", "tcg,thread=multi", "-cpu", "max", "-m", "768", "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
                "-drive", $"if=pflash,unit=0,format=raw,readonly=on,file={Firmware}", "-drive", $"if=pflash,unit=1,format=raw,file={scratch["vars"]}",
                "-drive", $"file={scratch["esp"]},format=raw,if=virtio", "-serial", $"file:{scratch["serial"]}");

            var serial = File.ReadAllText(scratch["serial"]);
            Assert.Contains("Command line: console=ttyS0 panic=-1 profile=base", serial, StringComparison.Ordinal);
            fsck.Must("-n", scratch["esp"]);
            using var esp = FileSource.Open(scratch["esp"]);
            Assert.NotNull(FatReader.Read(esp).FindFile("EFI/Linux/roos_1+2-1.efi"));
        }
    }

    private static void WriteDisk(string tree, string osRelease, string path)
    {
        using var stub = FileSource.Open(tree + "/usr/lib/systemd/boot/efi/linuxx64.efi.stub");
        using var loader = FileSource.Open(tree + "/usr/lib/systemd/boot/efi/systemd-bootx64.efi");
        using var kernel = FileSource.Open(Directory.GetFiles(tree + "/boot", "vmlinuz-*").Order(StringComparer.Ordinal).First());
        var uki = UkiImage.Plan(new UkiOptions
        {
            Stub = stub,
            Linux = kernel,
            OsRelease = osRelease,
            CommandLine = "console=ttyS0 panic=-1 profile=base",
            Profiles = [new UkiProfile { Name = new UkiProfileName("factory-reset", "Factory Reset"), CommandLine = "console=ttyS0 panic=-1 profile=reset" }],
        });
        var files = new FileTreeBuilder()
            .Set("EFI/BOOT/BOOTX64.EFI", ToFile(loader))
            .Set("EFI/Linux/roos_1+3-0.efi", ToFile(ByteSource.FromMemory(uki.ToArray())))
            .Set("loader/entries.srel", ToFile(ByteSource.FromMemory("type1\n"u8.ToArray())))
            .Build();
        using var disk = File.Create(path);
        FatImage.Plan(files, new FatOptions { Size = 64 << 20, VolumeId = 1, MaximumTime = new Timestamp(1_700_000_000, 0) }).WriteTo(disk);
    }

    private static RegularFile ToFile(ByteSource content) => new(new FileMetadata(0x1a4), content);
}
