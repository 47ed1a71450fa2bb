using Roos.Core;
using Roos.Core.Bytes;
using Roos.Erofs.Format;

namespace Roos.Erofs.Reading;

/// <summary>
/// The hidden inode of fragments: small files and ends of files, one after another (<c>packed_nid</c>). It is a regular file
/// of any layout, without fragments of its own.
/// </summary>
internal sealed class PackedInode(ImageBytes image, ErofsSuperblock superblock, ContentReader reader)
{
    private ByteSource? _content;

    public bool Exists => superblock.Has(IncompatibleFeatures.Fragments) && superblock.PackedNid != 0;

    public ByteSource Content => _content ??= Open();

    /// <summary>The bytes of a fragment.</summary>
    public ByteSource Slice(long offset, long length, StoredInode inode)
    {
        if (!Exists) throw new DamagedInputException($"damaged EroFS image: {inode} has a fragment and the superblock has no packed inode");
        if (offset < 0 || offset > Content.Length - length) throw new DamagedInputException($"damaged EroFS image: a fragment of {inode} would be {length} bytes at offset {offset} of the packed inode, which has {Content.Length}");
        return Content.Slice(offset, length);
    }

    private ByteSource Open()
    {
        var inode = InodeReader.Read(image, superblock, superblock.PackedNid);
        if (inode.DirentType != DirentType.Regular) throw new DamagedInputException($"damaged EroFS image: the packed inode, {inode}, is not a regular file");
        return reader.OpenPacked(inode);
    }
}
