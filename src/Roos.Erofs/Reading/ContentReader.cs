using Roos.Core;
using Roos.Core.Bytes;
using Roos.Erofs.Format;

namespace Roos.Erofs.Reading;

/// <summary>Finds an inode's content, whatever its layout, and gives it as bytes that are read when they are needed.</summary>
internal sealed class ContentReader
{
    private readonly ImageBytes _image;
    private readonly ErofsSuperblock _superblock;
    private readonly ExtentDecoder _decoder;
    private long _indexBytesLeft;

    public ContentReader(ImageBytes image, ErofsSuperblock superblock, ExtentDecoder decoder)
    {
        _image = image;
        _superblock = superblock;
        _decoder = decoder;
        _indexBytesLeft = image.Length;
        Packed = new PackedInode(image, superblock, this);
    }

    public PackedInode Packed { get; }

    public ByteSource Open(StoredInode inode)
    {
        if (inode.Size == 0) return ByteSource.Empty;
        if (inode.Layout is not (DataLayout.CompressedFull or DataLayout.CompressedCompact)) return OpenUncompressed(inode);
        var header = MapHeader.Read(_image, _superblock, inode);
        return header.WholeFragment is { } offset ? Packed.Slice(offset, inode.Size, inode) : OpenCompressed(inode, header, isPacked: false);
    }

    /// <summary>The content of the packed inode.</summary>
    internal ByteSource OpenPacked(StoredInode inode)
    {
        if (inode.Size == 0) return ByteSource.Empty;
        if (inode.Layout is not (DataLayout.CompressedFull or DataLayout.CompressedCompact)) return OpenUncompressed(inode);
        var header = MapHeader.Read(_image, _superblock, inode);
        if (header.WholeFragment is not null || header.Has(CompressionAdvice.FragmentPhysicalCluster)) throw new DamagedInputException($"damaged EroFS image: the packed inode, {inode}, has fragments itself");
        return OpenCompressed(inode, header, isPacked: true);
    }

    private ByteSource OpenUncompressed(StoredInode inode) => inode.Layout switch
    {
        DataLayout.FlatPlain => _image.Slice((long)inode.Union * ErofsFormat.BlockSize, inode.Size, $"the content of {inode}"),
        DataLayout.FlatInline => OpenInline(inode),
        DataLayout.ChunkBased => OpenChunked(inode),
        _ => throw new DamagedInputException($"damaged EroFS image: {inode} has the unknown layout {(int)inode.Layout}"),
    };

    private ByteSource OpenInline(StoredInode inode)
    {
        var blocks = (inode.Size - 1) / ErofsFormat.BlockSize * ErofsFormat.BlockSize;
        var rest = inode.Size - blocks;
        if (inode.TailStart % ErofsFormat.BlockSize + rest > ErofsFormat.BlockSize) throw new DamagedInputException($"damaged EroFS image: {rest} bytes of content inside {inode} cross a block's end");
        var tail = _image.Slice(inode.TailStart, rest, $"the content in {inode}");
        return blocks == 0 ? tail : ByteSource.Concat([_image.Slice((long)inode.Union * ErofsFormat.BlockSize, blocks, $"the content of {inode}"), tail]);
    }

    private ChunkedContent OpenChunked(StoredInode inode)
    {
        var content = ChunkedContent.Open(_image, _superblock, inode);
        Take(content.TableSize, inode);
        return content;
    }

    private CompressedFile OpenCompressed(StoredInode inode, MapHeader header, bool isPacked)
    {
        var extents = new ExtentMap(_image, _superblock, inode, header);
        Take(extents.IndexSize, inode);
        var tail = extents.Tail is { Form: ExtentForm.Fragment } fragment ? Packed.Slice(extents.FragmentOffset, fragment.Length, inode) : null;
        return new CompressedFile(_image, inode, extents, tail, _decoder, isPacked);
    }

    /// <summary>Indexes of a sound image do not overlap: this bounds what files a small image can claim to have.</summary>
    private void Take(long bytes, StoredInode inode)
    {
        _indexBytesLeft -= bytes;
        if (_indexBytesLeft < 0) throw new DamagedInputException($"damaged EroFS image: indexes overlap; they take more than the image's {_image.Length} bytes at {inode}");
    }
}
