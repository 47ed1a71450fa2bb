using Roos.Core;
using Roos.Core.Bytes;
using Roos.Core.Identity;
using Roos.Core.Tree;
using Roos.Erofs.Format;

namespace Roos.Erofs.Reading;

/// <summary>Reads the superblock and refuses what Roos cannot read, by name.</summary>
internal static class SuperblockReader
{
    private const uint Known = (uint)(IncompatibleFeatures.ZeroPadding | IncompatibleFeatures.CompressionConfigurations | IncompatibleFeatures.ChunkedFile | IncompatibleFeatures.Fragments | IncompatibleFeatures.XattrPrefixes);

    public static ErofsSuperblock Read(ByteSource image)
    {
        if (image.Length < ErofsFormat.BlockSize) throw new DamagedInputException($"not an EroFS image: {image.Length} bytes are less than its first block");
        var bytes = new ImageBytes(image, image.Length);
        var raw = bytes.Read<RawSuperblock>(ErofsFormat.SuperblockOffset, "the superblock");
        if (raw.Magic != ErofsFormat.Magic) throw new DamagedInputException($"not an EroFS image: the magic at offset {ErofsFormat.SuperblockOffset} must be 0xe0f5e1e2; found 0x{raw.Magic.Value:x8}");
        if (raw.BlockSizeBits != ErofsFormat.BlockBits) throw new DamagedInputException($"an EroFS image with blocks of 4096 bytes is needed; this one has blocks of 2^{raw.BlockSizeBits} bytes");
        if (((CompatibleFeatures)raw.FeatureCompat.Value & CompatibleFeatures.SuperblockChecksum) != 0) CheckChecksum(bytes, raw.Checksum);
        RefuseUnknown(raw);
        var length = (long)raw.Blocks.Value * ErofsFormat.BlockSize;
        if (length > image.Length) throw new DamagedInputException($"damaged EroFS image: it is cut off after {image.Length} of {length} bytes");
        return new ErofsSuperblock
        {
            Uuid = new Uuid(raw.Uuid),
            BuildTime = Time(raw.BuildTime, raw.BuildTimeNanoseconds, "the superblock"),
            VolumeLabel = new ByteString(((ReadOnlySpan<byte>)raw.VolumeName).TrimEnd((byte)0)),
            Blocks = raw.Blocks,
            Inodes = raw.InodeCount,
            CompatibleFeatures = raw.FeatureCompat,
            IncompatibleFeatures = raw.FeatureIncompat,
            ZstdWindowLog = ReadZstdWindow(bytes, raw),
            RootNid = raw.RootNid,
            MetadataStart = (long)raw.MetadataBlock.Value * ErofsFormat.BlockSize,
            SharedXattrStart = (long)raw.SharedXattrBlock.Value * ErofsFormat.BlockSize,
            XattrPrefixCount = raw.XattrPrefixCount,
            PackedNid = raw.PackedNid,
            XattrPrefixStart = (long)raw.XattrPrefixStart.Value * 4,
        };
    }

    public static Timestamp Time(ulong seconds, uint nanoseconds, string what)
    {
        if (nanoseconds > 999_999_999) throw new DamagedInputException($"damaged EroFS image: nanoseconds must be below 1000000000; {what} has {nanoseconds}");
        return new Timestamp(unchecked((long)seconds), nanoseconds);
    }

    /// <summary>A compression algorithm for messages.</summary>
    public static string AlgorithmName(int algorithm) =>
        algorithm switch { 0 => "lz4", 1 => "lzma", 2 => "deflate", 3 => "zstd", _ => $"algorithm {algorithm}" } + " (Roos reads zstd)";

    private static void CheckChecksum(ImageBytes bytes, uint stored)
    {
        var block = new byte[ErofsFormat.BlockSize - ErofsFormat.SuperblockOffset];
        bytes.Read(ErofsFormat.SuperblockOffset, block, "the superblock");
        block.AsSpan(sizeof(uint), sizeof(uint)).Clear();
        var computed = Crc32C.Compute(uint.MaxValue, block);
        if (computed != stored) throw new DamagedInputException($"damaged EroFS image: the superblock's checksum is 0x{stored:x8} and its block has 0x{computed:x8}");
    }

    private static void RefuseUnknown(RawSuperblock raw)
    {
        var unknown = raw.FeatureIncompat.Value & ~Known;
        if ((unknown & (uint)IncompatibleFeatures.TailPacking) != 0) throw Unsupported("ztailpacking");
        if ((unknown & (uint)IncompatibleFeatures.DeviceTable) != 0) throw Unsupported("extra devices or a second compression algorithm");
        if ((unknown & 0x80) != 0) throw Unsupported("48bit");
        if (unknown != 0) throw Unsupported($"unknown features 0x{unknown:x}");
        if (raw.ExtraDevices != 0) throw Unsupported("extra devices");
        if (raw.DirectoryBlockBits != 0) throw Unsupported("directory blocks of another size");
    }

    private static int ReadZstdWindow(ImageBytes bytes, RawSuperblock raw)
    {
        if (((IncompatibleFeatures)raw.FeatureIncompat.Value & IncompatibleFeatures.CompressionConfigurations) == 0) return 0;
        var algorithms = raw.AvailableAlgorithms.Value;
        if ((algorithms & ~(1 << ErofsFormat.ZstdAlgorithm)) != 0)
        {
            throw Unsupported(AlgorithmName(System.Numerics.BitOperations.TrailingZeroCount(algorithms & ~(1 << ErofsFormat.ZstdAlgorithm))));
        }

        if (algorithms == 0) return 0;
        var zstd = bytes.Read<RawZstdConfiguration>(ErofsFormat.SuperblockOffset + RawSuperblock.Size + raw.ExtensionSlots * 16L, "the configuration of zstd");
        if (zstd.Length < RawZstdConfiguration.Size - 2 || zstd.Format != 0) throw Unsupported($"a configuration of zstd of {zstd.Length} bytes in format {zstd.Format}");
        var window = zstd.WindowLogAboveMinimum + ErofsFormat.ZstdMinimumWindowLog;
        return window <= ErofsFormat.ZstdMaximumWindowLog ? window : throw new DamagedInputException($"damaged EroFS image: the window of zstd is at most 2^{ErofsFormat.ZstdMaximumWindowLog}; the superblock has 2^{window}");
    }

    private static DamagedInputException Unsupported(string what) => new($"this EroFS image uses what Roos cannot read: {what}");
}
