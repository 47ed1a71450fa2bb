using System.Globalization;

namespace Roos.Builder.VirtualMachines;

/// <summary>How QEMU is started for an appliance.</summary>
internal sealed record QemuCommand
{
    public required MachineFolder Machine { get; init; }

    /// <summary>The file with the firmware's code.</summary>
    public required string Firmware { get; init; }

    /// <summary>Processors of the guest.</summary>
    public required int Processors { get; init; }

    /// <summary>Memory of the guest in MiB.</summary>
    public required int Memory { get; init; }

    /// <summary>The port of this machine's loopback that leads to the guest's ssh.</summary>
    public required int SshPort { get; init; }

    /// <summary>Hardware virtualisation: <c>kvm</c>, <c>whpx</c>, <c>hvf</c>; without, everything is emulated.</summary>
    public string? Accelerator { get; init; }

    public required bool HasTpm { get; init; }

    /// <summary>In a window, instead of the terminal alone.</summary>
    public required bool Graphics { get; init; }

    /// <summary>Whether somebody sits at this terminal: the keyboard goes to the guest then.</summary>
    public required bool Interactive { get; init; }

    /// <summary>What is added, in QEMU's own words.</summary>
    public IReadOnlyList<string> More { get; init; } = [];

    /// <summary>QEMU's arguments. A comma in a path is doubled, as QEMU wants it.</summary>
    public IReadOnlyList<string> Arguments() =>
    [
        "-machine", "q35,smm=on" + (Accelerator is null ? ",hpet=off" : ""),
        "-accel", Accelerator ?? "tcg,thread=multi,tb-size=512", "-cpu", Accelerator is null or "whpx" ? "max" : "host",
        "-smp", Number(Processors), "-m", Number(Memory), "-uuid", Machine.Uuid.ToString(), "-nodefaults", "-no-user-config",
        "-global", "driver=cfi.pflash01,property=secure,value=on", "-global", "ICH9-LPC.disable_s3=1",
        "-drive", $"if=pflash,unit=0,format=raw,readonly=on,file={Path(Firmware)}",
        "-drive", $"if=pflash,unit=1,format=raw,file={Path(Machine.Variables)}",
        "-device", "virtio-rng-pci",
        "-blockdev", $"driver=raw,node-name=disk,discard=unmap,file.driver=file,file.filename={Path(Machine.Disk)}",
        "-device", "virtio-blk-pci,drive=disk,bootindex=1",
        "-netdev", $"user,id=network,hostfwd=tcp:127.0.0.1:{Number(SshPort)}-:22", "-device", "virtio-net-pci,netdev=network,romfile=",
        .. HasTpm
            ? ["-chardev", $"socket,id=tpm,path={Path(Machine.TpmSocket)}", "-tpmdev", "emulator,id=tpm,chardev=tpm", "-device", "tpm-crb,tpmdev=tpm"]
            : Array.Empty<string>(),
        .. Graphics ? ["-device", "virtio-vga"] : new[] { "-display", "none" },
        "-serial", Interactive ? "mon:stdio" : "stdio",

        // Added to the command line by systemd-stub, so that the image itself needs no console.
        "-smbios", "type=11,value=io.systemd.stub.kernel-cmdline-extra=console=ttyS0" + (Graphics ? " console=tty0" : ""),
        .. More,
    ];

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Path(string path) => path.Replace(",", ",,", StringComparison.Ordinal);
}
