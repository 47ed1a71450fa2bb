using Roos.Core.Bytes;
using Roos.Core.Tree;
using Roos.Erofs.Format;

namespace Roos.Erofs.Writing;

/// <summary>An inode while it is planned: what the tree says, then how its content is stored, then where it lies.</summary>
internal sealed class InodePlan(FileNode node, InodePlan? parent, ByteString name, uint number)
{
    public FileNode Node { get; } = node;

    /// <summary>The directory it was first met in; the root's is itself.</summary>
    public InodePlan Parent => parent ?? this;

    /// <summary>Counted from 1 in the order of the walk.</summary>
    public uint Number { get; } = number;

    public uint LinkCount { get; set; }

    /// <summary>Length of the content in bytes: of a file, of a directory's blocks, of a link's target.</summary>
    public long Size { get; set; }

    public bool IsExtended { get; set; }

    /// <summary>Bytes of inline xattrs with their header, a multiple of 4; 0 for none.</summary>
    public int XattrSize { get; set; }

    public DataLayout Layout { get; set; }

    /// <summary>Bytes after inode and xattrs: content kept inline, index of extents, or chunk table.</summary>
    public int TailSize { get; set; }

    /// <summary>Blocks in the data area.</summary>
    public long DataBlocks { get; set; }

    /// <summary>A directory's entries in blocks.</summary>
    public DirectoryLayout? Directory { get; set; }

    /// <summary>A compressed file's extents.</summary>
    public CompressedContent? Compressed { get; set; }

    /// <summary>A file with the same content, which both have from the same blocks; itself not such a file.</summary>
    public InodePlan? Original { get; set; }

    /// <summary>Another file has the same content and takes it from here.</summary>
    public bool IsOriginal { get; set; }

    /// <summary>Another file has some of its extents.</summary>
    public bool IsReferenced { get; set; }

    /// <summary>What kind of content a file has that is to be compressed.</summary>
    public FileKind Kind { get; set; }

    /// <summary>Where its content, or the end of it, begins in the packed inode.</summary>
    public long? PackedOffset { get; set; }

    /// <summary>Bytes at the end of the content that are in the packed inode.</summary>
    public long PackedLength { get; set; }

    /// <summary>A sparse file's chunks.</summary>
    public ChunkTable? Chunks { get; set; }

    /// <summary>Slot of 32 bytes counted from the start of the image.</summary>
    public long Nid { get; set; }

    /// <summary>First block in the data area, meaningless with <see cref="DataBlocks"/> 0.</summary>
    public uint FirstBlock { get; set; }

    public int HeadSize => (IsExtended ? RawExtendedInode.Size : RawCompactInode.Size) + XattrSize;

    /// <summary>Bytes of content at the end that are kept inline: as they are, or compressed.</summary>
    public int InlineSize => Layout == DataLayout.FlatInline ? TailSize : Compressed?.InlineTail ?? 0;

    /// <summary>All of the content is in the packed inode.</summary>
    public bool IsPacked => PackedLength > 0 && PackedLength == Size;

    /// <summary>For messages.</summary>
    public string Path => PathBytes.ToString();

    /// <summary>The first path that leads to it, with a slash before every name; the root's is a slash.</summary>
    public ByteString PathBytes
    {
        get
        {
            var length = 0;
            for (var at = this; !ReferenceEquals(at.Parent, at); at = at.Parent) length += 1 + at.Name.Length;
            if (length == 0) return "/"u8;
            var path = new byte[length];
            for (var at = this; !ReferenceEquals(at.Parent, at); at = at.Parent)
            {
                at.Name.Span.CopyTo(path.AsSpan(length -= at.Name.Length));
                path[--length] = (byte)'/';
            }

            return new ByteString(path);
        }
    }

    /// <summary>FNV-1a of the path: decides where units of compression begin, and nothing that an attacker gains from.</summary>
    public uint PathHash
    {
        get
        {
            var hash = ReferenceEquals(Parent, this) ? 2166136261 : Parent.PathHash;
            foreach (var value in Name.Span) hash = unchecked((hash ^ value) * 16777619);
            return unchecked((hash ^ (byte)'/') * 16777619);
        }
    }

    public ByteString Name { get; } = name;

    /// <summary>Content that is stored as it is: blocks in the data area, and the rest inline where that fits into one block of metadata.</summary>
    public void StoreFlat()
    {
        var rest = (int)(Size & (ErofsFormat.BlockSize - 1));
        // The kernel wants inline content within one block, and a link's inode in the same one (erofs_fill_symlink of Linux before 6.9).
        var inline = rest > 0 && HeadSize + (Node is SymbolicLink ? Size : rest) <= ErofsFormat.BlockSize;
        Layout = inline ? DataLayout.FlatInline : DataLayout.FlatPlain;
        TailSize = inline ? rest : 0;
        DataBlocks = inline ? Size >> ErofsFormat.BlockBits : ErofsFormat.BlocksFor(Size);
    }
}

/// <summary>An extent of a compressed file.</summary>
/// <param name="Length">Bytes of the file.</param>
/// <param name="Stored">Compressed length, or 0 where it is stored as it is.</param>
/// <param name="Origin">The file whose extent it is, where it is not the file's own.</param>
/// <param name="OriginBlock">Where it lies, counted from the first block of that file.</param>
internal readonly record struct Extent(int Length, int Stored, InodePlan? Origin = null, long OriginBlock = 0)
{
    public bool IsPlain => Stored == 0;

    public long Blocks => ErofsFormat.BlocksFor(IsPlain ? Length : Stored);
}

/// <summary>The extents of a file in order and where their compressed bytes begin in the spool, one after another.</summary>
internal sealed record CompressedContent(IReadOnlyList<Extent> Extents, long SpoolOffset)
{
    /// <summary>Compressed bytes of the last extent where it is kept beside the inode; otherwise 0.</summary>
    public int InlineTail { get; init; }

    /// <summary>Whether some extents are those of another file.</summary>
    public bool HasShared => Extents.Any(extent => extent.Origin is not null);

    /// <summary>Compressed bytes of all extents of its own.</summary>
    public long StoredLength => Extents.Sum(extent => extent.Origin is null ? (long)extent.Stored : 0);

    /// <summary>Blocks in the data area.</summary>
    public long Blocks => Extents.Sum(extent => extent.Origin is null ? extent.Blocks : 0) - (InlineTail > 0 ? Extents[^1].Blocks : 0);
}
