using System.Buffers.Binary;
using Roos.Core;
using Roos.Erofs.Format;

namespace Roos.Erofs.Reading;

/// <summary>What an index says of a logical cluster. <paramref name="BlockCount"/> is 0 where it is not stored here.</summary>
internal readonly record struct StoredCluster(LogicalClusterType Type, int Offset, uint Block, int Lookback, int BlockCount, bool IsPartial = false);

/// <summary>An index of extents: entry by logical cluster.</summary>
internal abstract class ClusterIndex
{
    public abstract StoredCluster Read(long number);
}

/// <summary>Entries of 8 bytes.</summary>
internal sealed class StoredFullIndex(ImageBytes image, long start) : ClusterIndex
{
    private const int PartialReference = 1 << 15;

    public override StoredCluster Read(long number)
    {
        var raw = image.Read<RawLogicalCluster>(start + number * RawLogicalCluster.Size, "an index of extents");
        var type = (LogicalClusterType)(raw.Advice & 3);
        if (type != LogicalClusterType.NonHead) return new StoredCluster(type, raw.ClusterOffset, raw.BlockOrDeltas, 0, 0, (raw.Advice & PartialReference) != 0);
        var back = (int)(raw.BlockOrDeltas & 0xffff);
        return (back & ErofsFormat.BlockCountFlag) != 0
            ? new StoredCluster(type, 0, 0, 1, back & ~ErofsFormat.BlockCountFlag)
            : new StoredCluster(type, 0, 0, back, 0);
    }
}

/// <summary>Packs of 2 and of 16 entries.</summary>
internal sealed class StoredCompactIndex : ClusterIndex
{
    private readonly ImageBytes _image;
    private readonly long _start;
    private readonly long _initial;
    private readonly long _large;
    private readonly int _clusterBits;
    private readonly bool _big;

    public StoredCompactIndex(ImageBytes image, long start, long clusters, int clusterBits, CompressionAdvice advice)
    {
        _image = image;
        _start = start;
        _clusterBits = clusterBits;
        _big = (advice & CompressionAdvice.BigPhysicalCluster1) != 0;
        _initial = (32 - start % 32) % 32 / 4;
        _large = (advice & CompressionAdvice.Compacted2B) != 0 && clusterBits == ErofsFormat.BlockBits && _initial < clusters ? (clusters - _initial) / 16 * 16 : 0;
    }

    public override StoredCluster Read(long number)
    {
        Span<byte> pack = stackalloc byte[32];
        int index, count;
        long at;
        if (number >= _initial && number - _initial < _large)
        {
            (index, count, at) = ((int)((number - _initial) % 16), 16, _start + _initial * 4 + (number - _initial) / 16 * 32);
        }
        else
        {
            var small = number < _initial ? number : number - _large;
            pack = pack[..8];
            (index, count, at) = ((int)(small % 2), 2, _start + small / 2 * 8 + (number < _initial ? 0 : _large * 2));
        }

        _image.Read(at, pack, "an index of extents");
        var cluster = Decode(pack, count, index);
        if (cluster.Type != LogicalClusterType.NonHead) return new StoredCluster(cluster.Type, cluster.Low, BlockOf(pack, count, index), 0, 0);
        if (HasBlockCount(cluster)) return new StoredCluster(cluster.Type, 0, 0, 1, cluster.Low & ~ErofsFormat.BlockCountFlag);
        if (index < count - 1) return new StoredCluster(cluster.Type, 0, 0, cluster.Low, 0);
        var before = Decode(pack, count, index - 1); // the last entry looks ahead: go by the one before it
        var back = before.Type != LogicalClusterType.NonHead ? 1 : HasBlockCount(before) ? 2 : before.Low + 1;
        return new StoredCluster(cluster.Type, 0, 0, back, 0);
    }

    private static bool HasBlockCount((LogicalClusterType Type, int Low) cluster) =>
        cluster.Type == LogicalClusterType.NonHead && (cluster.Low & ErofsFormat.BlockCountFlag) != 0;

    private (LogicalClusterType Type, int Low) Decode(ReadOnlySpan<byte> pack, int count, int index)
    {
        var bit = index * (pack.Length - 4) * 8 / count;
        var value = (int)(BinaryPrimitives.ReadUInt32LittleEndian(pack[Math.Min(bit / 8, pack.Length - 4)..]) >> (bit - Math.Min(bit / 8, pack.Length - 4) * 8) & 0xffff);
        return ((LogicalClusterType)(value >> _clusterBits & 3), value & ((1 << _clusterBits) - 1));
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
