using Roos.Builder.Repart;
using Roos.Builder.Signing;
using Roos.Core.Bytes;
using Roos.Core.Identity;
using Roos.Core.Tree;
using Roos.Gpt;

namespace Roos.Builder.Pipeline;

/// <summary>
/// An image of which everything is there that no signature changes: file systems, hash trees, the parts of the UKI, the places
/// of all partitions. <see cref="ImageAssembly"/> completes it, now or after <see cref="PreparedFolder"/> has carried it elsewhere.
/// </summary>
internal sealed record PreparedImage
{
    /// <summary>The beginning of all outputs' names.</summary>
    public required string Name { get; init; }

    /// <summary>raw.</summary>
    public required string DiskExtension { get; init; }

    public required Timestamp Clock { get; init; }

    public required SigningPlan Signing { get; init; }

    public required PreparedUki Uki { get; init; }

    /// <summary>systemd-boot, unsigned.</summary>
    public required ByteSource BootLoader { get; init; }

    public required PreparedDisk Disk { get; init; }

    /// <summary>Outputs that are complete.</summary>
    public required IReadOnlyList<(string Name, ByteSource Content)> Outputs { get; init; }
}

/// <summary>The parts of the unified kernel image.</summary>
internal sealed record PreparedUki
{
    /// <summary>In the ESP and among the outputs.</summary>
    public required string FileName { get; init; }

    public required ByteSource Stub { get; init; }

    /// <summary>The kernel as its package has it.</summary>
    public required ByteSource Linux { get; init; }

    public required IReadOnlyList<ByteSource> Initrds { get; init; }

    public ByteSource? Microcode { get; init; }

    public required string OsRelease { get; init; }

    public required string CommandLine { get; init; }

    public required string KernelVersion { get; init; }

    public required IReadOnlyList<(string Id, string? Title, string CommandLine)> Profiles { get; init; }
}

/// <summary>A disk with every partition in its place.</summary>
internal sealed record PreparedDisk(Uuid Uuid, long Length, IReadOnlyList<PreparedPartition> Partitions);

/// <summary>A partition in its place.</summary>
/// <param name="Partition">Without content.</param>
/// <param name="ArtifactName">The file name of its artifact; null for none.</param>
/// <param name="Content">What goes into it; null for nothing.</param>
internal sealed record PreparedPartition(GptPartition Partition, string? ArtifactName, PreparedContent? Content);

internal abstract record PreparedContent
{
    /// <summary>Bytes, known before they are made.</summary>
    public abstract long Length { get; }
}

/// <summary>Bytes that no signature changes.</summary>
internal sealed record FixedContent(ByteSource Bytes) : PreparedContent
{
    public override long Length => Bytes.Length;
}

/// <summary>A FAT file system in which signed programs have their places.</summary>
internal sealed record FatContent(long Size, uint VolumeId, Timestamp MaximumTime, IReadOnlyList<FatEntry> Entries) : PreparedContent
{
    public override long Length => Size;
}

/// <summary>The signature of a root hash.</summary>
/// <param name="Name">VerityMatchKey=.</param>
/// <param name="RootHash">32 bytes.</param>
internal sealed record RootHashSignatureContent(string Name, byte[] RootHash) : PreparedContent
{
    public override long Length => PartitionSizes.SignatureLength;
}

/// <summary>A file or directory of a FAT file system.</summary>
/// <param name="Path">Without a slash before it.</param>
/// <param name="Time">Modification time.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Content">Of a file; null otherwise.</param>
internal sealed record FatEntry(ByteString Path, Timestamp Time, FatEntryKind Kind, ByteSource? Content);

internal enum FatEntryKind
{
    File,
    Directory,

    /// <summary>The UKI, when it is made.</summary>
    Uki,

    /// <summary>systemd-boot, when it is signed.</summary>
    BootLoader,
}
