using Roos.Core.Bytes;
using Roos.Core.Tree;
using Roos.Erofs.Format;
using Roos.Erofs.Writing;

namespace Roos.Erofs;

/// <summary>
/// A planned EroFS image: superblock, metadata (inodes in order of their slots), data (in order of the walk). Dispose it to
/// let go of the spool.
/// </summary>
public sealed class ErofsPlan : IImage, IDisposable
{
    private readonly ErofsOptions _options;
    private readonly List<InodePlan> _inodes;
    private readonly InodePlan? _packed;
    private readonly SharedXattrs _sharedXattrs;
    private readonly long _metadataEnd;
    private readonly Spool _spool;

    internal ErofsPlan(ErofsOptions options, List<InodePlan> inodes, InodePlan? packed, SharedXattrs sharedXattrs, long metadataEnd, uint blocks, Spool spool)
    {
        _options = options;
        _inodes = inodes;
        _packed = packed;
        _sharedXattrs = sharedXattrs;
        _metadataEnd = metadataEnd;
        _spool = spool;
        Blocks = blocks;
        foreach (var inode in inodes)
        {
            if (inode.Node is not RegularFile) continue;
            if (inode.Compressed is not null && inode.Original is null) CompressedBytes += inode.DataBlocks * ErofsFormat.BlockSize + inode.InlineSize;
            if (ReferenceEquals(inode, packed)) continue;
            FileBytes += inode.Size;
            if (inode.Compressed is null && !inode.IsPacked) continue;
            CompressedFiles++;
            CompressedFileBytes += inode.Size;
        }
    }

    /// <summary>A multiple of 4096.</summary>
    public long Length => (long)Blocks * ErofsFormat.BlockSize;

    /// <summary>Blocks of 4096 bytes.</summary>
    public uint Blocks { get; }

    public int Inodes => _inodes.Count;

    /// <summary>Bytes before the data: superblock, inodes, names of small directories, small files, indexes.</summary>
    public long MetadataBytes => _metadataEnd;

    /// <summary>Bytes of all regular files.</summary>
    public long FileBytes { get; }

    /// <summary>Files that are stored compressed.</summary>
    public int CompressedFiles { get; }

    /// <summary>Bytes of those files.</summary>
    public long CompressedFileBytes { get; }

    /// <summary>What their contents take in the image, once for files that are equal.</summary>
    public long CompressedBytes { get; }

    public void WriteTo(ImageSink sink, CancellationToken cancellation = default)
    {
        var blocks = new BlockWriter(sink);
        blocks.Write(SuperblockWriter.CreateFirstBlock(_options, this, _inodes, _packed, _sharedXattrs));
        foreach (var inode in _inodes.OrderBy(inode => inode.Nid))
        {
            cancellation.ThrowIfCancellationRequested();
            blocks.PadTo(inode.Nid * ErofsFormat.InodeSlotSize);
            InodeWriter.Write(inode, _sharedXattrs, _spool, blocks);
        }

        blocks.PadTo(_sharedXattrs.Start);
        _sharedXattrs.Write(blocks);
        blocks.PadTo(_metadataEnd);
        foreach (var inode in _inodes)
        {
            if (inode.DataBlocks == 0 || inode.Original is not null) continue;
            DataWriter.Write(inode, _spool, blocks, cancellation);
        }

        blocks.Flush();
    }

    public void Dispose() => _spool.Dispose();
}
