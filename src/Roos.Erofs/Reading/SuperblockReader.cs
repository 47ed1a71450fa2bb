using Roos.Core;
using Roos.Core.Bytes;
using Roos.Core.Identity;
using Roos.Core.Tree;
using Roos.Erofs.Format;

namespace Roos.Erofs.Reading;

/// <summary>Reads the superblock and refuses what Roos cannot read, by name.</summary>
internal static class SuperblockReader
{
    private const uint Known = (uint)(IncompatibleFeatures.ZeroPadding | IncompatibleFeatures.CompressionConfigurations | IncompatibleFeatures.ChunkedFile
        | IncompatibleFeatures.DeviceTable | IncompatibleFeatures.TailPacking | IncompatibleFeatures.Fragments | IncompatibleFeatures.XattrPrefixes);

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
        var compression = CompressionSettings.Read(bytes, raw);
        return new ErofsSuperblock
        {
            Uuid = new Uuid(raw.Uuid),
            BuildTime = Time(raw.BuildTime, raw.BuildTimeNanoseconds, "the superblock"),
            VolumeLabel = new ByteString(((ReadOnlySpan<byte>)raw.VolumeName).TrimEnd((byte)0)),
            Blocks = raw.Blocks,
            Inodes = raw.InodeCount,
            CompatibleFeatures = raw.FeatureCompat,
            IncompatibleFeatures = raw.FeatureIncompat,
            Compression = compression,
            Algorithms = [.. compression.Names()],
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

    public static DamagedInputException Unsupported(string what) => new($"this EroFS image uses what Roos cannot read: {what}");

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
        if ((unknown & (uint)IncompatibleFeatures.FortyEightBit) != 0) throw Unsupported("48bit");
        if ((unknown & (uint)IncompatibleFeatures.Metabox) != 0) throw Unsupported("a metabox");
        if (unknown != 0) throw Unsupported($"unknown features 0x{unknown:x}");
        if (raw.ExtraDevices != 0) throw Unsupported("extra devices");
        if (raw.DirectoryBlockBits != 0) throw Unsupported("directory blocks of another size");
    }
}
