using System.Globalization;
using Roos.Core.Bytes;
using Roos.Gpt;

namespace Roos.Builder.Verification;

/// <summary>A partition that can be read.</summary>
/// <param name="Entry">What the table says of it.</param>
/// <param name="Content">Its bytes.</param>
internal sealed record DiskPartition(GptEntry Entry, ByteSource Content)
{
    public PartitionDesignator Designator => Entry.Type.Designator;

    /// <summary>As reports call it.</summary>
    public string Name => string.Create(CultureInfo.InvariantCulture, $"partition {Entry.Number} ({(Entry.Label.Length > 0 ? Entry.Label : Entry.Type.Identifier)})");
}

/// <summary>The partition table: both copies, their checksums, ranges and overlaps.</summary>
internal static class PartitionTableCheck
{
    /// <returns>The partitions that are within the disk.</returns>
    public static IReadOnlyList<DiskPartition> Run(ByteSource disk, CheckLog log)
    {
        const string part = "partition table";
        if (log.Guard(CheckNames.PartitionTable, part, () => GptTable.Read(disk)) is not { } table) return [];
        if (table.Problems.Count > 0) log.Broken(CheckNames.PartitionTable, part, string.Join("; ", table.Problems));
        var partitions = new List<DiskPartition>();
        foreach (var entry in table.Entries)
        {
            if (log.Guard(CheckNames.PartitionTable, part, () => table.Content(disk, entry)) is { } content) partitions.Add(new DiskPartition(entry, content));
        }

        if (table.Problems.Count == 0 && partitions.Count == table.Entries.Count) log.Good(CheckNames.PartitionTable, part, string.Create(CultureInfo.InvariantCulture, $"GPT, both copies with their checksums; {partitions.Count} partitions"));
        return partitions;
    }
}
