using Roos.Core.Bytes;
using Roos.Core.Identity;

namespace Roos.Gpt;

/// <summary>A disk to be planned.</summary>
public sealed record GptDiskOptions
{
    public required Uuid DiskUuid { get; init; }

    /// <summary>Bytes in a logical block: 512, 1024, 2048 or 4096.</summary>
    public int SectorSize { get; init; } = 512;

    /// <summary>In the order in which they lie on the disk; at most 128.</summary>
    public required IReadOnlyList<GptPartition> Partitions { get; init; }

    /// <summary>Bytes of the disk, a multiple of 4096; null for what the partitions need and 1044 KiB, as systemd-repart does with <c>--size=auto</c>.</summary>
    public long? Length { get; init; }
}

/// <summary>A partition to be written.</summary>
public sealed record GptPartition
{
    public required Uuid Type { get; init; }

    public required Uuid Uuid { get; init; }

    /// <summary>At most 36 UTF-16 units.</summary>
    public required string Label { get; init; }

    public PartitionAttributes Attributes { get; init; }

    /// <summary>What is in it, from its first byte; the rest of the slot is zero. Null for nothing.</summary>
    public IImage? Content { get; init; }

    /// <summary>Bytes of the slot, a multiple of 4096.</summary>
    public required long Size { get; init; }

    /// <summary>Bytes left free behind it, a multiple of 4096.</summary>
    public long PaddingAfter { get; init; }
}

/// <summary>Where a partition lies.</summary>
/// <param name="Number">Counted from 1.</param>
/// <param name="Partition">What was asked for.</param>
/// <param name="Offset">In bytes from the start of the disk.</param>
public sealed record GptPlacement(int Number, GptPartition Partition, long Offset);
