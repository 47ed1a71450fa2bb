using Roos.Core;
using Roos.Core.Bytes;
using Roos.Core.Identity;
using Roos.Core.Tree;
using Roos.Erofs.Format;
using Roos.Erofs.Writing;

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

/// <summary>Which contents are packed together into one hidden inode, where they are compressed with each other (needs Linux 6.1).</summary>
public enum ErofsFragments
{
    /// <summary>Every file has extents of its own.</summary>
    None,

    /// <summary>Small files, and what is left of large ones after their full extents (mkfs.erofs: <c>-Efragments</c>).</summary>
    Tails,

    /// <summary>All compressible contents (mkfs.erofs: <c>-Eall-fragments</c>).</summary>
    All,
}

/// <summary>How one file is compressed, other than the image as a whole.</summary>
/// <param name="path">Path of the file, with a slash before its first name.</param>
/// <returns>Its cluster size; 0 to store it uncompressed; null for the image's.</returns>
public delegate int? ErofsHint(ByteString path);

/// <summary>Everything but the tree that decides an image's bytes, and the number of workers, which does not.</summary>
public sealed record ErofsOptions
{
    /// <summary>
    /// Level 9 takes half of the time of 15 and gives images 3 % larger; level 3 takes half of the time of 9 and gives images
    /// 8 % larger (measured on a Debian tree).
    /// </summary>
    public const int DefaultLevel = 9;

    /// <summary>The largest that Linux reads: the larger the cluster, the smaller the image, and the more a random read costs.</summary>
    public const int DefaultClusterSize = ErofsFormat.MaximumPhysicalCluster;

    /// <summary>
    /// A cluster of 1 MiB could hold twice as much of most trees. That would make images 0.7 to 1.6 % smaller, and what has to
    /// be read and decompressed for a small file twice as much.
    /// </summary>
    public const int DefaultMaximumExtentSize = 2 << 20;

    public required Uuid Uuid { get; init; }

    /// <summary>Time of the image. Inodes modified at this very time can take the short form.</summary>
    public required Timestamp BuildTime { get; init; }

    public ErofsCompression Compression { get; init; }

    /// <summary>Zstandard's level, 1 to 22; null for <see cref="DefaultLevel"/>.</summary>
    public int? Level { get; init; }

    /// <summary>Most compressed bytes of an extent: a power of two from 4096 to 1,048,576.</summary>
    public int ClusterSize { get; init; } = DefaultClusterSize;

    /// <summary>
    /// Most decompressed bytes of an extent: a multiple of 4096 to 12,582,912. What a random read has to decompress; more
    /// only helps where the cluster has room for it.
    /// </summary>
    public int MaximumExtentSize { get; init; } = DefaultMaximumExtentSize;

    public ErofsFragments Fragments { get; init; }

    /// <summary>The last extent of a file is kept beside its inode where it is less than a block and that saves room (needs Linux 5.17).</summary>
    public bool TailPacking { get; init; }

    /// <summary>
    /// Equal extents of different files are stored once (needs Linux 6.1). Files that are equal as a whole are always stored
    /// once, with or without it.
    /// </summary>
    public bool Deduplicate { get; init; }

    /// <summary>Clusters of single files; null for none. Asked for each file whose content is compressed.</summary>
    public ErofsHint? Hint { get; init; }

    /// <summary>Remembers what compression gave, for later images; null to compress everything. The image does not depend on it.</summary>
    public CompressionCache? Cache { get; init; }

    public ErofsIndex Index { get; init; }

    /// <summary>Threads that compress. The image does not depend on it.</summary>
    public int Workers { get; init; } = 1;

    /// <summary>At most 15 bytes.</summary>
    public ByteString VolumeLabel { get; init; }

    internal int EffectiveLevel => Level ?? DefaultLevel;

    /// <summary>The longest match distance of a frame: as large as is useful for the cluster, at most what Linux takes.</summary>
    internal int WindowLog => Math.Min(ErofsFormat.ZstdMaximumWindowLog, System.Numerics.BitOperations.Log2((uint)ClusterSize) + 3);

    /// <summary>Whether it is a power of two from 4096 to 1,048,576.</summary>
    public static bool IsClusterSize(long size) => size is >= ErofsFormat.BlockSize and <= ErofsFormat.MaximumPhysicalCluster && long.IsPow2(size);

    internal void Check()
    {
        if (!IsClusterSize(ClusterSize))
        {
            throw new RoosException($"the cluster size of an EroFS image must be a power of two from 4096 to 1048576; found {ClusterSize}");
        }

        if (MaximumExtentSize is < ErofsFormat.BlockSize or > ErofsFormat.MaximumDecodedCluster || MaximumExtentSize % ErofsFormat.BlockSize != 0)
        {
            throw new RoosException($"an extent of an EroFS image has a multiple of 4096 bytes, at most {ErofsFormat.MaximumDecodedCluster}; found {MaximumExtentSize}");
        }

        if (Compression == ErofsCompression.None && (Fragments != ErofsFragments.None || TailPacking || Deduplicate))
        {
            throw new RoosException("fragments, tail packing and deduplication of extents are for compressed images: choose a compression");
        }

        if (EffectiveLevel is < ZstdParameters.MinimumLevel or > ZstdParameters.MaximumLevel) throw new RoosException($"the level of zstd must be from {ZstdParameters.MinimumLevel} to {ZstdParameters.MaximumLevel}; found {Level}");
        if (Workers < 1) throw new RoosException($"at least one worker is needed; found {Workers}");
        if (VolumeLabel.Length > 15) throw new RoosException($"the label of an EroFS volume has at most 15 bytes; found {VolumeLabel.Length} (\"{VolumeLabel}\")");
        if (VolumeLabel.Span.Contains((byte)0)) throw new RoosException("the label of an EroFS volume cannot contain a NUL byte");
        if (BuildTime.Nanoseconds > 999_999_999) throw new RoosException($"nanoseconds of a time must be below 1000000000; found {BuildTime.Nanoseconds}");
    }
}
