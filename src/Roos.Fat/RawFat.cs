using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Roos.Core.Bytes;

namespace Roos.Fat;

/// <summary>Numbers of the format. Source: Microsoft FAT Specification, August 30 2005 (also ECMA-107 for the older part).</summary>
internal static class FatFormat
{
    public const int SectorSize = 512;
    public const int FsInfoSector = 1;
    public const int BackupBootSector = 6;
    public const int DirectoryEntrySize = 32;

    /// <summary>A volume with fewer clusters is FAT16 by definition, whatever its boot sector says.</summary>
    public const uint MinimumClusters = 65525;

    /// <summary>Cluster numbers from 0x0FFFFFF7 on have other meanings.</summary>
    public const uint MaximumClusters = 0x0ffffff5;

    public const uint FirstCluster = 2;
    public const uint ClusterMask = 0x0fffffff;
    public const uint BadCluster = 0x0ffffff7;
    public const uint EndOfChain = 0x0ffffff8;
    public const uint LastInChain = 0x0fffffff;
    public const byte MediaFixedDisk = 0xf8;

    /// <summary>A directory may have 65,536 entries of 32 bytes.</summary>
    public const int MaximumDirectorySize = 65536 * DirectoryEntrySize;

    public const byte AttributeVolumeLabel = 0x08;
    public const byte AttributeDirectory = 0x10;
    public const byte AttributeArchive = 0x20;
    public const byte AttributeLongName = 0x0f;
    public const byte AttributeLongNameMask = 0x3f;

    /// <summary>Units of UTF-16 in one long name entry.</summary>
    public const int UnitsPerLongNameEntry = 13;
    public const int MaximumNameUnits = 255;
    public const byte LastLongNameEntry = 0x40;
    public const byte DeletedEntry = 0xe5;

    /// <summary>Stands for a first byte 0xE5 that is meant (KANJI lead byte).</summary>
    public const byte EscapedDeletedByte = 0x05;

    /// <summary>Windows NT's flags in <c>DIR_NTRes</c>: the base, the extension is lower case.</summary>
    public const byte LowerCaseBase = 0x08;
    public const byte LowerCaseExtension = 0x10;
}

/// <summary>The first 90 bytes of the boot sector (<c>struct fat_boot_sector</c>); the last two of the sector are 55 AA.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct RawBootSector
{
    public const int Size = 90;

    /// <summary>BS_jmpBoot.</summary>
    public Bytes3 Jump;

    /// <summary>BS_OEMName.</summary>
    public Bytes8 OemName;

    /// <summary>BPB_BytsPerSec.</summary>
    public Le16 BytesPerSector;

    /// <summary>BPB_SecPerClus: a power of two.</summary>
    public byte SectorsPerCluster;

    /// <summary>BPB_RsvdSecCnt.</summary>
    public Le16 ReservedSectors;

    /// <summary>BPB_NumFATs.</summary>
    public byte FatCount;

    /// <summary>BPB_RootEntCnt: 0 in FAT32.</summary>
    public Le16 RootEntryCount;

    /// <summary>BPB_TotSec16: 0 in FAT32 as Windows makes it; mkfs.fat fills it for small volumes.</summary>
    public Le16 TotalSectors16;

    /// <summary>BPB_Media.</summary>
    public byte Media;

    /// <summary>BPB_FATSz16: 0 in FAT32.</summary>
    public Le16 FatSectors16;

    /// <summary>BPB_SecPerTrk.</summary>
    public Le16 SectorsPerTrack;

    /// <summary>BPB_NumHeads.</summary>
    public Le16 Heads;

    /// <summary>BPB_HiddSec.</summary>
    public Le32 HiddenSectors;

    /// <summary>BPB_TotSec32.</summary>
    public Le32 TotalSectors32;

    /// <summary>BPB_FATSz32.</summary>
    public Le32 FatSectors;

    /// <summary>BPB_ExtFlags: bit 7 clear means that all FATs are kept equal.</summary>
    public Le16 ExtendedFlags;

    /// <summary>BPB_FSVer: 0.0.</summary>
    public Le16 Version;

    /// <summary>BPB_RootClus.</summary>
    public Le32 RootCluster;

    /// <summary>BPB_FSInfo.</summary>
    public Le16 FsInfoSector;

    /// <summary>BPB_BkBootSec.</summary>
    public Le16 BackupBootSector;

    /// <summary>BPB_Reserved.</summary>
    public Bytes12 Reserved;

    /// <summary>BS_DrvNum: 0x80 is the first hard disk.</summary>
    public byte DriveNumber;

    /// <summary>BS_Reserved1.</summary>
    public byte Reserved1;

    /// <summary>BS_BootSig: 0x29 says that the next three fields are there.</summary>
    public byte BootSignature;

    /// <summary>BS_VolID.</summary>
    public Le32 VolumeId;

    /// <summary>BS_VolLab.</summary>
    public Bytes11 Label;

    /// <summary>BS_FilSysType: <c>FAT32   </c>.</summary>
    public Bytes8 FileSystemType;
}

/// <summary>A directory entry with a short name (<c>struct msdos_dir_entry</c>).</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct RawDirectoryEntry
{
    /// <summary>DIR_Name: eight bytes of base and three of extension, filled with spaces.</summary>
    public Bytes11 Name;

    /// <summary>DIR_Attr.</summary>
    public byte Attributes;

    /// <summary>DIR_NTRes.</summary>
    public byte CaseFlags;

    /// <summary>DIR_CrtTimeTenth.</summary>
    public byte CreationTenths;

    /// <summary>DIR_CrtTime.</summary>
    public Le16 CreationTime;

    /// <summary>DIR_CrtDate.</summary>
    public Le16 CreationDate;

    /// <summary>DIR_LstAccDate.</summary>
    public Le16 AccessDate;

    /// <summary>DIR_FstClusHI.</summary>
    public Le16 FirstClusterHigh;

    /// <summary>DIR_WrtTime: hours (5 bits), minutes (6), seconds / 2 (5).</summary>
    public Le16 WriteTime;

    /// <summary>DIR_WrtDate: years since 1980 (7 bits), month (4), day (5).</summary>
    public Le16 WriteDate;

    /// <summary>DIR_FstClusLO.</summary>
    public Le16 FirstClusterLow;

    /// <summary>DIR_FileSize in bytes; 0 for directories.</summary>
    public Le32 FileSize;
}

/// <summary>A piece of a long name (<c>struct msdos_dir_slot</c>); the last piece comes first.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct RawLongNameEntry
{
    /// <summary>LDIR_Ord: counts from 1; 0x40 marks the last piece.</summary>
    public byte Ordinal;

    /// <summary>LDIR_Name1: units 1 to 5, UTF-16 little-endian.</summary>
    public Bytes10 Units1;

    /// <summary>LDIR_Attr: 0x0F.</summary>
    public byte Attributes;

    /// <summary>LDIR_Type: 0.</summary>
    public byte Type;

    /// <summary>LDIR_Chksum of the short name that follows.</summary>
    public byte Checksum;

    /// <summary>LDIR_Name2: units 6 to 11.</summary>
    public Bytes12 Units2;

    /// <summary>LDIR_FstClusLO: 0.</summary>
    public Le16 FirstClusterLow;

    /// <summary>LDIR_Name3: units 12 and 13.</summary>
    public Bytes4 Units3;
}

[InlineArray(3)]
internal struct Bytes3
{
    private byte _first;
}

[InlineArray(4)]
internal struct Bytes4
{
    private byte _first;
}

[InlineArray(8)]
internal struct Bytes8
{
    private byte _first;
}

[InlineArray(10)]
internal struct Bytes10
{
    private byte _first;
}

[InlineArray(11)]
internal struct Bytes11
{
    private byte _first;
}

[InlineArray(12)]
internal struct Bytes12
{
    private byte _first;
}
