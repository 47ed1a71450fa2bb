using Roos.Core;
using Roos.Erofs.Format;

namespace Roos.Erofs.Reading;

/// <summary>
/// Finds the extents of a compressed inode in its index, as Linux does (fs/erofs/zmap.c). A logical cluster (a block of the
/// file) is the HEAD of the extent that begins in it, or a NONHEAD that says how far back the HEAD is.
/// </summary>
internal sealed class ExtentMap
{
    private readonly ImageBytes _image;
    private readonly CompressionSettings _compression;
    private readonly bool _hasSecond;
    private readonly StoredInode _inode;
    private readonly MapHeader _header;
    private readonly ClusterIndex _index;
    private readonly long _tailHead = -1;

    public ExtentMap(ImageBytes image, ErofsSuperblock superblock, StoredInode inode, MapHeader header)
    {
        _image = image;
        _compression = superblock.Compression;
        _hasSecond = superblock.Has(IncompatibleFeatures.DeviceTable);
        _inode = inode;
        _header = header;
        var clusters = ErofsFormat.BlocksFor(inode.Size);
        // At least 2 bytes per cluster must be there: checked first, so that nothing below can overflow.
        image.Check(header.IndexStart, clusters * 2, $"the index of {inode}");
        _index = inode.Layout == DataLayout.CompressedFull ? new StoredFullIndex(image, header, clusters) : new StoredCompactIndex(image, header, clusters);
        image.Check(header.IndexStart, IndexSize, $"the index of {inode}");
        if (header.InlineSize > 0 || header.Has(CompressionAdvice.FragmentPhysicalCluster))
        {
            var (number, cluster) = FindHead(inode.Size - 1);
            _tailHead = number;
            FragmentOffset = header.FragmentOffset;
            if (inode.Layout == DataLayout.CompressedFull) FragmentOffset |= (long)cluster.Block << 32; // negative where it is out of any range
            Tail = Find(inode.Size - 1);
        }
    }

    /// <summary>The last extent where it is a fragment or beside the inode.</summary>
    public StoredExtent? Tail { get; }

    /// <summary>Where the last extent is in the packed inode, if it is a fragment.</summary>
    public long FragmentOffset { get; }

    public long IndexSize => _index.End - _header.IndexStart;

    /// <summary>The extent that holds a byte of the file.</summary>
    public StoredExtent Find(long offset)
    {
        var (number, cluster) = FindHead(offset);
        var start = (number << ErofsFormat.BlockBits) + cluster.Offset;
        if (start > offset) throw Damaged(number, "does not hold the byte that led to it");
        var end = FindEnd(number, start);
        if (end <= offset) throw Damaged(number, "ends before the byte that led to it");
        if (end - start > ErofsFormat.MaximumDecodedCluster && !(number == _tailHead && IsFragment)) throw Damaged(number, $"is longer than {ErofsFormat.MaximumDecodedCluster} bytes");
        return Describe(number, cluster, start, end - start);
    }

    /// <summary>Checks that every cluster of an extent leads to its head.</summary>
    public void CheckReferences(StoredExtent extent)
    {
        var head = extent.Start >> ErofsFormat.BlockBits;
        for (var number = head + 1; number << ErofsFormat.BlockBits < extent.End; number++)
        {
            var cluster = _index.Read(number);
            if (cluster.Type != LogicalClusterType.NonHead) return; // where the extent ends
            if (cluster.Lookback < 1 || cluster.Lookback > number - head) throw Damaged(number, $"looks {cluster.Lookback} clusters back and its beginning is {number - head} back");
            if (cluster.BlockCount > 0 && number != head + 1) throw Damaged(number, "has its length in the wrong place");
        }
    }

    private bool IsFragment => _header.Has(CompressionAdvice.FragmentPhysicalCluster);

    private StoredExtent Describe(long number, StoredCluster cluster, long start, long length)
    {
        if (number == _tailHead && IsFragment) return new StoredExtent(start, length, ExtentForm.Fragment);
        var isInline = number == _tailHead;
        var storedAt = isInline ? _index.End : (long)cluster.Block * ErofsFormat.BlockSize;
        var storedLength = isInline ? _header.InlineSize : BlockCount(number, cluster.Type) * ErofsFormat.BlockSize;
        if (isInline && storedAt % ErofsFormat.BlockSize + storedLength > ErofsFormat.BlockSize) throw Damaged(number, $"is stored in {storedLength} bytes beside its inode and crosses a block's end");
        if (storedLength > ErofsFormat.MaximumPhysicalCluster) throw Damaged(number, $"is stored in {storedLength} bytes");
        _image.Check(storedAt, storedLength, $"an extent of {_inode}");
        if (cluster.Type == LogicalClusterType.Plain) return DescribePlain(number, start, length, storedAt, storedLength, cluster.IsPartial);

        if (cluster.Type == LogicalClusterType.Head2 && !_hasSecond) throw Damaged(number, "is of a second algorithm and the superblock has no such feature");
        var algorithm = cluster.Type == LogicalClusterType.Head2 ? _header.Second : _header.First;
        if (!_compression.Has(algorithm)) throw Damaged(number, $"is compressed by {CompressionSettings.Name((int)algorithm)} and the superblock does not say so");
        if (algorithm != CompressionAlgorithm.Lz4 && !_compression.ZeroPadding) throw Damaged(number, $"is compressed by {CompressionSettings.Name((int)algorithm)} without padding");
        return new StoredExtent(start, length, ExtentForm.Compressed, storedAt, storedLength, algorithm, cluster.IsPartial);
    }

    private StoredExtent DescribePlain(long number, long start, long length, long storedAt, int storedLength, bool isPartial)
    {
        if (length > storedLength) throw Damaged(number, $"holds {length} bytes in {storedLength} that are not compressed");
        if (!_header.Has(CompressionAdvice.InterlacedPhysicalCluster)) return new StoredExtent(start, length, ExtentForm.Plain, storedAt, storedLength, IsPartial: isPartial);
        if (storedLength == ErofsFormat.BlockSize) return new StoredExtent(start, length, ExtentForm.Interlaced, storedAt, storedLength, IsPartial: isPartial);
        // What is beside the inode is less than a block, so only an extent that begins with a block is not rotated.
        if (number != _tailHead || start % ErofsFormat.BlockSize != 0) throw Damaged(number, $"is interlaced in {storedLength} bytes");
        return new StoredExtent(start, length, ExtentForm.Plain, storedAt, storedLength, IsPartial: isPartial);
    }

    /// <summary>Blocks that an extent is stored in: one, or what the NONHEAD after its HEAD says.</summary>
    private int BlockCount(long number, LogicalClusterType type)
    {
        var isBig = _header.Has(type == LogicalClusterType.Head1 ? CompressionAdvice.BigPhysicalCluster1 : CompressionAdvice.BigPhysicalCluster2);
        if (!isBig || (number + 1) << ErofsFormat.BlockBits >= _inode.Size) return 1;
        var next = _index.Read(number + 1);
        if (next.Type != LogicalClusterType.NonHead) return 1;
        return next.BlockCount > 0 ? next.BlockCount : throw Damaged(number, "has no length");
    }

    private (long Number, StoredCluster Cluster) FindHead(long offset)
    {
        var number = offset >> ErofsFormat.BlockBits;
        var cluster = _index.Read(number);
        if (cluster.Type != LogicalClusterType.NonHead && offset % ErofsFormat.BlockSize < cluster.Offset) (number, cluster) = StepBack(number, 1);
        var steps = 0;
        while (cluster.Type == LogicalClusterType.NonHead)
        {
            (number, cluster) = StepBack(number, cluster.Lookback);
            if (++steps > LongestExtent) throw Damaged(number, "has its beginning too far back");
        }

        return (number, cluster);
    }

    /// <summary>Clusters of the longest extent; fragments may be longer.</summary>
    private long LongestExtent => IsFragment ? long.MaxValue : ErofsFormat.MaximumDecodedCluster / ErofsFormat.BlockSize + 1;

    private (long Number, StoredCluster Cluster) StepBack(long number, int distance)
    {
        if (distance < 1 || distance > number) throw Damaged(number, $"looks {distance} clusters back for its beginning");
        return (number - distance, _index.Read(number - distance));
    }

    private long FindEnd(long number, long start)
    {
        for (var next = number + 1; next << ErofsFormat.BlockBits < _inode.Size; next++)
        {
            if (next - number > LongestExtent) throw Damaged(number, $"is longer than {ErofsFormat.MaximumDecodedCluster} bytes");
            var cluster = _index.Read(next);
            if (cluster.Type == LogicalClusterType.NonHead) continue;
            var end = (next << ErofsFormat.BlockBits) + cluster.Offset;
            return end <= _inode.Size ? end : throw Damaged(number, "ends beyond the file");
        }

        return _inode.Size;
    }

    private DamagedInputException Damaged(long cluster, string what) => new($"damaged EroFS image: the extent at cluster {cluster} of {_inode} {what}");
}
