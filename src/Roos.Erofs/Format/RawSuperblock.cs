using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Roos.Core.Bytes;

namespace Roos.Erofs.Format;

/// <summary><c>struct erofs_super_block</c>, 128 bytes at offset 1024.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct RawSuperblock
{
    public Le32 Magic;
    public Le32 Checksum; // CRC-32C of the block from the superblock on, this field zero, no final inversion
    public Le32 FeatureCompat;
    public byte BlockSizeBits;
    public byte ExtensionSlots;
    public Le16 RootNid;
    public Le64 InodeCount;
    public Le64 BuildTime;
    public Le32 BuildTimeNanoseconds;
    public Le32 Blocks;
    public Le32 MetadataBlock;
    public Le32 SharedXattrBlock;
    public Bytes16 Uuid;
    public Bytes16 VolumeName;
    public Le32 FeatureIncompat;
    public Le16 AvailableAlgorithms;
    public Le16 ExtraDevices;
    public Le16 DeviceTableSlot;
    public byte DirectoryBlockBits;
    public byte XattrPrefixCount;
    public Le32 XattrPrefixStart;
    public Le64 PackedNid;
    public byte XattrFilterReserved;
    public Bytes23 Reserved;

    public const int Size = 128;

    [InlineArray(16)]
    public struct Bytes16
    {
        private byte _first;
    }

    [InlineArray(23)]
    public struct Bytes23
    {
        private byte _first;
    }
}

/// <summary>The configuration of LZ4 after the superblock: <c>__le16</c> size and <c>struct z_erofs_lz4_cfgs</c>.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct RawLz4Configuration
{
    public Le16 Length; // of what follows: 14
    public Le16 MaximumDistance; // 0 for LZ4's own, 65535
    public Le16 MaximumClusterBlocks;
    public Le64 Reserved;
    public Le16 Reserved2;

    public const int Size = 16;
}

/// <summary>The configuration of DEFLATE after the superblock: <c>__le16</c> size and <c>struct z_erofs_deflate_cfgs</c>.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct RawDeflateConfiguration
{
    public Le16 Length; // of what follows: 6
    public byte WindowBits;
    public byte Reserved;
    public Le32 Reserved2;

    public const int Size = 8;
}

/// <summary>The configuration of Zstandard after the superblock: <c>__le16</c> size and <c>struct z_erofs_zstd_cfgs</c>.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct RawZstdConfiguration
{
    public Le16 Length; // of what follows: 6
    public byte Format;
    public byte WindowLogAboveMinimum;
    public Le32 Reserved;

    public const int Size = 8;
}
