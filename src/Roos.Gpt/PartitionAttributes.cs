namespace Roos.Gpt;

/// <summary>
/// Attribute bits of a partition entry: 0 to 2 are UEFI's, 59, 60 and 63 the Discoverable Partitions Specification's.
/// </summary>
[Flags]
public enum PartitionAttributes : ulong
{
    None = 0,

    /// <summary>Bit 0: the platform needs this partition.</summary>
    RequiredPartition = 1,

    /// <summary>Bit 1: firmware does not look into it.</summary>
    NoBlockIo = 1 << 1,

    /// <summary>Bit 2: bootable for a legacy BIOS.</summary>
    LegacyBiosBootable = 1 << 2,

    /// <summary>Bit 59: the file system is grown to the partition's size when it is mounted.</summary>
    GrowFileSystem = 1UL << 59,

    /// <summary>Bit 60: mounted read-only.</summary>
    ReadOnly = 1UL << 60,

    /// <summary>Bit 63: not mounted automatically.</summary>
    NoAuto = 1UL << 63,
}
