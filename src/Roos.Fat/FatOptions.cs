using Roos.Core.Tree;

namespace Roos.Fat;

/// <summary>What a FAT32 file system is made with, besides its files.</summary>
public sealed record FatOptions
{
    /// <summary>Length of the file system in bytes: a multiple of 512, at least <see cref="FatImage.MinimumSize"/>.</summary>
    public required long Size { get; init; }

    /// <summary>The volume serial number (<c>BS_VolID</c>); systemd-repart takes the first four bytes of the file system's UUID, big-endian.</summary>
    public required uint VolumeId { get; init; }

    /// <summary>The volume label: 1 to 11 ASCII characters that a short name may have; lower case becomes upper case.</summary>
    public string Label { get; init; } = "ESP";

    /// <summary>No file in the file system is younger; also the time of the label.</summary>
    public required Timestamp MaximumTime { get; init; }
}
