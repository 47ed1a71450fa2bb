using static Roos.Builder.Configuration.SettingKind;
using static Roos.Builder.Configuration.SettingScope;

namespace Roos.Builder.Configuration;

/// <content>[Include], [Config], [Distribution] and [Output].</content>
public static partial class SettingTable
{
    private static string[] Distributions =>
    [
        "fedora", "debian", "kali", "ubuntu", "arch", "postmarketos", "opensuse", "mageia", "centos", "rhel", "rhel-ubi", "openmandriva", "rocky", "alma", "azure", "custom",
    ];

    private static string[] Architectures =>
    [
        "alpha", "arc", "arm", "arm64", "ia64", "loongarch64", "mips-le", "mips64-le", "parisc", "ppc", "ppc64", "ppc64-le", "riscv32", "riscv64", "s390", "s390x",
        "tilegx", "x86", "x86-64",
    ];

    private static string[] Formats => ["confext", "cpio", "directory", "disk", "esp", "none", "portable", "sysext", "tar", "uki", "oci", "addon"];

    private static string[] Compressions => ["none", "zstd", "xz", "bz2", "gz", "lz4", "lzma"];

    private static SettingDefinition[] OutputSettings() =>
    [
        Define("Include", "Include", Paths) with { MustExist = true, Help = "Read a further configuration file or folder" },
        Define("Config", "Profiles", Words, Inherit) with { CanMatch = true, OldNames = ["Profile"], Option = "--profile", Help = "Enable a profile of mkosi.profiles/" },
        Define("Config", "Dependencies", Words) with { Option = "--dependency" },
        Idle("Config", "MinimumVersion", Text, Main, "it names a version of mkosi, and Roos counts its own"),
        Later("Config", "ConfigureScripts", Paths, Local, "Roos runs nothing to find out its configuration: write the settings into mkosi.conf") with { PickedUp = ["configure"], Option = "--configure-script" },
        Define("Config", "PassEnvironment", Words, Main),

        Define("Distribution", "Distribution", Choice, Universal) with
        {
            Choices = Distributions, Works = ["debian", "ubuntu", "fedora", "custom"], Default = "debian", CanMatch = true, Specifier = 'd', ShortOption = "-d", Help = "The distribution to install",
        },
        Define("Distribution", "Release", Text, Universal) with { CanMatch = true, Specifier = 'r', ShortOption = "-r", Help = "Its release" },
        Define("Distribution", "Architecture", Choice, Universal) with
        {
            Choices = Architectures, Works = ["x86-64", "arm64"], CanMatch = true, Specifier = 'a', Help = "The architecture of the image",
            Synonyms = new Dictionary<string, string> { ["x86_64"] = "x86-64", ["amd64"] = "x86-64", ["aarch64"] = "arm64" },
        },
        Define("Distribution", "Mirror", Text, Universal) with { ShortOption = "-m", Help = "Where packages come from" },
        Later("Distribution", "Snapshot", Text, Universal, "name a snapshot's address as Mirror=") with { PickedUp = ["snapshot"], PickedUpText = true },
        Later("Distribution", "LocalMirror", Text, Universal, "use Mirror="),
        Define("Distribution", "RepositoryKeyCheck", SettingKind.Boolean, Multiversal) with { Default = "yes" },
        Idle("Distribution", "RepositoryKeyFetch", SettingKind.Boolean, Universal, "keys come from the distribution's keyring package"),
        Define("Distribution", "Repositories", Words, Universal) with { CanMatch = true },

        Define("Output", "Format", Choice) with
        {
            Choices = Formats, Works = ["disk", "directory", "cpio", "none"], Default = "disk", CanMatch = true, Specifier = 't', ShortOption = "-t", Help = "What to build: disk, cpio, ...",
        },
        Define("Output", "ManifestFormat", Choices) with { Choices = ["json", "changelog"], Works = ["json"] },
        Define("Output", "Output", FileName) with { Specifier = 'o', ShortOption = "-o", Help = "The name of the output, without extension" },
        Define("Output", "OutputExtension", FileName),
        Later("Output", "OutputSize", Size, Local, "the partitions' sizes in mkosi.repart/ decide"),
        Define("Output", "CompressOutput", Choice) with
        {
            Choices = Compressions, Boolean = ("zstd", "none"), Works = ["none", "zstd"], Synonyms = new Dictionary<string, string> { ["zst"] = "zstd", ["gzip"] = "gz" },
        },
        Define("Output", "CompressLevel", Integer, Inherit) with { Default = "3" },
        Define("Output", "OutputDirectory", SettingKind.Path, Universal) with { Specifier = 'O', ShortOption = "-O", PickedUp = ["output"], Help = "The folder that results are written to" },
        Later("Output", "OutputMode", Mode, Universal),
        Define("Output", "ImageVersion", Text, Inherit) with { CanMatch = true, Specifier = 'v', PickedUp = ["version"], PickedUpText = true, Help = "The version in names, labels and os-release" },
        Define("Output", "ImageId", Text, Inherit) with { CanMatch = true, Specifier = 'i', Help = "The name of the image in names, labels and os-release" },
        Later("Output", "OciLabels", Assignments, Local),
        Later("Output", "OciAnnotations", Assignments, Local),
        Define("Output", "SplitArtifacts", Choices) with
        {
            Choices = ["uki", "kernel", "initrd", "partitions", "tar", "pcrs", "roothash", "os-release", "kernel-modules-initrd", "repart-definitions"],
            Works = ["uki", "kernel", "initrd", "partitions", "roothash", "os-release"], Default = "uki kernel initrd", Help = "Parts that are written as files of their own",
        },
        Define("Output", "RepartDirectories", Paths) with { PickedUp = ["repart"], MustExist = true, Option = "--repart-directory" },
        Define("Output", "SectorSize", Integer, Inherit) with { Works = ["512"] },
        Later("Output", "Overlay", SettingKind.Boolean, Local),
        Define("Output", "Seed", Uuid) with { PickedUp = ["seed"], PickedUpText = true, Help = "What UUIDs and salts are derived from" },
        Later("Output", "ElTorito", Feature, Local, "Roos makes no CD images"),
        Later("Output", "ElToritoSystem", Text, Local, "Roos makes no CD images"),
        Later("Output", "ElToritoVolume", Text, Local, "Roos makes no CD images"),
        Later("Output", "ElToritoPublisher", Text, Local, "Roos makes no CD images"),
        Idle("Output", "CleanScripts", Paths, Local, "Roos runs no scripts on the build host") with { PickedUp = ["clean"], Option = "--clean-script" },
    ];
}
