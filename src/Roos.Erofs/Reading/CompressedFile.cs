using Roos.Core;
using Roos.Core.Bytes;
using Roos.Erofs.Format;

namespace Roos.Erofs.Reading;

/// <summary>An extent found in an index.</summary>
/// <param name="Start">First byte of the file that it holds.</param>
/// <param name="Length">Bytes of the file.</param>
/// <param name="StoredAt">Offset in the image.</param>
/// <param name="StoredLength">Bytes in the image, whole blocks.</param>
/// <param name="IsPlain">Stored as it is.</param>
/// <param name="IsPartial">The frame may go on after the extent: another file has more of it (dedupe).</param>
internal readonly record struct StoredExtent(long Start, int Length, long StoredAt, int StoredLength, bool IsPlain, bool IsPartial);

/// <summary>A compressed file. Extents are found and decompressed when they are read.</summary>
internal sealed class CompressedFile : ByteSource
{
    private readonly ImageBytes _image;
    private readonly StoredInode _inode;
    private readonly ClusterIndex _index;
    private readonly ClusterCache _cache;
    private readonly int _clusterBits;
    private readonly bool _interlaced;

    private CompressedFile(ImageBytes image, StoredInode inode, ClusterIndex index, ClusterCache cache, int clusterBits, bool interlaced)
    {
        _image = image;
        _inode = inode;
        _index = index;
        _cache = cache;
        _clusterBits = clusterBits;
        _interlaced = interlaced;
    }

    public override long Length => _inode.Size;

    public static CompressedFile Open(ImageBytes image, ErofsSuperblock superblock, StoredInode inode, ClusterCache cache)
    {
        var at = ErofsFormat.AlignUp(inode.TailStart, 8);
        var header = image.Read<RawMapHeader>(at, $"the index of {inode}");
        var advice = (CompressionAdvice)header.Advice.Value;
        if ((advice & CompressionAdvice.FragmentPhysicalCluster) != 0 || (header.ClusterBits & 0x80) != 0) throw new DamagedInputException($"this EroFS image uses what Roos cannot read: fragments, in {inode}");
        const CompressionAdvice known = CompressionAdvice.Compacted2B | CompressionAdvice.BigPhysicalCluster1 | CompressionAdvice.BigPhysicalCluster2 | CompressionAdvice.InterlacedPhysicalCluster;
        if ((advice & ~known) != 0 || (header.ClusterBits & 0xf8) != 0) throw new DamagedInputException($"this EroFS image uses what Roos cannot read: the index of {inode} has advice 0x{header.Advice.Value:x} and cluster bits 0x{header.ClusterBits:x}");
        if ((header.Algorithms & 0xf) != ErofsFormat.ZstdAlgorithm) throw new DamagedInputException($"this EroFS image uses what Roos cannot read: {inode} is compressed by {SuperblockReader.AlgorithmName(header.Algorithms & 0xf)}");
        if (superblock.ZstdWindowLog == 0 || !superblock.Has(IncompatibleFeatures.ZeroPadding)) throw new DamagedInputException($"damaged EroFS image: {inode} is compressed by zstd and the superblock does not say so");
        var bits = ErofsFormat.BlockBits + header.ClusterBits;
        if (bits > 14) throw new DamagedInputException($"this EroFS image uses what Roos cannot read: logical clusters of 2^{bits} bytes in {inode}");
        var clusters = ((inode.Size - 1) >> bits) + 1;
        at += RawMapHeader.Size;
        var full = inode.Layout == DataLayout.CompressedFull;
        // At least 2 bytes per cluster must be there, which bounds the work a small image can ask for.
        image.Check(at, clusters * (full ? RawLogicalCluster.Size : 2), $"the index of {inode}");
        ClusterIndex index = full ? new StoredFullIndex(image, at + 8) : new StoredCompactIndex(image, at, clusters, bits, advice);
        return new CompressedFile(image, inode, index, cache, bits, (advice & CompressionAdvice.InterlacedPhysicalCluster) != 0);
    }

    /// <summary>Decompresses everything once; gives the number of compressed extents.</summary>
    public long Verify(CancellationToken cancellation)
    {
        long count = 0;
        for (long offset = 0; offset < Length;)
        {
            cancellation.ThrowIfCancellationRequested();
            var extent = Find(offset);
            if (!extent.IsPlain)
            {
                _cache.With(this, _image, extent, static _ => { });
                count++;
            }

            offset = extent.Start + extent.Length;
        }

        return count;
    }

    protected override void ReadCore(long offset, Span<byte> destination)
    {
        while (!destination.IsEmpty)
        {
            var extent = Find(offset);
            var within = (int)(offset - extent.Start);
            var count = Math.Min(destination.Length, extent.Length - within);
            if (extent.IsPlain) ReadPlain(extent, offset, destination[..count]);
            else _cache.Copy(this, _image, extent, within, destination[..count]);
            offset += count;
            destination = destination[count..];
        }
    }

    public override string ToString() => _inode.ToString();

    private void ReadPlain(StoredExtent extent, long offset, Span<byte> destination)
    {
        if (!_interlaced)
        {
            _image.Read(extent.StoredAt + offset - extent.Start, destination, $"an extent of {_inode}");
            return;
        }

        // Interlaced: every byte lies at its own offset modulo the cluster, so the extent's start is rotated into its blocks.
        while (!destination.IsEmpty)
        {
            var within = (int)(offset & (extent.StoredLength - 1));
            var count = Math.Min(destination.Length, extent.StoredLength - within);
            _image.Read(extent.StoredAt + within, destination[..count], $"an extent of {_inode}");
            offset += count;
            destination = destination[count..];
        }
    }

    private StoredExtent Find(long offset)
    {
        var number = offset >> _clusterBits;
        var cluster = _index.Read(number);
        if (cluster.Type != LogicalClusterType.NonHead && (offset & ((1L << _clusterBits) - 1)) < cluster.Offset) (number, cluster) = StepBack(number, 1);
        while (cluster.Type == LogicalClusterType.NonHead)
        {
            (number, cluster) = StepBack(number, cluster.Lookback);
            if (offset - (number << _clusterBits) > ErofsFormat.MaximumDecodedCluster + (1L << _clusterBits)) throw Damaged(number, "has its beginning too far back");
        }

        if (cluster.Offset >= 1 << _clusterBits) throw Damaged(number, $"begins at byte {cluster.Offset} of its cluster");

        var start = (number << _clusterBits) + cluster.Offset;
        if (start > offset) throw Damaged(number, "does not hold the byte that led to it");
        var end = FindEnd(number, start);
        var blocks = 1L << (_clusterBits - ErofsFormat.BlockBits);
        if ((number + 1) << _clusterBits < Length)
        {
            var next = _index.Read(number + 1);
            if (next.Type == LogicalClusterType.NonHead && cluster.Type != LogicalClusterType.Plain && next.BlockCount == 0) throw Damaged(number, "has no length");
            if (next.BlockCount > 0) blocks = next.BlockCount;
        }

        var stored = blocks * ErofsFormat.BlockSize;
        var plain = cluster.Type == LogicalClusterType.Plain;
        if (cluster.Type == LogicalClusterType.Head2) throw new DamagedInputException($"this EroFS image uses what Roos cannot read: a second compression algorithm in {_inode}");
        if (stored > ErofsFormat.MaximumPhysicalCluster || end - start > (plain ? stored : ErofsFormat.MaximumDecodedCluster)) throw Damaged(number, $"holds {end - start} bytes in {stored}");
        var at = (long)cluster.Block * ErofsFormat.BlockSize;
        _image.Check(at, stored, $"an extent of {_inode}");
        return new StoredExtent(start, (int)(end - start), at, (int)stored, plain, cluster.IsPartial);
    }

    private (long Number, StoredCluster Cluster) StepBack(long number, int distance)
    {
        if (distance < 1 || distance > number) throw Damaged(number, $"looks {distance} clusters back for its beginning");
        return (number - distance, _index.Read(number - distance));
    }

    private long FindEnd(long number, long start)
    {
        for (var next = number + 1; next << _clusterBits < Length; next++)
        {
            if ((next << _clusterBits) - start > ErofsFormat.MaximumDecodedCluster) throw Damaged(number, $"is longer than {ErofsFormat.MaximumDecodedCluster} bytes");
            var cluster = _index.Read(next);
            if (cluster.Type == LogicalClusterType.NonHead) continue;
            var end = (next << _clusterBits) + cluster.Offset;
            return end <= Length ? end : throw Damaged(number, "ends beyond the file");
        }

        return Length;
    }

    private DamagedInputException Damaged(long cluster, string what) => new($"damaged EroFS image: the extent at cluster {cluster} of {_inode} {what}");
}
