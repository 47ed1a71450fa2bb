using Roos.Core;
using Roos.Core.Bytes;
using Roos.Core.Identity;
using Roos.Core.Tree;
using Roos.Erofs.Format;

namespace Roos.Erofs;

/// <summary>How file contents are compressed.</summary>
public enum ErofsCompression
{
    None,

    /// <summary>Zstandard; needs Linux 6.10.</summary>
    Zstd,
}

/// <summary>How the places of compressed extents are stored. Linux reads both alike.</summary>
public enum ErofsIndex
{
    /// <summary>About 2 bytes per 4 KiB of file.</summary>
    Compact,

    /// <summary>8 bytes per 4 KiB of file.</summary>
    Full,
}

/// <summary>Everything but the tree that decides an image's bytes, and the number of workers, which does not.</summary>
public sealed record ErofsOptions
{
    /// <summary>
    /// Level 9 takes a quarter of the time of 15 and gives images 3 % larger; level 3 takes a third of the time of 9 and
    /// gives images 5 % larger (measured on a Debian tree).
    /// </summary>
    public const int DefaultLevel = 9;

    /// <summary>The largest that Linux reads: the larger the cluster, the smaller the image, and the more a random read costs.</summary>
    public const int DefaultClusterSize = ErofsFormat.MaximumPhysicalCluster;

    public required Uuid Uuid { get; init; }

    /// <summary>Time of the image. Inodes modified at this very time can take the short form.</summary>
    public required Timestamp BuildTime { get; init; }

    public ErofsCompression Compression { get; init; }

    /// <summary>Zstandard's level, 1 to 22; null for <see cref="DefaultLevel"/>.</summary>
    public int? Level { get; init; }

    /// <summary>Most compressed bytes of an extent: a power of two from 4096 to 1,048,576.</summary>
    public int ClusterSize { get; init; } = DefaultClusterSize;

    public ErofsIndex Index { get; init; }

    /// <summary>Threads that compress. The image does not depend on it.</summary>
    public int Workers { get; init; } = 1;

    /// <summary>At most 15 bytes.</summary>
    public ByteString VolumeLabel { get; init; }

    /// <summary>The longest match distance of a frame: as large as is useful for the cluster, at most what Linux takes.</summary>
    internal int WindowLog => Math.Min(ErofsFormat.ZstdMaximumWindowLog, System.Numerics.BitOperations.Log2((uint)ClusterSize) + 3);

    internal void Check()
    {
        if (ClusterSize is < ErofsFormat.BlockSize or > ErofsFormat.MaximumPhysicalCluster || !System.Numerics.BitOperations.IsPow2(ClusterSize))
        {
            throw new RoosException($"the cluster size of an EroFS image must be a power of two from 4096 to 1048576; found {ClusterSize}");
        }

        if (Level is < 1 or > 22) throw new RoosException($"the level of zstd must be from 1 to 22; found {Level}");
        if (Workers < 1) throw new RoosException($"at least one worker is needed; found {Workers}");
        if (VolumeLabel.Length > 15) throw new RoosException($"the label of an EroFS volume has at most 15 bytes; found {VolumeLabel.Length} (\"{VolumeLabel}\")");
        if (VolumeLabel.Span.Contains((byte)0)) throw new RoosException("the label of an EroFS volume cannot contain a NUL byte");
        if (BuildTime.Nanoseconds > 999_999_999) throw new RoosException($"nanoseconds of a time must be below 1000000000; found {BuildTime.Nanoseconds}");
    }
}
