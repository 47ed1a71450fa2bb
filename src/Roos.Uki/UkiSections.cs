namespace Roos.Uki;

/// <summary>Names of the sections that systemd-stub knows. Source: UAPI "Unified Kernel Image" specification, systemd-stub(7).</summary>
public static class UkiSections
{
    public const string OsRelease = ".osrel";
    public const string CommandLine = ".cmdline";
    public const string DeviceTree = ".dtb";
    public const string AutomaticDeviceTree = ".dtbauto";
    public const string KernelVersion = ".uname";
    public const string Splash = ".splash";
    public const string PcrPublicKey = ".pcrpkey";
    public const string Linux = ".linux";
    public const string Initrd = ".initrd";
    public const string Microcode = ".ucode";
    public const string SecureBootGenerations = Sbat.SectionName;
    public const string Profile = ".profile";
    public const string PcrSignature = ".pcrsig";
    public const string HardwareIds = ".hwids";
}
