using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Roos.Erofs.Format;

namespace Roos.Erofs.Writing;

/// <summary>The first block: 1024 zeros, superblock, configuration of the compressor, zeros.</summary>
internal static class SuperblockWriter
{
    public static byte[] CreateFirstBlock(ErofsOptions options, ErofsPlan plan, IReadOnlyList<InodePlan> inodes, InodePlan? packed, SharedXattrs shared)
    {
        var compressed = options.Compression == ErofsCompression.Zstd;
        var incompatible = IncompatibleFeatures.None;
        if (compressed) incompatible |= IncompatibleFeatures.ZeroPadding | IncompatibleFeatures.CompressionConfigurations;
        if (inodes.Any(inode => inode.Compressed is { InlineTail: > 0 })) incompatible |= IncompatibleFeatures.TailPacking;
        if (packed is not null || inodes.Any(inode => inode.Compressed is { HasShared: true })) incompatible |= IncompatibleFeatures.Fragments;
        if (inodes.Any(inode => inode.Chunks is not null)) incompatible |= IncompatibleFeatures.ChunkedFile;

        var superblock = new RawSuperblock
        {
            Magic = ErofsFormat.Magic,
            FeatureCompat = (uint)(CompatibleFeatures.SuperblockChecksum | CompatibleFeatures.ModificationTime),
            BlockSizeBits = ErofsFormat.BlockBits,
            RootNid = (ushort)inodes[0].Nid,
            InodeCount = (ulong)inodes.Count,
            BuildTime = unchecked((ulong)options.BuildTime.Seconds),
            BuildTimeNanoseconds = options.BuildTime.Nanoseconds,
            Blocks = plan.Blocks,
            MetadataBlock = 0, // slots are counted from the start of the image
            SharedXattrBlock = shared.FirstBlock,
            FeatureIncompat = (uint)incompatible,
            PackedNid = (ulong)(packed?.Nid ?? 0),
            AvailableAlgorithms = (ushort)(compressed ? 1 << ErofsFormat.ZstdAlgorithm : 0),
        };
        options.Uuid.ToArray().CopyTo(superblock.Uuid);
        options.VolumeLabel.Span.CopyTo(superblock.VolumeName);

        var block = new byte[ErofsFormat.BlockSize];
        MemoryMarshal.Write(block.AsSpan(ErofsFormat.SuperblockOffset), superblock);
        if (compressed)
        {
            var zstd = new RawZstdConfiguration { Length = RawZstdConfiguration.Size - 2, WindowLogAboveMinimum = (byte)(options.WindowLog - ErofsFormat.ZstdMinimumWindowLog) };
            MemoryMarshal.Write(block.AsSpan(ErofsFormat.SuperblockOffset + RawSuperblock.Size), zstd);
        }

        var checksum = Crc32C.Compute(uint.MaxValue, block.AsSpan(ErofsFormat.SuperblockOffset));
        BinaryPrimitives.WriteUInt32LittleEndian(block.AsSpan(ErofsFormat.SuperblockOffset + sizeof(uint)), checksum);
        return block;
    }
}
