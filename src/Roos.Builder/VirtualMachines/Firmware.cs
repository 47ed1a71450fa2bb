namespace Roos.Builder.VirtualMachines;

/// <summary>UEFI firmware for QEMU that knows Secure Boot, and the variables that a new machine starts with: none are enrolled.</summary>
internal sealed record Firmware(string Code, string Variables)
{
    /// <summary>Where Debian and Ubuntu, Fedora, Arch, openSUSE and QEMU for Windows have it.</summary>
    internal static IReadOnlyList<Firmware> Known { get; } =
    [
        new("/usr/share/OVMF/OVMF_CODE_4M.secboot.fd", "/usr/share/OVMF/OVMF_VARS_4M.fd"),
        new("/usr/share/edk2/ovmf/OVMF_CODE.secboot.fd", "/usr/share/edk2/ovmf/OVMF_VARS.fd"),
        new("/usr/share/edk2/x64/OVMF_CODE.secboot.4m.fd", "/usr/share/edk2/x64/OVMF_VARS.4m.fd"),
        new("/usr/share/qemu/ovmf-x86_64-smm-code.bin", "/usr/share/qemu/ovmf-x86_64-smm-vars.bin"),
        new(@"C:\Program Files\qemu\share\edk2-x86_64-secure-code.fd", @"C:\Program Files\qemu\share\edk2-i386-vars.fd"),
    ];

    /// <exception cref="UsageException">There is none.</exception>
    public static Firmware Find(string? code, string? variables, Func<string, bool> exists)
    {
        if (code is not null || variables is not null)
        {
            if (code is null || variables is null) throw new UsageException("--firmware and --firmware-variables belong together: the code, and the variables that a new machine starts with");
            foreach (var file in new[] { code, variables }) if (!exists(file)) throw new UsageException($"{file}: there is no such file");
            return new Firmware(code, variables);
        }

        return Known.FirstOrDefault(firmware => exists(firmware.Code) && exists(firmware.Variables))
            ?? throw new UsageException("there is no UEFI firmware for virtual machines: install the package ovmf (Fedora: edk2-ovmf), or name one with --firmware and --firmware-variables");
    }
}
