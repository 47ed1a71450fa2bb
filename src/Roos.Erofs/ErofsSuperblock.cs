using System.Collections.Immutable;
using Roos.Core.Bytes;
using Roos.Core.Identity;
using Roos.Core.Tree;

namespace Roos.Erofs;

/// <summary>What an image says of itself.</summary>
public sealed record ErofsSuperblock
{
    public required Uuid Uuid { get; init; }

    public required Timestamp BuildTime { get; init; }

    public required ByteString VolumeLabel { get; init; }

    /// <summary>Blocks of 4096 bytes.</summary>
    public required uint Blocks { get; init; }

    /// <summary>Inodes as the image counts them.</summary>
    public required ulong Inodes { get; init; }

    /// <summary>EROFS_FEATURE_COMPAT_*.</summary>
    public required uint CompatibleFeatures { get; init; }

    /// <summary>EROFS_FEATURE_INCOMPAT_*.</summary>
    public required uint IncompatibleFeatures { get; init; }

    /// <summary>Names of the algorithms that contents may be compressed by: lz4, deflate, zstd; none for an uncompressed image.</summary>
    public required ImmutableArray<string> Algorithms { get; init; }

    /// <summary>log2 of the largest window of Zstandard frames, or 0 where the image has none.</summary>
    public int ZstdWindowLog => Compression.ZstdWindowLog;

    internal Reading.CompressionSettings Compression { get; init; } = new();

    /// <summary>Slot of the root directory.</summary>
    internal ushort RootNid { get; init; }

    /// <summary>Byte from which slots are counted.</summary>
    internal long MetadataStart { get; init; }

    /// <summary>Byte from which shared xattrs are counted.</summary>
    internal long SharedXattrStart { get; init; }

    /// <summary>Inode of what is packed together, the table of xattr prefixes among it; 0 for none.</summary>
    internal ulong PackedNid { get; init; }

    internal byte XattrPrefixCount { get; init; }

    internal long XattrPrefixStart { get; init; }

    internal bool Has(Format.CompatibleFeatures feature) => ((Format.CompatibleFeatures)CompatibleFeatures & feature) != 0;

    internal bool Has(Format.IncompatibleFeatures feature) => ((Format.IncompatibleFeatures)IncompatibleFeatures & feature) != 0;
}

/// <summary>What <see cref="ErofsReader.Verify"/> saw of a sound image.</summary>
/// <param name="Inodes">Inodes that can be reached from the root.</param>
/// <param name="FileBytes">Bytes of all regular files, hard links counted once.</param>
/// <param name="Extents">Compressed extents that were decompressed.</param>
public sealed record ErofsVerification(long Inodes, long FileBytes, long Extents);
