using System.Runtime.InteropServices;
using System.Text;
using Roos.Core;
using Roos.Core.Bytes;

namespace Roos.Gpt;

/// <summary>
/// A GPT disk as systemd-repart 257 lays it out (with util-linux's libfdisk beneath): protective MBR, header, 128 entries, the partitions
/// one after another on a grain of 4096 bytes, then the backup entries and header. Unused parts are zero runs.
/// </summary>
public sealed class GptDisk : IImage
{
    /// <summary>Partitions begin and end at multiples of this many bytes.</summary>
    public const int Grain = 4096;

    /// <summary>Entries in the partition table.</summary>
    public const int MaximumPartitions = 128;

    /// <summary>What systemd-repart adds to the partitions for both tables and the first MiB (<c>GPT_METADATA_SIZE</c> in repart.c).</summary>
    public const long MetadataLength = 1044 * 1024;

    /// <summary>Bytes of the partition entry array.</summary>
    internal const int EntriesLength = MaximumPartitions * RawGptEntry.Size;

    private const long Alignment = 1 << 20; // libfdisk: partitions begin at 1 MiB

    private readonly GptDiskOptions _options;

    private GptDisk(GptDiskOptions options, long length, long firstUsable, long lastUsable, IReadOnlyList<GptPlacement> placements)
    {
        _options = options;
        Length = length;
        FirstUsableBlock = firstUsable;
        LastUsableBlock = lastUsable;
        Placements = placements;
    }

    public long Length { get; }

    /// <summary>First block that a partition may have.</summary>
    public long FirstUsableBlock { get; }

    /// <summary>Last block that a partition may have.</summary>
    public long LastUsableBlock { get; }

    /// <summary>The partitions in their places.</summary>
    public IReadOnlyList<GptPlacement> Placements { get; }

    private int SectorSize => _options.SectorSize;

    private int EntrySectors => EntriesLength / SectorSize;

    private long LastBlock => (Length / SectorSize) - 1;

    /// <summary>Bytes of a disk that holds slots (and the padding behind them) of this many bytes altogether.</summary>
    public static long DiskLength(long slots) => MetadataLength + RoundUp(slots);

    /// <summary>The usable bytes of a disk: where the first partition begins, and where the last must end.</summary>
    /// <exception cref="RoosException">The disk is too small for a partition table.</exception>
    public static (long Start, long End) UsableRange(long length, int sectorSize)
    {
        var (first, last) = UsableBlocks(length, sectorSize);
        return (RoundUp(first * sectorSize), (last + 1) * sectorSize / Grain * Grain);
    }

    /// <summary>Places the partitions and checks that everything fits.</summary>
    /// <exception cref="RoosException">A size is not on the grain, a label is too long, content or a partition does not fit.</exception>
    public static GptDisk Plan(GptDiskOptions options)
    {
        if (options.SectorSize is not (512 or 1024 or 2048 or 4096)) throw new RoosException($"the sector size of a disk is 512, 1024, 2048 or 4096 bytes; found {options.SectorSize}");
        if (options.Partitions.Count > MaximumPartitions) throw new RoosException($"a GPT disk has at most {MaximumPartitions} partitions; found {options.Partitions.Count}");
        long slots = 0;
        for (var i = 0; i < options.Partitions.Count; i++)
        {
            Check(i + 1, options.Partitions[i]);
            slots += options.Partitions[i].Size + options.Partitions[i].PaddingAfter;
        }

        var length = options.Length ?? DiskLength(slots);
        if (length % Grain != 0) throw new RoosException($"the length of a disk must be a multiple of {Grain} bytes; found {length}");
        var (start, end) = UsableRange(length, options.SectorSize);
        if (slots > end - start) throw new RoosException($"the partitions need {slots} bytes and a disk of {length} bytes has room for {Math.Max(0, end - start)}: make the disk larger or the partitions smaller");
        var placements = new List<GptPlacement>();
        foreach (var partition in options.Partitions)
        {
            placements.Add(new GptPlacement(placements.Count + 1, partition, start));
            start += partition.Size + partition.PaddingAfter;
        }

        var (first, last) = UsableBlocks(length, options.SectorSize);
        return new GptDisk(options, length, first, last, placements);
    }

    public void WriteTo(ImageSink sink, CancellationToken cancellation = default)
    {
        var start = sink.Position;
        var entries = Entries();
        sink.Write(ProtectiveMbr());                                        // LBA 0
        sink.PadTo(start + SectorSize);
        sink.Write(Header(entries, 1, LastBlock, 2));                       // LBA 1
        sink.PadTo(start + (2L * SectorSize));
        sink.Write(entries);                                                // LBA 2
        foreach (var placement in Placements)
        {
            sink.PadTo(start + placement.Offset);
            placement.Partition.Content?.WriteTo(sink, cancellation);
        }

        var backupEntries = LastBlock - EntrySectors;
        sink.PadTo(start + (backupEntries * SectorSize));
        sink.Write(entries);
        sink.Write(Header(entries, LastBlock, 1, backupEntries));           // the last block
        sink.PadTo(start + Length);
    }

    internal static long RoundUp(long bytes) => (bytes + Grain - 1) / Grain * Grain;

    /// <summary>libfdisk: from 1 MiB on, but from the end of the table on disks of up to 4 MiB (<c>topology_get_first_lba()</c>).</summary>
    private static (long First, long Last) UsableBlocks(long length, int sectorSize)
    {
        var blocks = length / sectorSize;
        var table = 2L + (EntriesLength / sectorSize);
        var last = blocks - table;
        if (last < table) throw new RoosException($"a GPT disk has at least {(2 * table) + 1} blocks of {sectorSize} bytes; found {length} bytes");
        var aligned = Alignment / sectorSize;
        return (blocks <= aligned * 4 ? table : aligned, last);
    }

    private static void Check(int number, GptPartition partition)
    {
        var name = $"partition {number} (\"{partition.Label}\")";
        if (partition.Label.Length > RawGptEntry.NameLength) throw new RoosException($"{name}: a partition label has at most {RawGptEntry.NameLength} UTF-16 units; found {partition.Label.Length}");
        if (partition.Label.Contains('\0', StringComparison.Ordinal)) throw new RoosException($"partition {number}: a partition label cannot contain NUL");
        if (partition.Size < Grain || partition.Size % Grain != 0) throw new RoosException($"{name}: the size must be a multiple of {Grain} bytes and at least {Grain}; found {partition.Size}");
        if (partition.PaddingAfter < 0 || partition.PaddingAfter % Grain != 0) throw new RoosException($"{name}: the padding must be a multiple of {Grain} bytes; found {partition.PaddingAfter}");
        if (partition.Content is { } content && content.Length > partition.Size) throw new RoosException($"{name}: the content has {content.Length} bytes ({ByteCount.Text(content.Length)}) and its slot only {partition.Size} ({ByteCount.Text(partition.Size)}): make the slot at least {RoundUp(content.Length)} bytes or the content smaller");
        if (partition.Type == default) throw new RoosException($"{name}: a partition needs a type; all zeros means an unused entry");
    }

    private byte[] ProtectiveMbr()
    {
        var sector = new byte[512];
        ref var record = ref MemoryMarshal.AsRef<RawMbrPartition>(sector.AsSpan(RawMbrPartition.TableOffset, RawMbrPartition.Size));
        record.StartSector = 2; // CHS 0/0/2, the second sector of the disk
        record.Type = RawMbrPartition.ProtectiveType;
        record.EndHead = record.EndSector = record.EndTrack = 0xff; // beyond what CHS can say
        record.StartingLba = 1;
        record.SizeInLba = (uint)Math.Min(LastBlock, uint.MaxValue);
        sector[510] = 0x55;
        sector[511] = 0xaa;
        return sector;
    }

    private byte[] Header(byte[] entries, long myBlock, long alternateBlock, long entriesBlock)
    {
        var sector = new byte[SectorSize];
        var bytes = sector.AsSpan(0, RawGptHeader.Size);
        ref var header = ref MemoryMarshal.AsRef<RawGptHeader>(bytes);
        header.Signature = RawGptHeader.Magic;
        header.Revision = RawGptHeader.Revision1;
        header.HeaderSize = RawGptHeader.Size;
        header.MyLba = (ulong)myBlock;
        header.AlternateLba = (ulong)alternateBlock;
        header.FirstUsableLba = (ulong)FirstUsableBlock;
        header.LastUsableLba = (ulong)LastUsableBlock;
        _options.DiskUuid.ToMixedEndian().CopyTo(header.DiskGuid);
        header.PartitionEntryLba = (ulong)entriesBlock;
        header.PartitionEntries = MaximumPartitions;
        header.PartitionEntrySize = RawGptEntry.Size;
        header.PartitionEntriesCrc32 = Crc32.Of(entries);
        header.HeaderCrc32 = Crc32.Of(bytes);
        return sector;
    }

    private byte[] Entries()
    {
        var bytes = new byte[EntriesLength];
        foreach (var (number, partition, offset) in Placements)
        {
            ref var entry = ref MemoryMarshal.AsRef<RawGptEntry>(bytes.AsSpan((number - 1) * RawGptEntry.Size, RawGptEntry.Size));
            partition.Type.ToMixedEndian().CopyTo(entry.Type);
            partition.Uuid.ToMixedEndian().CopyTo(entry.Unique);
            entry.StartingLba = (ulong)(offset / SectorSize);
            entry.EndingLba = (ulong)(((offset + partition.Size) / SectorSize) - 1);
            entry.Attributes = (ulong)partition.Attributes;
            Encoding.Unicode.GetBytes(partition.Label, entry.Name);
        }

        return bytes;
    }
}
