using Roos.Core;
using Roos.Core.Bytes;
using Roos.Erofs.Format;

namespace Roos.Erofs.Reading;

/// <summary>A file in chunks of one size, each a run of blocks or a hole. The table is read when it is needed.</summary>
internal sealed class ChunkedContent : ByteSource
{
    private const int IndexesFlag = 0x20, BitsMask = 0x1f;

    private readonly ImageBytes _image;
    private readonly StoredInode _inode;
    private readonly int _chunkBits;
    private readonly int _entrySize;
    private readonly long _table;

    private ChunkedContent(ImageBytes image, StoredInode inode, int chunkBits, int entrySize)
    {
        _image = image;
        _inode = inode;
        _chunkBits = chunkBits;
        _entrySize = entrySize;
        _table = ErofsFormat.AlignUp(inode.TailStart, entrySize);
        TableSize = (((inode.Size - 1) >> chunkBits) + 1) * entrySize;
        image.Check(_table, TableSize, $"the chunk table of {inode}");
    }

    /// <summary>Bytes of the table.</summary>
    public long TableSize { get; }

    public override long Length => _inode.Size;

    public static ChunkedContent Open(ImageBytes image, ErofsSuperblock superblock, StoredInode inode)
    {
        var format = inode.Union & 0xffff;
        if (!superblock.Has(IncompatibleFeatures.ChunkedFile)) throw new DamagedInputException($"damaged EroFS image: {inode} is in chunks and the superblock has no such feature");
        if ((format & ~(uint)(IndexesFlag | BitsMask)) != 0) throw new DamagedInputException($"this EroFS image uses what Roos cannot read: chunks of the format 0x{format:x} in {inode}");
        return new ChunkedContent(image, inode, ErofsFormat.BlockBits + (int)(format & BitsMask), (format & IndexesFlag) != 0 ? RawLogicalCluster.Size : ErofsFormat.BlockMapEntrySize);
    }

    /// <summary>Checks that every chunk is within the image.</summary>
    public void Verify(CancellationToken cancellation)
    {
        for (long chunk = 0; chunk <= (Length - 1) >> _chunkBits; chunk++)
        {
            cancellation.ThrowIfCancellationRequested();
            if (Find(chunk) is { } offset) _image.Check(offset, Math.Min(1L << _chunkBits, Length - (chunk << _chunkBits)), $"chunk {chunk} of {_inode}");
        }
    }

    public override bool IsHole(long offset, long count)
    {
        if (count == 0) return true;
        for (var chunk = offset >> _chunkBits; chunk <= (offset + count - 1) >> _chunkBits; chunk++)
        {
            if (Find(chunk) is not null) return false;
        }

        return true;
    }

    protected override void ReadCore(long offset, Span<byte> destination)
    {
        while (!destination.IsEmpty)
        {
            var within = offset & ((1L << _chunkBits) - 1);
            var count = (int)Math.Min(destination.Length, (1L << _chunkBits) - within);
            if (Find(offset >> _chunkBits) is { } start) _image.Read(start + within, destination[..count], $"a chunk of {_inode}");
            else destination[..count].Clear();
            offset += count;
            destination = destination[count..];
        }
    }

    private long? Find(long chunk)
    {
        var at = _table + chunk * _entrySize;
        uint block;
        if (_entrySize == ErofsFormat.BlockMapEntrySize)
        {
            block = _image.Read<Le32>(at, "a chunk table");
        }
        else
        {
            var entry = _image.Read<RawLogicalCluster>(at, "a chunk table"); // struct erofs_inode_chunk_index has the same shape
            block = entry.BlockOrDeltas;
            if (block != ErofsFormat.NullBlock && entry.ClusterOffset != 0) throw new DamagedInputException($"this EroFS image uses what Roos cannot read: {_inode} has a chunk on device {entry.ClusterOffset}");
        }

        return block == ErofsFormat.NullBlock ? null : (long)block * ErofsFormat.BlockSize;
    }
}
