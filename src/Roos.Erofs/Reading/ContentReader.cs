using Roos.Core;
using Roos.Core.Bytes;
using Roos.Erofs.Format;

namespace Roos.Erofs.Reading;

/// <summary>Finds an inode's content, whatever its layout, and gives it as bytes that are read when they are needed.</summary>
internal sealed class ContentReader(ImageBytes image, ErofsSuperblock superblock, ClusterCache cache)
{
    public ByteSource Open(StoredInode inode)
    {
        if (inode.Size == 0) return ByteSource.Empty;
        return inode.Layout switch
        {
            DataLayout.FlatPlain => image.Slice((long)inode.Union * ErofsFormat.BlockSize, inode.Size, $"the content of {inode}"),
            DataLayout.FlatInline => OpenInline(inode),
            DataLayout.ChunkBased => ChunkedContent.Open(image, superblock, inode),
            DataLayout.CompressedFull or DataLayout.CompressedCompact => CompressedFile.Open(image, superblock, inode, cache),
            _ => throw new DamagedInputException($"damaged EroFS image: {inode} has the unknown layout {(int)inode.Layout}"),
        };
    }

    private ByteSource OpenInline(StoredInode inode)
    {
        var blocks = (inode.Size - 1) / ErofsFormat.BlockSize * ErofsFormat.BlockSize;
        var rest = inode.Size - blocks;
        if (inode.TailStart % ErofsFormat.BlockSize + rest > ErofsFormat.BlockSize) throw new DamagedInputException($"damaged EroFS image: {rest} bytes of content inside {inode} cross a block's end");
        var tail = image.Slice(inode.TailStart, rest, $"the content in {inode}");
        return blocks == 0 ? tail : ByteSource.Concat([image.Slice((long)inode.Union * ErofsFormat.BlockSize, blocks, $"the content of {inode}"), tail]);
    }
}
