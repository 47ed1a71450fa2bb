using System.Buffers.Binary;
using Roos.Core;
using Roos.Erofs.Format;

namespace Roos.Erofs.Reading;

/// <summary>What an index says of a logical cluster. <paramref name="BlockCount"/> is 0 where it is not stored here.</summary>
internal readonly record struct StoredCluster(LogicalClusterType Type, int Offset, uint Block, int Lookback, int BlockCount, bool IsPartial = false);

/// <summary>An index of extents: entry by logical cluster.</summary>
internal abstract class ClusterIndex
{
    /// <summary>Offset in the image after the last entry, where the last extent's data may follow.</summary>
    public abstract long End { get; }

    public abstract StoredCluster Read(long number);

    /// <summary>A NONHEAD: how far back its HEAD is, or how many blocks the extent is stored in.</summary>
    protected static StoredCluster NonHead(int value, bool isBig)
    {
        if ((value & ErofsFormat.BlockCountFlag) == 0) return new StoredCluster(LogicalClusterType.NonHead, 0, 0, value, 0);
        if (!isBig) throw new DamagedInputException("damaged EroFS image: an index without large clusters has a number of blocks");
        return new StoredCluster(LogicalClusterType.NonHead, 0, 0, 1, value & ~ErofsFormat.BlockCountFlag);
    }

    protected static StoredCluster Head(LogicalClusterType type, int offset, uint block, bool isPartial = false)
    {
        if (offset >= ErofsFormat.BlockSize) throw new DamagedInputException($"damaged EroFS image: an extent begins at byte {offset} of a cluster of {ErofsFormat.BlockSize}");
        return new StoredCluster(type, offset, block, 0, 0, isPartial);
    }
}

/// <summary>Entries of 8 bytes (<c>struct z_erofs_lcluster_index</c>).</summary>
internal sealed class StoredFullIndex(ImageBytes image, MapHeader header, long clusters) : ClusterIndex
{
    private const int PartialReference = 1 << 15;

    public override long End => header.IndexStart + clusters * RawLogicalCluster.Size;

    public override StoredCluster Read(long number)
    {
        var raw = image.Read<RawLogicalCluster>(header.IndexStart + number * RawLogicalCluster.Size, "an index of extents");
        var type = (LogicalClusterType)(raw.Advice & 3);
        return type == LogicalClusterType.NonHead
            ? NonHead((int)(raw.BlockOrDeltas & 0xffff), header.Has(CompressionAdvice.BigPhysicalCluster1 | CompressionAdvice.BigPhysicalCluster2))
            : Head(type, raw.ClusterOffset, raw.BlockOrDeltas, (raw.Advice & PartialReference) != 0);
    }
}

/// <summary>
/// Packs of 2 entries in 8 bytes up to an offset that 32 divides, then of 16 entries in 32 bytes where the header says so,
/// then of 2 again. A pack ends with the block before its first extent's.
/// </summary>
internal sealed class StoredCompactIndex : ClusterIndex
{
    private readonly ImageBytes _image;
    private readonly long _start;
    private readonly long _initial;
    private readonly long _large;
    private readonly bool _big;

    public StoredCompactIndex(ImageBytes image, MapHeader header, long clusters)
    {
        _image = image;
        _start = header.IndexStart;
        _big = header.Has(CompressionAdvice.BigPhysicalCluster1);
        _initial = (32 - _start % 32) % 32 / 4;
        _large = header.Has(CompressionAdvice.Compacted2B) && _initial < clusters ? (clusters - _initial) / 16 * 16 : 0;
        var (at, count, _) = Find(clusters - 1);
        End = at + (count == 2 ? 8 : 32);
    }

    public override long End { get; }

    public override StoredCluster Read(long number)
    {
        Span<byte> pack = stackalloc byte[32];
        var (at, count, index) = Find(number);
        if (count == 2) pack = pack[..8];
        _image.Read(at, pack, "an index of extents");
        var cluster = Decode(pack, count, index);
        if (cluster.Type != LogicalClusterType.NonHead) return Head(cluster.Type, cluster.Low, BlockOf(pack, count, index));
        if (index < count - 1 || HasBlockCount(cluster)) return NonHead(cluster.Low, _big);
        var before = Decode(pack, count, index - 1); // the last entry looks ahead: go by the one before it
        var back = before.Type != LogicalClusterType.NonHead ? 1 : HasBlockCount(before) ? 2 : before.Low + 1;
        return new StoredCluster(cluster.Type, 0, 0, back, 0);
    }

    /// <summary>The pack of a cluster, how many entries it has, and which of them is the cluster's.</summary>
    private (long At, int Count, int Index) Find(long number)
    {
        if (number >= _initial && number - _initial < _large) return (_start + _initial * 4 + (number - _initial) / 16 * 32, 16, (int)((number - _initial) % 16));
        var small = number < _initial ? number : number - _large;
        return (_start + small / 2 * 8 + (number < _initial ? 0 : _large * 2), 2, (int)(small % 2));
    }

    private static bool HasBlockCount((LogicalClusterType Type, int Low) cluster) =>
        cluster.Type == LogicalClusterType.NonHead && (cluster.Low & ErofsFormat.BlockCountFlag) != 0;

    private static (LogicalClusterType Type, int Low) Decode(ReadOnlySpan<byte> pack, int count, int index)
    {
        var bit = index * (pack.Length - 4) * 8 / count;
        var value = (int)(BinaryPrimitives.ReadUInt32LittleEndian(pack[Math.Min(bit / 8, pack.Length - 4)..]) >> (bit - Math.Min(bit / 8, pack.Length - 4) * 8) & 0xffff);
        return ((LogicalClusterType)(value >> ErofsFormat.BlockBits & 3), value & (ErofsFormat.BlockSize - 1));
    }

    /// <summary>The block of a HEAD: the pack's own, plus what the extents between its start and the HEAD take.</summary>
    private uint BlockOf(ReadOnlySpan<byte> pack, int count, int index)
    {
        long blocks = _big ? 0 : 1;
        for (var i = index - 1; i >= 0; i--)
        {
            var cluster = Decode(pack, count, i);
            if (cluster.Type != LogicalClusterType.NonHead)
            {
                blocks++;
            }
            else if (HasBlockCount(cluster))
            {
                blocks += cluster.Low & ~ErofsFormat.BlockCountFlag;
                i--; // its HEAD
            }
            else if (!_big)
            {
                i -= cluster.Low; // over the rest of the extent, its HEAD counted where it is in this pack
                if (i >= 0) blocks++;
            }
            else if (cluster.Low <= 1)
            {
                throw new DamagedInputException("damaged EroFS image: an extent in a compact index has no length");
            }
            else
            {
                i -= cluster.Low - 2; // the next is the entry that has the length
            }
        }

        var first = BinaryPrimitives.ReadUInt32LittleEndian(pack[^4..]) + blocks;
        return first <= uint.MaxValue ? (uint)first : throw new DamagedInputException("damaged EroFS image: a block number in a compact index overflows");
    }
}
