using static Roos.Builder.Configuration.SettingKind;
using static Roos.Builder.Configuration.SettingScope;

namespace Roos.Builder.Configuration;

/// <content>[Build] and [Runtime].</content>
public static partial class SettingTable
{
    private const string NoToolsTree = "Roos needs no tools besides itself";
    private const string OwnCache = "Roos keeps a cache of package trees and builds everything else anew";
    private const string OwnMachine = "'roos vm' has options of its own";

    private static SettingDefinition[] BuildSettings() =>
    [
        Idle("Build", "ToolsTree", Text, Universal, NoToolsTree) with { PickedUp = ["tools"] },
        Idle("Build", "ToolsTreeDistribution", Text, Tools, NoToolsTree) with { CanMatch = true },
        Idle("Build", "ToolsTreeRelease", Text, Tools, NoToolsTree) with { CanMatch = true },
        Idle("Build", "ToolsTreeProfiles", Words, Tools, NoToolsTree) with { Option = "--tools-tree-profile" },
        Idle("Build", "ToolsTreeMirror", Text, Tools, NoToolsTree),
        Idle("Build", "ToolsTreeRepositories", Words, Tools, NoToolsTree) with { Option = "--tools-tree-repository" },
        Idle("Build", "ToolsTreeSandboxTrees", Words, Tools, NoToolsTree) with { OldNames = ["ToolsTreePackageManagerTrees"], Option = "--tools-tree-sandbox-tree" },
        Idle("Build", "ToolsTreePackages", Words, Tools, NoToolsTree) with { Option = "--tools-tree-package" },
        Idle("Build", "ToolsTreePackageDirectories", Words, Tools, NoToolsTree) with { Option = "--tools-tree-package-directory" },
        Idle("Build", "ToolsTreeCertificates", SettingKind.Boolean, Universal, NoToolsTree),
        Idle("Build", "ExtraSearchPaths", Words, Universal, NoToolsTree) with { Option = "--extra-search-path" },
        Idle("Build", "Incremental", Choice, Universal, OwnCache) with { Choices = ["yes", "no", "strict", "relaxed"], Boolean = ("yes", "no"), Default = "no", ShortOption = "-i" },
        Define("Build", "CacheOnly", Choice, Inherit) with { Choices = ["always", "auto", "never", "metadata"], Boolean = ("always", "auto"), Default = "auto", Works = ["auto", "metadata"] },
        Later("Build", "SandboxTrees", Trees, Universal, "apt is configured by Mirror= and Repositories=") with { PickedUp = ["sandbox", "sandbox.tar", "pkgmngr", "pkgmngr.tar"], OldNames = ["PackageManagerTrees"], Option = "--sandbox-tree" },
        Define("Build", "WorkspaceDirectory", SettingKind.Path, Multiversal) with { Help = "Where large temporary files go" },
        Define("Build", "CacheDirectory", SettingKind.Path, Universal) with { PickedUp = ["cache"] },
        Idle("Build", "CacheKey", Text, Inherit, OwnCache),
        Define("Build", "PackageCacheDirectory", SettingKind.Path, Multiversal) with { PickedUp = ["pkgcache"] },
        Idle("Build", "BuildDirectory", SettingKind.Path, Universal, "nothing is compiled during a build") with { PickedUp = ["builddir"] },
        Idle("Build", "BuildKey", Text, Inherit, "nothing is compiled during a build"),
        Idle("Build", "UseSubvolumes", Feature, Universal, "trees are held in memory"),
        Idle("Build", "RepartOffline", SettingKind.Boolean, Universal, "disks are always written without loop devices"),
        Idle("Build", "History", SettingKind.Boolean, Main, "every verb reads the configuration anew"),
        Idle("Build", "BuildSources", Words, Multiversal, "there are no build scripts") with { CanMatch = false },
        Idle("Build", "BuildSourcesEphemeral", Text, Multiversal, "there are no build scripts"),
        Define("Build", "Environment", Assignments) with { CanMatch = true, ShortOption = "-E", Help = "KEY=VALUE for the templates" },
        Define("Build", "EnvironmentFiles", Paths) with { PickedUp = ["env"], MustExist = true, Option = "--env-file" },
        Idle("Build", "WithTests", SettingKind.Boolean, Universal, "there are no build scripts") with { ShortOption = "-T" },
        Idle("Build", "WithNetwork", SettingKind.Boolean, Universal, "there are no build scripts"),
        Later("Build", "ProxyUrl", Text, Multiversal, "set http_proxy in the environment of the build"),
        Define("Build", "ProxyExclude", Words, Multiversal),
        Later("Build", "ProxyPeerCertificate", SettingKind.Path, Multiversal),
        Later("Build", "ProxyClientCertificate", SettingKind.Path, Multiversal),
        Later("Build", "ProxyClientKey", SettingKind.Path, Multiversal),
        Idle("Build", "MakeScriptsExecutable", SettingKind.Boolean, Multiversal, "scripts are not run from their files"),
        Idle("Build", "ForeignUIDRange", SettingKind.Boolean, Main, "trees are held in memory") with { Option = "--foreign-uid-range" },
    ];

    private static SettingDefinition[] RuntimeSettings() =>
    [
        Machine("NSpawnSettings", Text) with { PickedUp = ["nspawn"], Option = "--settings" },
        Machine("Ephemeral", SettingKind.Boolean),
        Machine("Credentials", Text) with { PickedUp = ["credentials"], Option = "--credential" },
        Machine("KernelCommandLineExtra", Arguments),
        Machine("RuntimeTrees", Words) with { Option = "--runtime-tree" },
        Machine("RuntimeSize", Size),
        Machine("RuntimeScratch", Text),
        Machine("RuntimeNetwork", Choice) with { Choices = ["interface", "user", "none"] },
        Machine("RuntimeBuildSources", SettingKind.Boolean),
        Machine("RuntimeHome", SettingKind.Boolean),
        Machine("BindUser", SettingKind.Boolean),
        Machine("UnitProperties", Words) with { Option = "--unit-property" },
        Machine("SshKey", SettingKind.Path) with { PickedUp = ["key"] },
        Machine("SshCertificate", SettingKind.Path) with { PickedUp = ["crt"] },
        Machine("VirtualMachineMonitor", Choice) with { Choices = ["qemu", "vmspawn"], Option = "--vmm" },
        Machine("Machine", Text),
        Machine("ForwardJournal", SettingKind.Path),
        Machine("SysupdateDirectory", SettingKind.Path) with { PickedUp = ["sysupdate"] },
        Machine("Console", Choice) with { Choices = ["interactive", "read-only", "native", "gui", "headless"] },
        Machine("CPUs", Integer) with { OldNames = ["QemuSmp"], Option = "--cpus" },
        Machine("RAM", Size) with { OldNames = ["QemuMem"], Option = "--ram" },
        Machine("MaxMem", Size) with { Option = "--maxmem" },
        Machine("KVM", Feature) with { OldNames = ["QemuKvm"], Option = "--kvm" },
        Machine("CXL", SettingKind.Boolean) with { Option = "--cxl" },
        Machine("VSock", Feature) with { OldNames = ["QemuVsock"], Option = "--vsock" },
        Machine("VSockCID", Text) with { OldNames = ["QemuVsockConnectionId"], Option = "--vsock-cid" },
        Machine("TPM", Feature) with { OldNames = ["QemuSwtpm"], Option = "--tpm" },
        Machine("Removable", SettingKind.Boolean) with { OldNames = ["QemuRemovable"] },
        Machine("DiskType", Text),
        Machine("Firmware", Text) with { OldNames = ["QemuFirmware"] },
        Machine("FirmwareVariables", Text) with { OldNames = ["QemuFirmwareVariables"] },
        Machine("Linux", Text) with { OldNames = ["QemuKernel"] },
        Machine("Drives", Arguments) with { OldNames = ["QemuDrives"], Option = "--drive" },
        Machine("QemuArgs", Arguments),
        Machine("QemuGui", SettingKind.Boolean),
        Machine("Register", Feature),
        Machine("StorageTargetMode", Feature),
    ];

    /// <summary>A setting about running an image. It never changes the image.</summary>
    private static SettingDefinition Machine(string name, SettingKind kind) => Idle("Runtime", name, kind, Main, OwnMachine);
}
