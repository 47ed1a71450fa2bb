using System.Runtime.InteropServices;
using System.Text;
using Roos.Core;
using Roos.Core.Bytes;
using Roos.Core.Identity;

namespace Roos.Gpt;

/// <summary>Reads partition tables that anybody may have written.</summary>
internal static class GptReader
{
    private const int LargestEntrySize = 4096, LargestEntryCount = 1024;

    private const ulong LargestBlock = long.MaxValue / 8192; // so that no offset overflows

    private static readonly int[] SectorSizes = [512, 4096, 1024, 2048];

    public static int? FindSectorSize(ByteSource disk)
    {
        foreach (var size in SectorSizes)
        {
            if (HasSignature(disk, size)) return size;
        }

        foreach (var size in SectorSizes)
        {
            if (disk.Length % size == 0 && HasSignature(disk, disk.Length - size)) return size;
        }

        return null;
    }

    public static GptTable Read(ByteSource disk)
    {
        if (FindSectorSize(disk) is not { } sectorSize) throw new DamagedInputException("not a GPT disk: there is no \"EFI PART\" in its second or its last block");
        var blocks = disk.Length / sectorSize;
        var problems = new List<string>();
        CheckMbr(disk, problems);
        var primary = TryReadHeader(disk, sectorSize, 1, blocks, problems, "primary");
        var backupBlock = primary is { } found ? found.AlternateBlock : blocks - 1;
        if (backupBlock != blocks - 1) problems.Add($"the backup header is at block {backupBlock} and not at the end of the disk, block {blocks - 1}: the disk was enlarged or cut");
        var backup = TryReadHeader(disk, sectorSize, backupBlock, blocks, problems, "backup");
        var header = primary ?? backup ?? throw new DamagedInputException($"damaged GPT disk: {string.Join("; ", problems)}");
        if (primary is { } first && backup is { } second && !first.Agrees(second)) problems.Add("the backup table differs from the primary table");
        var entries = ReadEntries(header, problems);
        CheckRanges(header, entries, blocks, problems);
        return new GptTable(sectorSize, header.DiskUuid, header.FirstUsable, header.LastUsable, entries, problems);
    }

    private static bool HasSignature(ByteSource disk, long offset)
    {
        if (offset < 0 || offset > disk.Length - RawGptHeader.Size) return false;
        Span<byte> signature = stackalloc byte[8];
        disk.Read(offset, signature);
        return signature.SequenceEqual("EFI PART"u8);
    }

    private static void CheckMbr(ByteSource disk, List<string> problems)
    {
        if (disk.Length < 512) return;
        Span<byte> sector = stackalloc byte[512];
        disk.Read(0, sector);
        var isProtective = sector[510] == 0x55 && sector[511] == 0xaa;
        var found = false;
        for (var i = 0; i < 4; i++) found |= MemoryMarshal.AsRef<RawMbrPartition>(sector.Slice(RawMbrPartition.TableOffset + (i * RawMbrPartition.Size), RawMbrPartition.Size)).Type == RawMbrPartition.ProtectiveType;
        if (!isProtective || !found) problems.Add("block 0 has no protective MBR");
    }

    private static Header? TryReadHeader(ByteSource disk, int sectorSize, long block, long blocks, List<string> problems, string which)
    {
        try
        {
            return ReadHeader(disk, sectorSize, block, blocks);
        }
        catch (DamagedInputException e)
        {
            problems.Add($"the {which} table is damaged: {e.Message}");
            return null;
        }
    }

    private static Header ReadHeader(ByteSource disk, int sectorSize, long block, long blocks)
    {
        if (block < 1 || block >= blocks) throw new DamagedInputException($"its header would be at block {block} of {blocks}");
        var sector = new byte[sectorSize];
        disk.Read(block * sectorSize, sector);
        ref var raw = ref MemoryMarshal.AsRef<RawGptHeader>(sector.AsSpan(0, RawGptHeader.Size));
        if (raw.Signature.Value != RawGptHeader.Magic) throw new DamagedInputException($"block {block} does not begin with \"EFI PART\"");
        if (raw.Revision.Value != RawGptHeader.Revision1) throw new DamagedInputException($"its revision must be 1.0; found 0x{raw.Revision.Value:x8}");
        var size = raw.HeaderSize.Value;
        if (size < RawGptHeader.Size || size > sectorSize) throw new DamagedInputException($"its header must have {RawGptHeader.Size} to {sectorSize} bytes; found {size}");
        uint crc = raw.HeaderCrc32;
        raw.HeaderCrc32 = 0;
        var computed = Crc32.Of(sector.AsSpan(0, (int)size));
        if (crc != computed) throw new DamagedInputException($"the checksum of its header is 0x{crc:x8} and should be 0x{computed:x8}");
        if (raw.MyLba.Value != (ulong)block) throw new DamagedInputException($"the header at block {block} says that it is at block {raw.MyLba.Value}");
        uint count = raw.PartitionEntries, entrySize = raw.PartitionEntrySize;
        if (entrySize is < RawGptEntry.Size or > LargestEntrySize || entrySize % 8 != 0) throw new DamagedInputException($"an entry must have {RawGptEntry.Size} to {LargestEntrySize} bytes; found {entrySize}");
        if (count > LargestEntryCount) throw new DamagedInputException($"a table has at most {LargestEntryCount} entries; found {count}");
        var entries = new byte[count * entrySize];
        if (raw.PartitionEntryLba.Value >= (ulong)blocks || (long)raw.PartitionEntryLba.Value * sectorSize > disk.Length - entries.Length) throw new DamagedInputException($"its entries would be at block {raw.PartitionEntryLba.Value} of {blocks}");
        disk.Read((long)raw.PartitionEntryLba.Value * sectorSize, entries);
        computed = Crc32.Of(entries);
        if (raw.PartitionEntriesCrc32.Value != computed) throw new DamagedInputException($"the checksum of its entries is 0x{raw.PartitionEntriesCrc32.Value:x8} and should be 0x{computed:x8}");
        return new Header(Uuid.FromMixedEndian(raw.DiskGuid), Block(raw.AlternateLba), Block(raw.FirstUsableLba), Block(raw.LastUsableLba), (int)entrySize, entries);
    }

    private static List<GptEntry> ReadEntries(Header header, List<string> problems)
    {
        var entries = new List<GptEntry>();
        for (int at = 0, number = 1; at < header.Entries.Length; at += header.EntrySize, number++)
        {
            ref readonly var raw = ref MemoryMarshal.AsRef<RawGptEntry>(header.Entries.AsSpan(at, RawGptEntry.Size));
            var type = Uuid.FromMixedEndian(raw.Type);
            if (type == default) continue;
            if (raw.StartingLba.Value > raw.EndingLba.Value || raw.EndingLba.Value > LargestBlock)
            {
                problems.Add($"partition {number} lies from block {raw.StartingLba.Value} to {raw.EndingLba.Value}, which is no range; it is left out");
                continue;
            }

            entries.Add(new GptEntry(number, PartitionType.FromUuid(type), Uuid.FromMixedEndian(raw.Unique), Label(raw.Name), (PartitionAttributes)raw.Attributes.Value, (long)raw.StartingLba.Value, (long)raw.EndingLba.Value));
        }

        return entries;
    }

    private static void CheckRanges(Header header, List<GptEntry> entries, long blocks, List<string> problems)
    {
        if (header.FirstUsable > header.LastUsable || header.LastUsable >= blocks) problems.Add($"the usable blocks are said to be {header.FirstUsable} to {header.LastUsable} of {blocks}");
        GptEntry? before = null;
        foreach (var entry in entries.OrderBy(entry => entry.FirstBlock).ThenBy(entry => entry.Number))
        {
            if (entry.FirstBlock < header.FirstUsable || entry.LastBlock > header.LastUsable) problems.Add($"partition {entry.Number} (blocks {entry.FirstBlock} to {entry.LastBlock}) is outside the usable blocks {header.FirstUsable} to {header.LastUsable}");
            if (before is not null && entry.FirstBlock <= before.LastBlock) problems.Add($"partitions {before.Number} and {entry.Number} overlap");
            if (before is null || entry.LastBlock > before.LastBlock) before = entry;
        }

        foreach (var same in entries.GroupBy(entry => entry.Uuid).Where(group => group.Count() > 1)) problems.Add($"partitions {string.Join(" and ", same.Select(entry => entry.Number))} have the same UUID {same.Key}");
    }

    private static string Label(ReadOnlySpan<byte> name)
    {
        var text = Encoding.Unicode.GetString(name);
        var end = text.IndexOf('\0', StringComparison.Ordinal);
        return end < 0 ? text : text[..end];
    }

    private static long Block(Le64 block) => block.Value <= LargestBlock ? (long)block.Value : throw new DamagedInputException($"block {block.Value} is beyond every disk");

    private sealed record Header(Uuid DiskUuid, long AlternateBlock, long FirstUsable, long LastUsable, int EntrySize, byte[] Entries)
    {
        public bool Agrees(Header other) => DiskUuid == other.DiskUuid && FirstUsable == other.FirstUsable && LastUsable == other.LastUsable && EntrySize == other.EntrySize && Entries.AsSpan().SequenceEqual(other.Entries);
    }
}
