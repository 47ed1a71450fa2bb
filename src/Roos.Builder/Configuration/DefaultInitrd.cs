namespace Roos.Builder.Configuration;

/// <summary>What the default initrd is before mkosi.initrd.conf has its say.</summary>
internal static class DefaultInitrd
{
    private static readonly string[] DebianPackages =
    [
        "bash", "btrfs-progs", "cryptsetup-bin", "dmsetup", "dosfstools", "e2fsprogs", "kmod", "less", "libcryptsetup12", "libfdisk1", "libseccomp2",
        "libtss2-esys-3.0.2-0t64", "libtss2-mu-4.0.1-0t64", "libtss2-rc0t64", "libtss2-tcti-device0t64", "mount", "procps", "systemd", "systemd-cryptsetup",
        "systemd-repart", "systemd-sysv", "udev", "util-linux",
    ];

    private static readonly string[] FedoraPackages =
    [
        "bash", "btrfs-progs", "cryptsetup-libs", "dosfstools", "e2fsprogs", "kmod", "less", "libfido2", "procps-ng", "systemd", "systemd-udev", "tpm2-tss", "util-linux",
    ];

    private static readonly SettingOrigin BuiltIn = new("default initrd");

    /// <param name="main">The main image's settings: InitrdPackages= and what is inherited.</param>
    public static IEnumerable<(string Name, SettingValue Value)> Settings(IReadOnlyDictionary<string, SettingValue> main)
    {
        yield return ("Format", SettingValue.Of("cpio", BuiltIn));
        yield return ("Output", SettingValue.Of("initrd", BuiltIn));
        yield return ("SplitArtifacts", new SettingValue([], BuiltIn));
        yield return ("Locale", SettingValue.Of("C.UTF-8", BuiltIn));
        yield return ("MakeInitrd", SettingValue.Of("yes", BuiltIn));
        yield return ("Bootable", SettingValue.Of("disabled", BuiltIn));
        yield return ("WithDocs", SettingValue.Of("no", BuiltIn));
        yield return ("CleanPackageMetadata", SettingValue.Of("enabled", BuiltIn));
        var packages = main["Distribution"].Text is "debian" or "ubuntu" ? DebianPackages : FedoraPackages;
        Setting<string>[] items = [.. packages.Select(name => new Setting<string>(name, BuiltIn)), .. main["InitrdPackages"].Items, .. main["InitrdVolatilePackages"].Items];
        yield return ("Packages", new SettingValue([.. items.DistinctBy(item => item.Value).OrderBy(item => item.Value, PackageOrder.Instance)], BuiltIn));
    }
}
