using Roos.Builder.Configuration;
using Roos.Core.Bytes;
using Roos.Core.Identity;
using Roos.Gpt;

namespace Roos.Builder.Repart;

/// <summary>
/// Reads partition definitions (mkosi.repart/*.conf) as systemd-repart 257 does: files in the order of their names, drop-ins from
/// <c>NAME.conf.d/*.conf</c> after each. Stricter in one thing: what systemd-repart would ignore with a warning is an error.
/// </summary>
public static class RepartReader
{
    private const string Section = "Partition";

    private static readonly Dictionary<string, string> Unsupported = new(StringComparer.Ordinal)
    {
        ["CopyBlocks"] = "partitions are made from the image's tree",
        ["Encrypt"] = "partitions are encrypted on the target at first boot, by definitions in /usr/lib/repart.d of the image",
        ["Subvolumes"] = "btrfs is made on the target",
        ["DefaultSubvolume"] = "btrfs is made on the target",
        ["MakeSymlinks"] = "put the link into the image's tree (mkosi.extra)",
        ["MountPoint"] = "put an fstab into the image's tree",
        ["EncryptedVolume"] = "put a crypttab into the image's tree",
        ["SupplementFor"] = "every definition is a partition of its own",
    };

    private delegate RepartDefinition Setting(RepartDefinition definition, IniEntry entry, Reading reading);

    private static readonly Dictionary<string, Setting> Settings = new(StringComparer.Ordinal)
    {
        ["Type"] = (d, e, r) => d with { Type = Type(e, r) },
        ["Label"] = (d, e, r) => d with { Label = Label(e, r) },
        ["UUID"] = (d, e, r) => d with { Uuid = PartitionUuid(e) },
        ["Priority"] = (d, e, r) => r.Note(d, e, RepartValues.Integer(e, int.MinValue, int.MaxValue) == 0 ? null : "an image has room for all its partitions, so none is left out"),
        ["Weight"] = (d, e, r) => d with { Weight = RepartValues.Integer(e, 0, 1_000_000) },
        ["PaddingWeight"] = (d, e, r) => d with { PaddingWeight = RepartValues.Integer(e, 0, 1_000_000) },
        ["SizeMinBytes"] = (d, e, r) => d with { SizeMin = RepartValues.Bound(e, upper: false, r.Notes) },
        ["SizeMaxBytes"] = (d, e, r) => d with { SizeMax = RepartValues.Bound(e, upper: true, r.Notes) },
        ["PaddingMinBytes"] = (d, e, r) => d with { PaddingMin = RepartValues.Bound(e, upper: false, r.Notes) },
        ["PaddingMaxBytes"] = (d, e, r) => d with { PaddingMax = RepartValues.Bound(e, upper: true, r.Notes) },
        ["FactoryReset"] = (d, e, r) => r.Note(d, e, RepartValues.Boolean(e) ? "it matters on the target only, in /usr/lib/repart.d of the image" : null),
        ["Format"] = (d, e, r) => d with { Format = Format(e) },
        ["CopyFiles"] = (d, e, r) => d with { CopyFiles = e.IsEmpty ? [] : [.. d.CopyFiles, CopyFiles(e, r)] },
        ["ExcludeFiles"] = (d, e, r) => d with { ExcludeFiles = Paths(d.ExcludeFiles, e, r) },
        ["ExcludeFilesTarget"] = (d, e, r) => d with { ExcludeFilesTarget = Paths(d.ExcludeFilesTarget, e, r) },
        ["MakeDirectories"] = (d, e, r) => d with { MakeDirectories = e.IsEmpty ? [] : [.. d.MakeDirectories, .. Words(e).Select(word => RepartValues.AbsolutePath(r.Specifiers.Expand(word, e.ValueLocation), e))] },
        ["Verity"] = (d, e, r) => d with { Verity = RepartValues.OneOf(e, ("off", VerityRole.Off), ("data", VerityRole.Data), ("hash", VerityRole.Hash), ("signature", VerityRole.Signature)) },
        ["VerityMatchKey"] = (d, e, r) => d with { VerityMatchKey = e.IsEmpty ? null : e.Value },
        ["VerityDataBlockSizeBytes"] = (d, e, r) => BlockSize(d, e),
        ["VerityHashBlockSizeBytes"] = (d, e, r) => BlockSize(d, e),
        ["Flags"] = (d, e, r) => d with { Flags = (PartitionAttributes)RepartValues.Bits(e) },
        ["ReadOnly"] = (d, e, r) => d with { ReadOnly = RepartValues.Tristate(e) },
        ["NoAuto"] = (d, e, r) => d with { NoAuto = RepartValues.Tristate(e) },
        ["GrowFileSystem"] = (d, e, r) => d with { GrowFileSystem = RepartValues.Tristate(e) },
        ["SplitName"] = (d, e, r) => d with { SplitName = e.IsEmpty ? "%t" : e.Value == "-" ? null : e.Value, SplitNameLocation = e.ValueLocation },
        ["Minimize"] = (d, e, r) => d with { Minimize = Minimize(e) },
        ["Compression"] = (d, e, r) => d with { Compression = e.IsEmpty || e.Value is "none" or "off" ? null : e.Value },
        ["CompressionLevel"] = (d, e, r) => d with { CompressionLevel = e.IsEmpty ? null : RepartValues.Integer(e, -131072, 22) },
    };

    /// <summary>Reads the definitions of directories; of files with the same name the one in the earlier directory counts, and an empty one masks.</summary>
    /// <param name="directories">On the host.</param>
    /// <param name="specifiers">What the percent signs stand for.</param>
    /// <exception cref="ConfigurationException">A file has a mistake.</exception>
    /// <exception cref="UsageException">There is no definition.</exception>
    public static IReadOnlyList<RepartDefinition> Load(IReadOnlyList<string> directories, RepartSpecifiers specifiers)
    {
        var files = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var directory in directories)
        {
            if (!Directory.Exists(directory)) throw new UsageException($"{directory}: there is no such directory; it should hold partition definitions (*.conf)");
            foreach (var file in Directory.GetFiles(directory, "*.conf")) files.TryAdd(Path.GetFileName(file), file);
        }

        var definitions = new List<RepartDefinition>();
        foreach (var (name, file) in files)
        {
            if (new FileInfo(file).Length == 0) continue;
            var parts = new List<IniFile> { IniFile.Load(file, IniDialect.Systemd) };
            var dropIns = directories.Select(directory => Path.Combine(directory, name + ".d")).Where(Directory.Exists).SelectMany(directory => Directory.GetFiles(directory, "*.conf"));
            parts.AddRange(dropIns.OrderBy(Path.GetFileName, StringComparer.Ordinal).Select(dropIn => IniFile.Load(dropIn, IniDialect.Systemd)));
            definitions.Add(Read(name, parts, specifiers));
        }

        if (definitions.Count == 0) throw new UsageException($"{string.Join(", ", directories)}: no partition definitions (*.conf) are there");
        RepartRules.CheckTogether(definitions);
        return definitions;
    }

    /// <summary>Reads one definition from the text of a file.</summary>
    /// <exception cref="ConfigurationException">It has a mistake.</exception>
    public static RepartDefinition Parse(string path, string text, RepartSpecifiers specifiers) =>
        Read(Path.GetFileName(path), [IniFile.Parse(path, text, IniDialect.Systemd)], specifiers);

    private static RepartDefinition Read(string name, List<IniFile> files, RepartSpecifiers specifiers)
    {
        var start = files[0].SectionsNamed(Section).FirstOrDefault()?.Location ?? new SourceLocation(files[0].Path, 1, 1, "");
        var reading = new Reading(specifiers, []);
        var definition = new RepartDefinition { Name = name, Location = start, SplitNameLocation = start, Type = NoType };
        foreach (var section in files.SelectMany(file => file.Sections))
        {
            if (section.Name.StartsWith("X-", StringComparison.Ordinal)) continue;
            if (section.Name != Section) throw section.Location.Error($"a partition definition has one section, [{Section}]; found [{section.Name}]");
            foreach (var entry in section.Entries) definition = Apply(definition, entry, reading);
        }

        if (ReferenceEquals(definition.Type, NoType)) throw start.Error("a partition definition needs a Type=, such as Type=root");
        return RepartRules.Check(definition with { Notes = reading.Notes });
    }

    private static PartitionType NoType { get; } = new(default, "", PartitionDesignator.Other, null);

    private static RepartDefinition Apply(RepartDefinition definition, IniEntry entry, Reading reading)
    {
        if (entry.Key.StartsWith("X-", StringComparison.Ordinal)) return definition;
        if (Settings.TryGetValue(entry.Key, out var setting)) return setting(definition, entry, reading);
        if (Unsupported.TryGetValue(entry.Key, out var reason)) throw entry.KeyLocation.Error($"{entry.Key}= is a setting of systemd-repart that roos does not do: {reason}");
        throw entry.KeyLocation.Error($"{entry.Key}= is no setting of a partition definition{NearestName.Suggest(entry.Key, Settings.Keys.Order(StringComparer.Ordinal))}");
    }

    private static PartitionType Type(IniEntry entry, Reading reading) =>
        PartitionType.Find(entry.Value, reading.Specifiers.Architecture)
        ?? throw entry.ValueLocation.Error($"\"{entry.Value}\" is no partition type{NearestName.Suggest(entry.Value, PartitionType.Identifiers())}");

    private static string Label(IniEntry entry, Reading reading)
    {
        var label = reading.Specifiers.Expand(entry.Value, entry.ValueLocation);
        return label.Length <= 36 ? label : throw entry.ValueLocation.Error($"a partition label has at most 36 UTF-16 units; \"{label}\" has {label.Length}");
    }

    private static Uuid? PartitionUuid(IniEntry entry)
    {
        if (entry.IsEmpty) return null;
        if (entry.Value == "null") return Uuid.Zero;
        return Uuid.TryParse(entry.Value, out var uuid) ? uuid : throw entry.ValueLocation.Error($"UUID= takes a UUID or null; found \"{entry.Value}\"");
    }

    private static string? Format(IniEntry entry)
    {
        if (entry.IsEmpty) return null;
        if (entry.Value is "erofs" or "vfat") return entry.Value;
        throw entry.ValueLocation.Error(entry.Value is "ext4" or "btrfs" or "xfs" or "squashfs" or "swap" or "ext2" or "ext3" or "f2fs" or "exfat" or "ntfs" or "empty"
            ? $"roos writes erofs and vfat; {entry.Value} can be made on the target at first boot, by a definition in /usr/lib/repart.d of the image"
            : $"Format= takes erofs or vfat; found \"{entry.Value}\"{NearestName.Suggest(entry.Value, ["erofs", "vfat"])}");
    }

    private static CopyFilesRule CopyFiles(IniEntry entry, Reading reading)
    {
        var parts = RepartValues.SplitAtColons(entry);
        if (parts.Count > 3) throw entry.ValueLocation.Error($"CopyFiles= takes SOURCE[:TARGET[:OPTIONS]]; found \"{entry.Value}\"");
        if (parts.Count == 3 && parts[2] is not ("" or "fsverity=off")) throw entry.ValueLocation.Error($"roos knows no option of CopyFiles=; found \"{parts[2]}\"");
        var source = reading.Specifiers.Expand(parts[0], entry.ValueLocation);
        var target = parts.Count > 1 && parts[1].Length > 0 ? reading.Specifiers.Expand(parts[1], entry.ValueLocation) : source;
        return new CopyFilesRule(RepartValues.AbsolutePath(source, entry), RepartValues.AbsolutePath(target, entry), entry.ValueLocation);
    }

    private static IReadOnlyList<ByteString> Paths(IReadOnlyList<ByteString> before, IniEntry entry, Reading reading) =>
        entry.IsEmpty ? [] : [.. before, RepartValues.AbsolutePath(reading.Specifiers.Expand(entry.Value, entry.ValueLocation), entry, keepTrailingSlash: true)];

    private static string[] Words(IniEntry entry) => entry.Value.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);

    private static RepartDefinition BlockSize(RepartDefinition definition, IniEntry entry) =>
        RepartValues.Size(entry) == 4096 ? definition : throw entry.ValueLocation.Error($"roos writes verity volumes with blocks of 4096 bytes; found {entry.Key}={entry.Value}");

    private static MinimizeMode Minimize(IniEntry entry) => RepartValues.ParseBoolean(entry.Value) switch
    {
        true => MinimizeMode.Best,
        false => MinimizeMode.Off,
        _ => RepartValues.OneOf(entry, ("off", MinimizeMode.Off), ("best", MinimizeMode.Best), ("guess", MinimizeMode.Guess)),
    };

    private sealed record Reading(RepartSpecifiers Specifiers, List<string> Notes)
    {
        public RepartDefinition Note(RepartDefinition definition, IniEntry entry, string? note)
        {
            if (note is not null) Notes.Add($"{entry.KeyLocation}: {entry.Key}= changes nothing here: {note}");
            return definition;
        }
    }
}
