using System.Buffers.Binary;
using System.Numerics;
using Roos.Core.Bytes;
using Roos.Erofs.Format;

namespace Roos.Erofs.Writing;

/// <summary>
/// A sparse file as chunks of one size, each a run of blocks or a hole. The only layout in which a hole costs nothing, so
/// it serves files that are mostly holes, compressed image or not.
/// </summary>
internal sealed class ChunkTable
{
    private const int SmallestBits = 16;
    private const int MostChunks = 1 << 20;

    private readonly IReadOnlyList<(long Start, long End)> _data;
    private readonly long _fileSize;

    private ChunkTable(IReadOnlyList<(long Start, long End)> data, long fileSize, int bits)
    {
        _data = data;
        _fileSize = fileSize;
        ChunkBits = bits;
        DataBlocks = DataChunks().Sum(chunk => ErofsFormat.BlocksFor(LengthOf(chunk)));
    }

    /// <summary>log2 of the bytes of a chunk.</summary>
    public int ChunkBits { get; }

    public long DataBlocks { get; }

    public int TableSize => (int)(((_fileSize - 1) >> ChunkBits) + 1) * ErofsFormat.BlockMapEntrySize;

    /// <summary>The chunks of a file where they take less room than its other layouts; null where they do not.</summary>
    /// <param name="content">The file.</param>
    /// <param name="compressible">The other layout is compressed and not flat: taken to halve data and to need a block per cluster of zeros.</param>
    public static ChunkTable? TryPlan(ByteSource content, bool compressible)
    {
        if (content.Length < 2L << SmallestBits) return null;
        var data = FindData(content);
        var dataBytes = data.Sum(range => range.End - range.Start);
        if (content.Length - dataBytes < 1L << SmallestBits) return null;
        ChunkTable? best = null;
        var bestCost = compressible
            ? dataBytes / 2 + (content.Length - dataBytes) / 256 + content.Length / 2048
            : content.Length;
        for (var bits = SmallestBits; bits <= 40; bits++)
        {
            if ((content.Length - 1) >> bits >= MostChunks) continue;
            var table = new ChunkTable(data, content.Length, bits);
            var cost = table.DataBlocks * ErofsFormat.BlockSize + table.TableSize;
            if (cost <= bestCost) (best, bestCost) = (table, cost);
            if (content.Length >> bits == 0) break;
        }

        return best;
    }

    /// <summary>Writes the table; data chunks lie one after another from <paramref name="firstBlock"/>.</summary>
    public void WriteTable(uint firstBlock, Span<byte> destination)
    {
        destination.Fill(0xff);
        var block = firstBlock;
        foreach (var chunk in DataChunks())
        {
            BinaryPrimitives.WriteUInt32LittleEndian(destination[(int)(chunk * ErofsFormat.BlockMapEntrySize)..], block);
            block += (uint)ErofsFormat.BlocksFor(LengthOf(chunk));
        }
    }

    /// <summary>The parts of the file that are stored, in order; only the last can have an end within a block.</summary>
    public IEnumerable<(long Offset, long Length)> DataParts() => DataChunks().Select(chunk => (chunk << ChunkBits, LengthOf(chunk)));

    private IEnumerable<long> DataChunks()
    {
        long next = 0;
        foreach (var (start, end) in _data)
        {
            for (next = Math.Max(next, start >> ChunkBits); next <= (end - 1) >> ChunkBits; next++) yield return next;
        }
    }

    private long LengthOf(long chunk) => Math.Min(1L << ChunkBits, _fileSize - (chunk << ChunkBits));

    /// <summary>Ranges that are not known to be holes, by bisection: as many questions as there are edges, times the depth.</summary>
    private static List<(long Start, long End)> FindData(ByteSource content)
    {
        var result = new List<(long Start, long End)>();
        Search(0, (long)BitOperations.RoundUpToPowerOf2((ulong)content.Length));
        return result;

        void Search(long start, long length)
        {
            var end = Math.Min(start + length, content.Length);
            if (start >= end || content.IsHole(start, end - start)) return;
            if (length > 1L << SmallestBits)
            {
                Search(start, length / 2);
                Search(start + length / 2, length / 2);
            }
            else if (result.Count > 0 && result[^1].End == start)
            {
                result[^1] = (result[^1].Start, end);
            }
            else
            {
                result.Add((start, end));
            }
        }
    }
}
