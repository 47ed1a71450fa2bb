using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Roos.Fat;

/// <summary>The entries of one directory as bytes. Their number is known from the names alone, before clusters are.</summary>
internal static class DirectoryTable
{
    /// <summary>Bytes that the entry of <paramref name="name"/> takes: 32, and 32 more for every 13 units of a long name.</summary>
    public static int SizeOf(string name) =>
        FatFormat.DirectoryEntrySize * (FatName.IsShortName(name) ? 1 : 1 + LongNameEntries(name));

    /// <summary>Writes the label entry of the root directory.</summary>
    public static void AppendLabel(List<byte> table, byte[] label, FatTime time) =>
        Append(table, label, FatFormat.AttributeVolumeLabel, 0, 0, time);

    /// <summary>Writes "." and "..", with which every directory but the root begins; a parent that is the root counts as cluster 0.</summary>
    public static void AppendDots(List<byte> table, uint self, uint parent, FatTime time)
    {
        Append(table, FatNameBytes("."), FatFormat.AttributeDirectory, self, 0, time);
        Append(table, FatNameBytes(".."), FatFormat.AttributeDirectory, parent, 0, time);

        static byte[] FatNameBytes(string dots) => FatName.Pack(dots, "");
    }

    public static void AppendEntry(List<byte> table, string name, byte[] shortName, bool isDirectory, uint firstCluster, uint size, FatTime time)
    {
        if (!FatName.IsShortName(name)) AppendLongName(table, name, FatName.Checksum(shortName));
        Append(table, shortName, isDirectory ? FatFormat.AttributeDirectory : FatFormat.AttributeArchive, firstCluster, size, time);
    }

    private static int LongNameEntries(string name) => (name.Length + FatFormat.UnitsPerLongNameEntry - 1) / FatFormat.UnitsPerLongNameEntry;

    private static void Append(List<byte> table, ReadOnlySpan<byte> name, byte attributes, uint firstCluster, uint size, FatTime time)
    {
        var entry = new RawDirectoryEntry
        {
            Attributes = attributes,
            CreationTime = time.Time,
            CreationDate = time.Date,
            AccessDate = time.Date,
            FirstClusterHigh = (ushort)(firstCluster >> 16),
            WriteTime = time.Time,
            WriteDate = time.Date,
            FirstClusterLow = (ushort)(firstCluster & 0xffff),
            FileSize = size,
        };
        name.CopyTo(entry.Name);
        table.AddRange(MemoryMarshal.AsBytes(new ReadOnlySpan<RawDirectoryEntry>(in entry)));
    }

    private static void AppendLongName(List<byte> table, string name, byte checksum)
    {
        var count = LongNameEntries(name);
        Span<byte> units = stackalloc byte[FatFormat.UnitsPerLongNameEntry * 2];
        for (var ordinal = count; ordinal >= 1; ordinal--)
        {
            for (var i = 0; i < FatFormat.UnitsPerLongNameEntry; i++)
            {
                var at = ((ordinal - 1) * FatFormat.UnitsPerLongNameEntry) + i;

                // A NUL ends the name where there is room for it, then all ones.
                var unit = at < name.Length ? name[at] : at == name.Length ? '\0' : '\uffff';
                BinaryPrimitives.WriteUInt16LittleEndian(units[(i * 2)..], unit);
            }

            var entry = new RawLongNameEntry
            {
                Ordinal = (byte)(ordinal | (ordinal == count ? FatFormat.LastLongNameEntry : 0)),
                Attributes = FatFormat.AttributeLongName,
                Checksum = checksum,
            };
            units[..10].CopyTo(entry.Units1);
            units[10..22].CopyTo(entry.Units2);
            units[22..].CopyTo(entry.Units3);
            table.AddRange(MemoryMarshal.AsBytes(new ReadOnlySpan<RawLongNameEntry>(in entry)));
        }
    }
}
