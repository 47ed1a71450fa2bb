using System.Globalization;
using Roos.Core.Identity;

namespace Roos.Builder.Configuration;

/// <summary>A folder or tar that is copied over a tree.</summary>
/// <param name="Source">Absolute path on this machine.</param>
/// <param name="Target">Absolute path in the image; the root if none was named.</param>
/// <param name="Origin">Where it was named.</param>
public sealed record ExtraTree(string Source, string Target, SettingOrigin Origin);

/// <summary>Where the initrd of an image comes from: another image of the configuration, or a ready file.</summary>
public sealed record InitrdReference(string? Image, string? File, SettingOrigin Origin);

/// <summary>
/// The resolved configuration of one image. An image with base trees contains the content settings of these before its own:
/// what mkosi installs in two steps is one installation here.
/// </summary>
public sealed class ImageConfiguration
{
    private readonly IReadOnlyDictionary<string, SettingValue> _values;

    internal ImageConfiguration(
        string name, IReadOnlyDictionary<string, SettingValue> own, IReadOnlyDictionary<string, SettingValue> values, IReadOnlyList<string> files,
        IReadOnlyList<string> bases, IReadOnlyList<InitrdReference> initrds, IReadOnlyList<UkiProfile> profiles, IReadOnlyList<Setting<(string Key, string Value)>> environment)
    {
        (Name, Own, _values, Files, Bases, Initrds, UkiProfiles, Environment) = (name, own, values, files, bases, initrds, profiles, environment);
    }

    /// <summary>"main", or the name below mkosi.images/.</summary>
    public string Name { get; }

    /// <summary>What the image's own files say, without base trees; this is what mkosi's summary shows.</summary>
    public IReadOnlyDictionary<string, SettingValue> Own { get; }

    /// <summary>The configuration files that were read, absolute, in order.</summary>
    public IReadOnlyList<string> Files { get; }

    /// <summary>The images that this one is built upon, nearest first.</summary>
    public IReadOnlyList<string> Bases { get; }

    public IReadOnlyList<InitrdReference> Initrds { get; }

    public IReadOnlyList<UkiProfile> UkiProfiles { get; }

    /// <summary>EnvironmentFiles= (mkosi.env) and then Environment=, one entry per name.</summary>
    public IReadOnlyList<Setting<(string Key, string Value)>> Environment { get; }

    public Setting<string> Distribution => Required("Distribution");

    public Setting<string?> Release => Optional("Release");

    /// <summary>x86-64 or arm64.</summary>
    public Setting<string> Architecture => Required("Architecture");

    public Setting<string?> Mirror => Optional("Mirror");

    public Setting<string?> LocalMirror => Optional("LocalMirror");

    public Setting<bool> RepositoryKeyCheck => Flag("RepositoryKeyCheck");

    public IReadOnlyList<Setting<string>> Repositories => List("Repositories");

    /// <summary>disk, directory, cpio, none.</summary>
    public Setting<string> Format => Required("Format");

    public IReadOnlyList<Setting<string>> ManifestFormat => List("ManifestFormat");

    /// <summary>The name of the output without extension.</summary>
    public Setting<string> Output => Required("Output");

    /// <summary>raw for disks, cpio, ...; empty for folders.</summary>
    public string OutputExtension => this["OutputExtension"].Text ?? "";

    /// <summary>none or zstd.</summary>
    public Setting<string> CompressOutput => Required("CompressOutput");

    public Setting<int> CompressLevel => new(int.Parse(Required("CompressLevel").Value, CultureInfo.InvariantCulture), this["CompressLevel"].Origin);

    /// <summary>Absolute; null if nobody set it and there is no mkosi.output/: then the current folder.</summary>
    public Setting<string?> OutputDirectory => Optional("OutputDirectory");

    public Setting<string?> ImageId => Optional("ImageId");

    public Setting<string?> ImageVersion => Optional("ImageVersion");

    /// <summary>uki, kernel, initrd, partitions, roothash, os-release.</summary>
    public IReadOnlyList<Setting<string>> SplitArtifacts => List("SplitArtifacts");

    /// <summary>Folders of partition definitions, absolute.</summary>
    public IReadOnlyList<Setting<string>> RepartDirectories => List("RepartDirectories");

    /// <summary>From it every UUID and salt is derived.</summary>
    public Setting<Seed> Seed => new(new Seed(Uuid.Parse(Required("Seed").Value)), this["Seed"].Origin);

    /// <summary>Seconds since 1970; null if neither SourceDateEpoch= nor SOURCE_DATE_EPOCH was set.</summary>
    public Setting<long?> SourceDateEpoch => new(this["SourceDateEpoch"].Text is { } text ? long.Parse(text, CultureInfo.InvariantCulture) : null, this["SourceDateEpoch"].Origin);

    /// <summary>Packages= and VolatilePackages=, each name once.</summary>
    public IReadOnlyList<Setting<string>> Packages => [.. List("Packages").Concat(List("VolatilePackages")).DistinctBy(package => package.Value)];

    public Setting<bool> WithRecommends => Flag("WithRecommends");

    public Setting<bool> WithDocs => Flag("WithDocs");

    /// <summary>In the order in which they are copied.</summary>
    public IReadOnlyList<ExtraTree> ExtraTrees => [.. List("ExtraTrees").Select(item => ParseTree(item))];

    /// <summary>Globs of paths in the image.</summary>
    public IReadOnlyList<Setting<string>> RemoveFiles => List("RemoveFiles");

    public IReadOnlyList<Setting<string>> RemovePackages => List("RemovePackages");

    /// <summary>enabled, disabled, auto.</summary>
    public Setting<string> CleanPackageMetadata => Required("CleanPackageMetadata");

    /// <summary>enabled, disabled, auto.</summary>
    public Setting<string> Bootable => Required("Bootable");

    /// <summary>none, uki, systemd-boot.</summary>
    public Setting<string> Bootloader => Required("Bootloader");

    /// <summary>auto or unsigned.</summary>
    public Setting<string> UnifiedKernelImages => Required("UnifiedKernelImages");

    /// <summary>The UKI's file name without extension; null: the builder's choice.</summary>
    public Setting<string?> UnifiedKernelImageFormat => Optional("UnifiedKernelImageFormat");

    public Setting<string?> Splash => Optional("Splash");

    public IReadOnlyList<Setting<string>> KernelCommandLine => List("KernelCommandLine");

    /// <summary>Globs of modules that stay in the image; empty: all.</summary>
    public IReadOnlyList<Setting<string>> KernelModules => List("KernelModules");

    /// <summary>Whether the image's modules get into an initrd of their own, joined to the image's initrd.</summary>
    public Setting<bool> KernelModulesInitrd => Flag("KernelModulesInitrd");

    /// <summary>Globs of modules for the initrd, a minus excludes (mkosi 26 and newer).</summary>
    public IReadOnlyList<Setting<string>> KernelInitrdModules => List("KernelInitrdModules");

    /// <summary>Regular expressions of modules for the initrd (mkosi 25).</summary>
    public IReadOnlyList<Setting<string>> KernelModulesInitrdInclude => List("KernelModulesInitrdInclude");

    /// <summary>Regular expressions of modules that do not get into the initrd (mkosi 25).</summary>
    public IReadOnlyList<Setting<string>> KernelModulesInitrdExclude => List("KernelModulesInitrdExclude");

    public IReadOnlyList<Setting<string>> InitrdPackages => List("InitrdPackages");

    /// <summary>/init and /etc/initrd-release are wanted.</summary>
    public Setting<bool> MakeInitrd => Flag("MakeInitrd");

    public Setting<string?> Locale => Optional("Locale");

    public Setting<string?> LocaleMessages => Optional("LocaleMessages");

    public Setting<string?> Keymap => Optional("Keymap");

    public Setting<string?> Timezone => Optional("Timezone");

    public Setting<string?> Hostname => Optional("Hostname");

    public Setting<string?> RootShell => Optional("RootShell");

    public Setting<string?> MachineId => Optional("MachineId");

    public Setting<bool> Checksum => Flag("Checksum");

    /// <summary>disabled, hash, auto, signed.</summary>
    public Setting<string> Verity => Required("Verity");

    public Setting<bool> SecureBoot => Flag("SecureBoot");

    public Setting<bool> SecureBootAutoEnroll => Flag("SecureBootAutoEnroll");

    /// <summary>enabled, disabled, auto.</summary>
    public Setting<string> SignExpectedPcr => Required("SignExpectedPcr");

    /// <summary>Whether SHA256SUMS is signed.</summary>
    public Setting<bool> Sign => Flag("Sign");

    /// <summary>The private key for SHA256SUMS.</summary>
    public Setting<string?> Key => Optional("Key");

    /// <summary>A key and what says whose it is: SecureBoot, Verity or SignExpectedPcr.</summary>
    internal (Setting<string?> Key, Setting<string> Source, Setting<string?> Certificate) Signer(string name) =>
        (Optional(name + "Key"), Required(name + "KeySource"), Optional(name + "Certificate"));

    public Setting<string> CacheOnly => Required("CacheOnly");

    public Setting<string?> WorkspaceDirectory => Optional("WorkspaceDirectory");

    public Setting<string?> CacheDirectory => Optional("CacheDirectory");

    public Setting<string?> PackageCacheDirectory => Optional("PackageCacheDirectory");

    /// <summary>The effective value of any setting of the table.</summary>
    public SettingValue this[string setting] => _values[setting];

    /// <summary>The value of one name of the environment, or null.</summary>
    public Setting<string>? Variable(string key) =>
        Environment.LastOrDefault(item => item.Value.Key == key) is { } found ? new Setting<string>(found.Value.Value, found.Origin) : null;

    private Setting<string> Required(string name) => this[name].Items is [.., var last] ? last : throw new InvalidOperationException($"{name} has no value");

    private Setting<string?> Optional(string name) => new(this[name].Text, this[name].Origin);

    private Setting<bool> Flag(string name) => new(this[name].Text == "yes", this[name].Origin);

    private IReadOnlyList<Setting<string>> List(string name) => this[name].Items;

    private static ExtraTree ParseTree(Setting<string> item)
    {
        var colon = item.Value.LastIndexOf(":/", StringComparison.Ordinal);
        return colon <= 1 ? new ExtraTree(item.Value, "/", item.Origin) : new ExtraTree(item.Value[..colon], item.Value[(colon + 1)..], item.Origin);
    }
}
