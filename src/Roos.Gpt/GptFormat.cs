using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Roos.Core.Bytes;

namespace Roos.Gpt;

/// <summary>The GPT header, <c>struct _gpt_header</c> of the kernel's block/partitions/efi.h; UEFI Specification, table "GPT Header". 92 bytes.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct RawGptHeader
{
    public const int Size = 92;

    /// <summary>Revision 1.0, the only one.</summary>
    public const uint Revision1 = 0x00010000;

    public Le64 Signature;              // signature: "EFI PART"
    public Le32 Revision;               // revision
    public Le32 HeaderSize;             // header_size: 92
    public Le32 HeaderCrc32;            // header_crc32, over header_size bytes with this field zero
    public Le32 Reserved;               // reserved1
    public Le64 MyLba;                  // my_lba
    public Le64 AlternateLba;           // alternate_lba
    public Le64 FirstUsableLba;         // first_usable_lba
    public Le64 LastUsableLba;          // last_usable_lba
    public RawGuid DiskGuid;            // disk_guid, mixed-endian
    public Le64 PartitionEntryLba;      // partition_entry_lba
    public Le32 PartitionEntries;       // num_partition_entries
    public Le32 PartitionEntrySize;     // sizeof_partition_entry
    public Le32 PartitionEntriesCrc32;  // partition_entry_array_crc32

    /// <summary>"EFI PART" read as a little-endian integer.</summary>
    public static ulong Magic => 0x5452415020494645;
}

/// <summary>A partition entry, <c>struct _gpt_entry</c>. 128 bytes.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct RawGptEntry
{
    public const int Size = 128;

    /// <summary>UTF-16 units in a name.</summary>
    public const int NameLength = 36;

    public RawGuid Type;                // partition_type_guid; all zero: the entry is free
    public RawGuid Unique;              // unique_partition_guid
    public Le64 StartingLba;            // starting_lba
    public Le64 EndingLba;              // ending_lba, inclusive
    public Le64 Attributes;             // attributes
    public RawName Name;                // partition_name, UTF-16LE, NUL-padded

    [InlineArray(NameLength * 2)]
    public struct RawName
    {
        private byte _first;
    }
}

/// <summary>A GUID as stored: the first three fields little-endian.</summary>
[InlineArray(16)]
internal struct RawGuid
{
    private byte _first;
}

/// <summary>A partition record of a master boot record. 16 bytes.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct RawMbrPartition
{
    public const int Size = 16;

    /// <summary>Offset of the first record in the sector.</summary>
    public const int TableOffset = 446;

    /// <summary>OS type of the record that protects a GPT disk.</summary>
    public const byte ProtectiveType = 0xee;

    public byte Status;                 // boot_indicator: 0
    public byte StartHead;              // start_head
    public byte StartSector;            // start_sector
    public byte StartTrack;             // start_track
    public byte Type;                   // os_type
    public byte EndHead;                // end_head
    public byte EndSector;              // end_sector
    public byte EndTrack;               // end_track
    public Le32 StartingLba;            // starting_lba
    public Le32 SizeInLba;              // size_in_lba
}
