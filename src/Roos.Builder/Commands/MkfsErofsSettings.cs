using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Text;
using Roos.Core.Identity;
using Roos.Core.Tree;
using Roos.Erofs;
using Roos.Verity;

namespace Roos.Builder.Commands;

/// <summary>The options of <c>roos mkfs.erofs</c>, checked.</summary>
internal sealed record MkfsErofsSettings
{
    private static readonly Option<string?> Compression = new("--compress", "-z") { Description = "Compress with zstd", HelpName = "zstd[,level=N]" };

    private static readonly Option<string?> Cluster = new("--cluster-size", "-C") { Description = "Most compressed bytes of an extent: a power of two from 4096 to 1048576 (default); K and M are known", HelpName = "BYTES" };

    private static readonly Option<string[]> Extended = new("--extended", "-E") { Description = "Layout: fragments, all-fragments, ztailpacking, dedupe, legacy-compress, with commas; ^ before one turns it off again. Without -E and with -z: fragments", HelpName = "OPTION[,...]" };

    private static readonly Option<string?> MaximumExtent = new("--max-extent-bytes") { Description = "Most decompressed bytes of an extent: a multiple of 4096 to 12582912 (default: 2097152)", HelpName = "BYTES" };

    private static readonly Option<string?> Hints = new("--compress-hints") { Description = "Clusters of single files: lines of \"BYTES REGEX\", 0 for no compression; the first that matches a path counts (no slash before it)", HelpName = "FILE" };

    private static readonly Option<string?> UuidOption = new("--uuid", "-U") { Description = "UUID of the volume, or clear, or random", HelpName = "UUID" };

    private static readonly Option<string?> Time = new("--timestamp", "-T") { Description = "Time of the image and of all files in it, in seconds since 1970", HelpName = "SECONDS" };

    private static readonly Option<bool> AllTime = new("--all-time") { Description = "-T is the time of the files, too (default)" };

    private static readonly Option<bool> ImageTime = new("--mkfs-time") { Description = "-T is the time of the image only: files keep their own" };

    private static readonly Option<string?> Label = new("--label", "-L") { Description = "Label of the volume, at most 15 bytes", HelpName = "LABEL" };

    private static readonly Option<bool> AllRoot = new("--all-root") { Description = "Root owns all files" };

    private static readonly Option<string?> ForceUser = new("--force-uid") { Description = "This user owns all files", HelpName = "UID" };

    private static readonly Option<string?> ForceGroup = new("--force-gid") { Description = "This group owns all files", HelpName = "GID" };

    private static readonly Option<string?> UserOffset = new("--uid-offset") { Description = "Added to the user of every file", HelpName = "N" };

    private static readonly Option<string?> GroupOffset = new("--gid-offset") { Description = "Added to the group of every file", HelpName = "N" };

    private static readonly Option<string?> Attributes = new("--xattrs", "-x") { Description = "A negative number leaves extended attributes out; which of them are shared is not for choice yet", HelpName = "N" };

    private static readonly Option<string?> HashTreeOption = new("--hash-tree") { Description = "Write the hash device of dm-verity there and print the root hash", HelpName = "FILE" };

    private static readonly Option<string?> Salt = new("--salt") { Description = "Salt of the hash tree in hex; none without it", HelpName = "HEX" };

    private static readonly Option<string?> HashUuid = new("--hash-uuid") { Description = "UUID of the hash tree; all zeros without it", HelpName = "UUID" };

    private static readonly Option<string?> CacheOption = new("--cache") { Description = "Keep compressed extents in this folder, for later images; several may use it at a time", HelpName = "DIR" };

    private static readonly Option<string?> Workers = new("--workers") { Description = "Threads that compress and hash; the image does not depend on it (default: one per processor)", HelpName = "N" };

    public required ErofsOptions Erofs { get; init; }

    /// <summary>What becomes of owners, times and attributes before anything is written.</summary>
    public required MetadataChanges Metadata { get; init; }

    /// <summary>Full path of the hash device; null for none.</summary>
    public string? HashTree { get; init; }

    /// <summary>The folder of compressed extents; null for none.</summary>
    public string? Cache { get; init; }

    public required VerityOptions Verity { get; init; }

    public static void AddOptionsTo(Command command)
    {
        foreach (var option in new Option[]
        {
            Compression, Cluster, Extended, MaximumExtent, Hints, UuidOption, Label, Time, AllTime, ImageTime,
            AllRoot, ForceUser, ForceGroup, UserOffset, GroupOffset, Attributes, HashTreeOption, Salt, HashUuid, CacheOption, Workers,
        })
        {
            command.Options.Add(option);
        }
    }

    /// <exception cref="UsageException">An option that makes no sense, by itself or beside another.</exception>
    public static MkfsErofsSettings Read(ParseResult parsed)
    {
        var (compression, level) = ReadCompression(parsed.GetValue(Compression));
        var label = parsed.GetValue(Label) ?? "";
        if (Encoding.UTF8.GetByteCount(label) > 15) throw new UsageException($"-L takes at most 15 bytes; found {Encoding.UTF8.GetByteCount(label)} (\"{label}\")");
        var workers = NumberOption.Integer("--workers", parsed.GetValue(Workers), 1, 1024) ?? Environment.ProcessorCount;
        var time = NumberOption.Integer("-T", parsed.GetValue(Time), long.MinValue, long.MaxValue);
        return new MkfsErofsSettings
        {
            Erofs = WithLayout(parsed, new ErofsOptions
            {
                Uuid = ReadUuid("-U", parsed.GetValue(UuidOption)),
                BuildTime = new Timestamp(time ?? SourceDateEpoch(), 0),
                Compression = compression,
                Fragments = compression == ErofsCompression.None ? ErofsFragments.None : ErofsFragments.Tails,
                Level = level,
                Workers = (int)workers,
                VolumeLabel = label,
            }),
            Metadata = ReadMetadata(parsed, time),
            HashTree = ReadHashTree(parsed),
            Cache = ReadCache(parsed.GetValue(CacheOption)),
            Verity = new VerityOptions
            {
                Salt = VerityCommand.ParseSalt(parsed.GetValue(Salt) ?? "-"),
                Uuid = ReadUuid("--hash-uuid", parsed.GetValue(HashUuid)),
                Workers = (int)workers,
            },
        };
    }

    /// <summary>
    /// The layout that the environment asks for by systemd-repart's name for it; null where it does not. -C, -E,
    /// --max-extent-bytes and --compress-hints are understood.
    /// </summary>
    /// <exception cref="UsageException">Another option, or a value that makes no sense.</exception>
    public static Func<ErofsOptions, ErofsOptions>? Layout(Func<string, string?> environment)
    {
        const string name = "SYSTEMD_REPART_MKFS_OPTIONS_EROFS";
        if (environment(name) is not { } text || string.IsNullOrWhiteSpace(text)) return null;
        var parsed = new Command(name) { Cluster, Extended, MaximumExtent, Hints }.Parse(CommandLineParser.SplitCommandLine(text).ToArray());
        if (parsed.Errors.Count > 0) throw new UsageException($"{name} takes -C, -E, --max-extent-bytes and --compress-hints: {parsed.Errors[0].Message}");
        try
        {
            _ = WithLayout(parsed, new ErofsOptions { Uuid = default, BuildTime = default });
        }
        catch (UsageException e)
        {
            throw new UsageException($"{name}: {e.Message}");
        }

        return options => WithLayout(parsed, options);
    }

    /// <summary>What the options say of the layout; what they do not say stays.</summary>
    private static ErofsOptions WithLayout(ParseResult parsed, ErofsOptions options)
    {
        var cluster = NumberOption.Bytes("-C", parsed.GetValue(Cluster)) ?? options.ClusterSize;
        if (!ErofsOptions.IsClusterSize(cluster)) throw new UsageException($"-C takes a power of two from 4096 to 1048576; found {cluster}");
        var extent = NumberOption.Bytes("--max-extent-bytes", parsed.GetValue(MaximumExtent)) ?? options.MaximumExtentSize;
        if (extent is < 4096 or > 12 << 20 || extent % 4096 != 0) throw new UsageException($"--max-extent-bytes takes a multiple of 4096 to 12582912, which is what Linux reads; found {extent}");
        options = options with { ClusterSize = (int)cluster, MaximumExtentSize = (int)extent };
        if (parsed.GetValue(Hints) is { } hints) options = options with { Hint = CompressHints.Read(hints).ClusterOf };
        if (parsed.GetValue(Extended) is not { Length: > 0 } names) return options;
        var layout = ExtendedLayout.Parse(names);
        return options with { Fragments = layout.Fragments, TailPacking = layout.TailPacking, Deduplicate = layout.Deduplicate, Index = layout.Index };
    }

    private static string? ReadHashTree(ParseResult parsed)
    {
        if (parsed.GetValue(HashTreeOption) is { Length: > 0 } path) return Path.GetFullPath(path);
        if (parsed.GetValue(HashTreeOption) is not null) throw new UsageException("--hash-tree takes the name of a file; found none");
        if (parsed.GetValue(Salt) is not null) throw new UsageException("--salt is the salt of a hash tree: give --hash-tree=FILE, too");
        if (parsed.GetValue(HashUuid) is not null) throw new UsageException("--hash-uuid is the UUID of a hash tree: give --hash-tree=FILE, too");
        return null;
    }

    private static string? ReadCache(string? folder)
    {
        if (folder is null) return null;
        if (folder.Length > 0 && !File.Exists(folder)) return Path.GetFullPath(folder);
        throw new UsageException($"--cache takes the name of a folder, which is made where there is none; found \"{folder}\"");
    }

    private static MetadataChanges ReadMetadata(ParseResult parsed, long? time)
    {
        const long mostId = uint.MaxValue - 1L; // (uid_t)-1 stands for "no change" in chown(2)
        var (all, imageOnly) = (parsed.GetValue(AllTime), parsed.GetValue(ImageTime));
        if (all && imageOnly) throw new UsageException("--all-time and --mkfs-time exclude each other: the time of -T is for all files or for the image only");
        if ((all || imageOnly) && time is null) throw new UsageException($"{(all ? "--all-time" : "--mkfs-time")} says what the time of -T is for: give -T, too");
        var user = NumberOption.Integer("--force-uid", parsed.GetValue(ForceUser), 0, mostId);
        var group = NumberOption.Integer("--force-gid", parsed.GetValue(ForceGroup), 0, mostId);
        if (parsed.GetValue(AllRoot) && (user ?? group) is not null) throw new UsageException("--all-root and --force-uid or --force-gid exclude each other");
        return new MetadataChanges
        {
            Time = imageOnly || time is null ? null : new Timestamp(time.Value, 0),
            User = parsed.GetValue(AllRoot) ? 0 : (uint?)user,
            Group = parsed.GetValue(AllRoot) ? 0 : (uint?)group,
            UserOffset = NumberOption.Integer("--uid-offset", parsed.GetValue(UserOffset), -mostId, mostId) ?? 0,
            GroupOffset = NumberOption.Integer("--gid-offset", parsed.GetValue(GroupOffset), -mostId, mostId) ?? 0,
            DropAttributes = ReadAttributes(parsed.GetValue(Attributes)),
        };
    }

    private static bool ReadAttributes(string? text)
    {
        var tolerance = NumberOption.Integer("-x", text, int.MinValue, int.MaxValue);
        if (tolerance >= 0) throw new UsageException($"-x takes a negative number only, which leaves extended attributes out (Roos decides by itself which of them are shared); found {tolerance}");
        return tolerance is not null;
    }

    private static (ErofsCompression Compression, int? Level) ReadCompression(string? text)
    {
        if (text is null) return (ErofsCompression.None, null);
        var parts = text.Split(',');
        if (parts[0] != "zstd") throw new UsageException($"-z takes zstd, which is the compression that Roos writes; found \"{parts[0]}\"");
        int? level = null;
        foreach (var part in parts.Skip(1))
        {
            if (part.StartsWith("dictsize=", StringComparison.Ordinal)) throw new UsageException($"-z takes no dictsize: it follows from the cluster size (-C), eight times as much, at most 1 MiB; found \"{text}\"");
            var digits = part.StartsWith("level=", StringComparison.Ordinal) ? part["level=".Length..] : part;
            if (!int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var value) || value is < 1 or > 22)
            {
                throw new UsageException($"-z takes zstd or zstd,level=N with N from 1 to 22; found \"{text}\"");
            }

            level = value;
        }

        return (ErofsCompression.Zstd, level);
    }

    private static Uuid ReadUuid(string option, string? text) => text switch
    {
        null or "clear" => Uuid.Zero,
        "random" => new Uuid(Guid.NewGuid().ToByteArray(bigEndian: true)),
        _ => Uuid.TryParse(text, out var uuid) ? uuid : throw new UsageException($"{option} takes a UUID such as 6b9d7a1e-3f42-4c58-9a3b-0d2f5e8c1a77, or clear, or random; found \"{text}\""),
    };

    private static long SourceDateEpoch()
    {
        var text = Environment.GetEnvironmentVariable("SOURCE_DATE_EPOCH");
        if (string.IsNullOrEmpty(text)) return 0;
        return long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var seconds)
            ? seconds
            : throw new UsageException($"SOURCE_DATE_EPOCH must be a number of seconds since 1970; found \"{text}\"");
    }
}
