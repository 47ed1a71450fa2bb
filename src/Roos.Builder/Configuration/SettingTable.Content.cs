using static Roos.Builder.Configuration.SettingKind;
using static Roos.Builder.Configuration.SettingScope;

namespace Roos.Builder.Configuration;

/// <content>[Content] and [Validation].</content>
public static partial class SettingTable
{
    private const string NoScripts = "scripts are not run yet: put files into mkosi.extra/ and units into the image";
    private const string NoShim = "shim is not written; enroll your own certificate, with SecureBootAutoEnroll= or in the firmware's menu";

    private static SettingDefinition[] ContentSettings() =>
    [
        Define("Content", "Packages", Words) with { Sorted = true, FromBase = true, Option = "--package", ShortOption = "-p", Help = "Install a further package" },
        Idle("Content", "BuildPackages", Words, Local, "nothing is compiled during a build") with { Option = "--build-package" },
        Define("Content", "VolatilePackages", Words) with { Sorted = true, FromBase = true, Option = "--volatile-package" },
        Later("Content", "PackageDirectories", Paths, Universal, "serve the packages from a repository") with { PickedUp = ["packages"], Option = "--package-directory" },
        Later("Content", "VolatilePackageDirectories", Paths, Universal) with { Option = "--volatile-package-directory" },
        Define("Content", "WithRecommends", SettingKind.Boolean) with { Default = "no", FromBase = true },
        Define("Content", "WithDocs", SettingKind.Boolean) with { Default = "yes", FromBase = true },
        Define("Content", "BaseTrees", Paths) with { Option = "--base-tree" },
        Later("Content", "SkeletonTrees", Trees, Local, "use mkosi.extra/") with { PickedUp = ["skeleton", "skeleton.tar"], Option = "--skeleton-tree" },
        Define("Content", "ExtraTrees", Trees) with { PickedUp = ["extra", "extra.tar"], MustExist = true, FromBase = true, Option = "--extra-tree", Help = "Copy a folder or tar over the tree" },
        Define("Content", "RemovePackages", Words) with { FromBase = true, Option = "--remove-package" },
        Define("Content", "RemoveFiles", Words) with { FromBase = true },
        Define("Content", "CleanPackageMetadata", Feature) with { Default = "auto", FromBase = true },
        Define("Content", "SourceDateEpoch", Integer, Multiversal) with { Help = "No file is younger than this; seconds since 1970" },
        Later("Content", "SyncScripts", Paths, Local, NoScripts) with { PickedUp = ["sync"], Option = "--sync-script" },
        Later("Content", "PrepareScripts", Paths, Local, NoScripts) with { PickedUp = ["prepare", "prepare.chroot"], OldNames = ["PrepareScript"], Option = "--prepare-script" },
        Later("Content", "BuildScripts", Paths, Local, NoScripts) with { PickedUp = ["build", "build.chroot"], OldNames = ["BuildScript"], Option = "--build-script" },
        Later("Content", "PostInstallationScripts", Paths, Local, NoScripts) with { PickedUp = ["postinst", "postinst.chroot"], OldNames = ["PostInstallationScript"], Option = "--postinst-script" },
        Later("Content", "FinalizeScripts", Paths, Local, NoScripts) with { PickedUp = ["finalize", "finalize.chroot"], OldNames = ["FinalizeScript"], Option = "--finalize-script" },
        Later("Content", "PostOutputScripts", Paths, Local, NoScripts) with { PickedUp = ["postoutput"], Option = "--postoutput-script" },
        Define("Content", "Bootable", Feature) with { Default = "auto", CanMatch = true },
        Define("Content", "Bootloader", Choice) with
        {
            Choices = ["none", "uki", "systemd-boot", "grub", "uki-signed", "systemd-boot-signed", "grub-signed"], Works = ["none", "uki", "systemd-boot"], Default = "systemd-boot",
        },
        Later("Content", "BiosBootloader", Choice, Local, "Roos images start with UEFI") with { Choices = ["none", "grub"], Default = "none" },
        Later("Content", "ShimBootloader", Choice, Local, NoShim) with { Choices = ["none", "signed", "unsigned"], Default = "none" },
        Define("Content", "UnifiedKernelImages", Choice) with
        {
            Choices = ["none", "unsigned", "auto", "signed"], Boolean = ("signed", "none"), Works = ["auto", "unsigned"], Default = "auto",
        },
        Define("Content", "UnifiedKernelImageFormat", FileName),
        Define("Content", "UnifiedKernelImageProfiles", Paths) with { PickedUp = ["uki-profiles/*.conf"], MustExist = true, Option = "--uki-profile" },
        Define("Content", "Initrds", Paths) with { Option = "--initrd" },
        Later("Content", "MicrocodeHost", SettingKind.Boolean, Local, "the build host's processor does not decide what is in an image"),
        Later("Content", "InitrdProfiles", Words, SettingScope.Initrd, "add packages with InitrdPackages=") with { Option = "--initrd-profile" },
        Define("Content", "InitrdPackages", Words, SettingScope.Initrd) with { Option = "--initrd-package" },
        Define("Content", "InitrdVolatilePackages", Words, SettingScope.Initrd) with { Option = "--initrd-volatile-package" },
        Later("Content", "Devicetrees", Words, Local) with { OldNames = ["Devicetree"] },
        Later("Content", "Splash", SettingKind.Path, Local, "the boot has no picture"),
        Define("Content", "KernelCommandLine", Arguments) with { Help = "Add to the kernel's command line" },
        Later("Content", "KernelModulesInclude", Arguments, Local, "use KernelModules="),
        Later("Content", "KernelModulesExclude", Arguments, Local, "use KernelModules="),
        Later("Content", "KernelModules", Words, Local, "use RemoveFiles= with paths below /usr/lib/modules"),
        Later("Content", "KernelModulesIncludeHost", SettingKind.Boolean, Local, "the build host's modules do not decide what is in an image"),
        Define("Content", "KernelModulesInitrd", SettingKind.Boolean) with { Default = "yes" },
        Later("Content", "KernelModulesInitrdInclude", Arguments, Local, "use KernelInitrdModules="),
        Later("Content", "KernelModulesInitrdExclude", Arguments, Local, "use KernelInitrdModules= with a minus"),
        Define("Content", "KernelInitrdModules", Words),
        Later("Content", "KernelModulesInitrdIncludeHost", SettingKind.Boolean, Local, "the build host's modules do not decide what is in an image"),
        Later("Content", "FirmwareInclude", Arguments, Local, "use RemoveFiles="),
        Later("Content", "FirmwareExclude", Arguments, Local, "use RemoveFiles="),
        Later("Content", "FirmwareFiles", Words, Local, "use RemoveFiles="),
        Define("Content", "Locale", Text) with { FromBase = true },
        Define("Content", "LocaleMessages", Text) with { FromBase = true },
        Define("Content", "Keymap", Text, InitrdInherit) with { FromBase = true },
        Define("Content", "Timezone", Text, InitrdInherit) with { FromBase = true },
        Define("Content", "Hostname", Text, InitrdInherit) with { FromBase = true },
        Later("Content", "RootPassword", Text, InitrdInherit, "Roos images are reached by ssh with a key") with { PickedUp = ["rootpw"], PickedUpText = true },
        Later("Content", "RootShell", Text, Local, "nobody logs in as root") with { FromBase = true },
        Later("Content", "MachineId", Uuid, Local, "the machine ID is the firmware's: systemd.machine_id=firmware in KernelCommandLine=") with { PickedUp = ["machine-id"], PickedUpText = true, FromBase = true },
        Later("Content", "Autologin", SettingKind.Boolean, Local, "ship a preset that enables a login, as docs say for development"),
        Define("Content", "MakeInitrd", SettingKind.Boolean) with { Default = "no" },
        Later("Content", "Ssh", Choice, Local, "ssh is the image's own: keys come from config/authorized_keys") with { Choices = ["always", "auto", "never", "runtime"], Boolean = ("always", "never"), Default = "auto" },
        Later("Content", "SELinuxRelabel", Feature, Local) with { Option = "--selinux-relabel" },
    ];

    private static SettingDefinition[] ValidationSettings() =>
    [
        Define("Validation", "SecureBoot", SettingKind.Boolean) with { Default = "no", Help = "Sign systemd-boot, the kernel and the UKI" },
        Define("Validation", "SecureBootAutoEnroll", SettingKind.Boolean) with { Default = "yes", Help = "With SecureBoot=: a machine in setup mode enrolls the certificate at its first start" },
        Define("Validation", "SecureBootKey", SettingKind.Path, Universal) with { PickedUp = ["key"] },
        Define("Validation", "SecureBootKeySource", Text, Universal) with { Default = "file" },
        Define("Validation", "SecureBootCertificate", SettingKind.Path, Universal) with { PickedUp = ["crt"] },
        Define("Validation", "SecureBootCertificateSource", Text, Universal) with { Default = "file", Works = ["file"] },
        Idle("Validation", "SecureBootSignTool", Choice, Local, "Roos signs by itself") with { Choices = ["auto", "sbsign", "pesign", "systemd-sbsign"], Default = "auto" },
        Define("Validation", "Verity", Choice) with
        {
            Choices = ["disabled", "hash", "defer", "auto", "signed"], Boolean = ("signed", "disabled"), Works = ["disabled", "hash", "auto", "signed"], Default = "auto", Remark = "roos build --prepare-signing signs later",
        },
        Define("Validation", "VerityKey", SettingKind.Path, Universal) with { PickedUp = ["key"] },
        Define("Validation", "VerityKeySource", Text, Universal) with { Default = "file" },
        Define("Validation", "VerityCertificate", SettingKind.Path, Universal) with { PickedUp = ["crt"] },
        Define("Validation", "VerityCertificateSource", Text, Universal) with { Default = "file", Works = ["file"] },
        Define("Validation", "SignExpectedPcr", Feature) with { Default = "auto", Help = "Sign policies over PCR 11" },
        Define("Validation", "SignExpectedPcrKey", SettingKind.Path, Inherit) with { PickedUp = ["key", "pcr.key"] },
        Define("Validation", "SignExpectedPcrKeySource", Text, Inherit) with { Default = "file" },
        Define("Validation", "SignExpectedPcrCertificate", SettingKind.Path, Inherit) with { PickedUp = ["crt", "pcr.pub"] },
        Define("Validation", "SignExpectedPcrCertificateSource", Text, Inherit) with { Default = "file", Works = ["file"] },
        Later("Validation", "Passphrase", SettingKind.Path, Local, "/var is encrypted on its own machine") with { PickedUp = ["passphrase"] },
        Define("Validation", "Checksum", SettingKind.Boolean) with { Default = "no" },
        Define("Validation", "Sign", SettingKind.Boolean) with { Default = "no", Help = "Sign SHA256SUMS with OpenPGP" },
        Define("Validation", "Key", Text),
        Idle("Validation", "OpenPGPTool", Text, Local, "Roos signs by itself") with { Default = "gpg", Option = "--openpgp-tool" },
    ];
}
