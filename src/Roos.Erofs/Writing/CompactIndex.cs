using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Roos.Erofs.Format;

namespace Roos.Erofs.Writing;

/// <summary>
/// The index in packs: a pack holds 2 or 16 clusters as bit fields (2 bits of type above 12 bits) and then the block
/// from which those of its HEADs are counted. Packs of 2 (8 bytes) go up to a multiple of 32 bytes, packs of 16 (32 bytes)
/// as far as they fill, packs of 2 to the end. All extents must lie one after another, for only counts are stored.
/// </summary>
internal static class CompactIndex
{
    private const int SmallPack = 2, LargePack = 16, LargePackBytes = 32;

    /// <summary>Bytes after an inode and xattrs of <paramref name="headSize"/> bytes; the inode begins at a multiple of 32.</summary>
    public static long Measure(int headSize, long fileSize)
    {
        var clusters = ErofsFormat.BlocksFor(fileSize);
        var (_, large) = Divide(headSize, clusters);
        return ErofsFormat.AlignUp(headSize, 8) - headSize + RawMapHeader.Size + ErofsFormat.AlignUp(clusters - large, SmallPack) * 4 + large * 2;
    }

    public static void Write(InodePlan file, Span<byte> destination)
    {
        destination.Clear();
        var at = (int)ErofsFormat.AlignUp(file.HeadSize, 8) - file.HeadSize;
        MemoryMarshal.Write(destination[at..], LogicalClusters.Header(file));
        at += RawMapHeader.Size;

        var clusters = ErofsFormat.BlocksFor(file.Size);
        var (initial, large) = Divide(file.HeadSize, clusters);
        Span<LogicalCluster> pack = stackalloc LogicalCluster[LargePack];
        long done = 0;
        var filled = 0;
        foreach (var cluster in LogicalClusters.Enumerate(file))
        {
            pack[filled++] = cluster;
            var size = done >= initial && done < initial + large ? LargePack : SmallPack;
            if (filled < size && done + filled < clusters) continue;
            pack[filled..size].Clear();
            at += WritePack(pack[..size], BaseBlock(pack[..filled]), destination[at..]);
            done += filled;
            filled = 0;
        }
    }

    /// <summary>How many clusters are in packs of 2 before the packs of 16, and how many in those.</summary>
    private static (long Initial, long Large) Divide(int headSize, long clusters)
    {
        var start = (int)ErofsFormat.AlignUp(headSize, 8) + RawMapHeader.Size;
        var initial = Math.Min(clusters, (LargePackBytes - start % LargePackBytes) % LargePackBytes / 4);
        return (initial, (clusters - initial) / LargePack * LargePack);
    }

    private static int WritePack(ReadOnlySpan<LogicalCluster> pack, uint baseBlock, Span<byte> destination)
    {
        var bytes = pack.Length == LargePack ? LargePackBytes : 8;
        var bits = (bytes - 4) * 8 / pack.Length;
        for (var i = 0; i < pack.Length; i++)
        {
            var cluster = pack[i];
            // The last cluster of a pack looks ahead, for the one before it tells how far back the HEAD is.
            var low = i == pack.Length - 1 && cluster.Type == LogicalClusterType.NonHead && !cluster.HasBlockCount
                ? Math.Min(cluster.Lookahead, ErofsFormat.BlockCountFlag - 1)
                : cluster.Lookback;
            var value = (uint)((int)cluster.Type << ErofsFormat.BlockBits | low) << (i * bits & 7);
            for (var at = i * bits / 8; value != 0; at++, value >>= 8) destination[at] |= (byte)(value & 0xff);
        }

        BinaryPrimitives.WriteUInt32LittleEndian(destination[(bytes - 4)..], baseBlock);
        return bytes;
    }

    /// <summary>
    /// The block of the pack's first HEAD, less those of the extent before it where its length is stored in this pack:
    /// the reader adds every length it meets on the way from the HEAD it wants to the start of the pack.
    /// </summary>
    private static uint BaseBlock(ReadOnlySpan<LogicalCluster> pack)
    {
        foreach (var cluster in pack)
        {
            if (cluster.Type == LogicalClusterType.NonHead) continue;
            var before = pack[0].HasBlockCount ? (uint)(pack[0].Lookback & ~ErofsFormat.BlockCountFlag) : 0;
            return cluster.Block - before;
        }

        return 0;
    }
}
