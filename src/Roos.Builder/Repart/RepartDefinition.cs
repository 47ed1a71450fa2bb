using Roos.Builder.Configuration;
using Roos.Core.Bytes;
using Roos.Core.Identity;
using Roos.Gpt;

namespace Roos.Builder.Repart;

/// <summary>Verity=: the part that a partition plays in a verity volume.</summary>
public enum VerityRole
{
    Off,
    Data,
    Hash,
    Signature,
}

/// <summary>Minimize=: how a slot follows its content. Roos knows every size beforehand, so best and guess are the same.</summary>
public enum MinimizeMode
{
    Off,
    Best,
    Guess,
}

/// <summary>One CopyFiles=: what of the image's tree goes where in the partition. Absolute paths.</summary>
public sealed record CopyFilesRule(ByteString Source, ByteString Target, SourceLocation Location);

/// <summary>
/// A partition definition as repart.d(5) describes it, its specifiers expanded and its rules checked. A null stands for what the file does not say.
/// </summary>
public sealed record RepartDefinition
{
    /// <summary>File name, such as <c>10-root.conf</c>; definitions are in the order of their file names.</summary>
    public required string Name { get; init; }

    /// <summary>Where the definition begins, for errors about it as a whole.</summary>
    public required SourceLocation Location { get; init; }

    /// <summary>Type=</summary>
    public required PartitionType Type { get; init; }

    /// <summary>Label=</summary>
    public string? Label { get; init; }

    /// <summary>UUID=; the zero UUID where the file says <c>null</c>.</summary>
    public Uuid? Uuid { get; init; }

    /// <summary>SizeMinBytes=, a multiple of 4096.</summary>
    public long? SizeMin { get; init; }

    /// <summary>SizeMaxBytes=, a multiple of 4096.</summary>
    public long? SizeMax { get; init; }

    /// <summary>PaddingMinBytes=, a multiple of 4096.</summary>
    public long? PaddingMin { get; init; }

    /// <summary>PaddingMaxBytes=, a multiple of 4096.</summary>
    public long? PaddingMax { get; init; }

    /// <summary>Weight=: a share of what is left over, 0 to 1,000,000.</summary>
    public int Weight { get; init; } = 1000;

    /// <summary>PaddingWeight=</summary>
    public int PaddingWeight { get; init; }

    /// <summary>Format=: <c>erofs</c> or <c>vfat</c>.</summary>
    public string? Format { get; init; }

    /// <summary>CopyFiles=</summary>
    public IReadOnlyList<CopyFilesRule> CopyFiles { get; init; } = [];

    /// <summary>ExcludeFiles=: paths in the image's tree; a trailing slash keeps the directory itself.</summary>
    public IReadOnlyList<ByteString> ExcludeFiles { get; init; } = [];

    /// <summary>ExcludeFilesTarget=: paths in the partition; a trailing slash keeps the directory itself.</summary>
    public IReadOnlyList<ByteString> ExcludeFilesTarget { get; init; } = [];

    /// <summary>MakeDirectories=</summary>
    public IReadOnlyList<ByteString> MakeDirectories { get; init; } = [];

    /// <summary>Minimize=</summary>
    public MinimizeMode Minimize { get; init; }

    /// <summary>Compression=, for EroFS.</summary>
    public string? Compression { get; init; }

    /// <summary>CompressionLevel=</summary>
    public int? CompressionLevel { get; init; }

    /// <summary>Verity=</summary>
    public VerityRole Verity { get; init; }

    /// <summary>VerityMatchKey=: partitions with the same key belong together.</summary>
    public string? VerityMatchKey { get; init; }

    /// <summary>Flags=</summary>
    public PartitionAttributes Flags { get; init; }

    /// <summary>ReadOnly=</summary>
    public bool? ReadOnly { get; init; }

    /// <summary>NoAuto=</summary>
    public bool? NoAuto { get; init; }

    /// <summary>GrowFileSystem=</summary>
    public bool? GrowFileSystem { get; init; }

    /// <summary>SplitName= with its specifiers not yet expanded; null for no artifact of its own (<c>-</c>).</summary>
    public string? SplitName { get; init; } = "%t";

    /// <summary>Where SplitName= stands.</summary>
    public required SourceLocation SplitNameLocation { get; init; }

    /// <summary>Settings that were accepted and change nothing, a sentence each.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];
}
