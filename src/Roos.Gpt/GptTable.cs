using Roos.Core;
using Roos.Core.Bytes;
using Roos.Core.Identity;

namespace Roos.Gpt;

/// <summary>A used entry of a partition table.</summary>
/// <param name="Number">Counted from 1, as in /dev/sda1.</param>
/// <param name="Type">What it is for.</param>
/// <param name="Uuid">Its own UUID.</param>
/// <param name="Label">Its name.</param>
/// <param name="Attributes">Its bits.</param>
/// <param name="FirstBlock">In blocks of the disk.</param>
/// <param name="LastBlock">Inclusive.</param>
public sealed record GptEntry(int Number, PartitionType Type, Uuid Uuid, string Label, PartitionAttributes Attributes, long FirstBlock, long LastBlock);

/// <summary>A partition table as it was found on a disk.</summary>
/// <param name="SectorSize">Bytes in a block, found by where the header is.</param>
/// <param name="DiskUuid">The disk's UUID.</param>
/// <param name="FirstUsableBlock">First block that a partition may have.</param>
/// <param name="LastUsableBlock">Last block that a partition may have.</param>
/// <param name="Entries">In the order of the table.</param>
/// <param name="Problems">What breaks the rules and yet leaves the table readable, a sentence each; empty for a sound disk.</param>
public sealed record GptTable(int SectorSize, Uuid DiskUuid, long FirstUsableBlock, long LastUsableBlock, IReadOnlyList<GptEntry> Entries, IReadOnlyList<string> Problems)
{
    /// <summary>Reads the table of a disk and checks it: both headers and their checksums, ranges and overlaps.</summary>
    /// <exception cref="DamagedInputException">The disk has neither a readable primary nor a readable backup table.</exception>
    public static GptTable Read(ByteSource disk) => GptReader.Read(disk);

    /// <summary>True where there is a GPT header, sound or not.</summary>
    public static bool IsPresent(ByteSource disk) => GptReader.FindSectorSize(disk) is not null;

    /// <summary>Offset of an entry in bytes.</summary>
    public long OffsetOf(GptEntry entry) => entry.FirstBlock * SectorSize;

    /// <summary>Length of an entry in bytes.</summary>
    public long LengthOf(GptEntry entry) => (entry.LastBlock - entry.FirstBlock + 1) * SectorSize;

    /// <summary>The bytes of a partition.</summary>
    /// <exception cref="DamagedInputException">It lies beyond the end of the disk.</exception>
    public ByteSource Content(ByteSource disk, GptEntry entry)
    {
        if (entry.FirstBlock > entry.LastBlock || entry.LastBlock >= disk.Length / SectorSize) throw new DamagedInputException($"partition {entry.Number} (\"{entry.Label}\") lies from block {entry.FirstBlock} to {entry.LastBlock}, and the disk has {disk.Length / SectorSize} blocks");
        return disk.Slice(OffsetOf(entry), LengthOf(entry));
    }
}
