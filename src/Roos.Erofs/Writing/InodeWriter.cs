using System.Runtime.InteropServices;
using Roos.Core.Bytes;
using Roos.Core.Tree;
using Roos.Erofs.Format;

namespace Roos.Erofs.Writing;

/// <summary>Writes an inode and what follows it: xattrs, then inline content, index of extents or chunk table.</summary>
internal static class InodeWriter
{
    public static void Write(InodePlan inode, SharedXattrs shared, Spool spool, BlockWriter output)
    {
        var bytes = new byte[inode.HeadSize + inode.TailSize];
        if (inode.IsExtended) MemoryMarshal.Write(bytes, Extended(inode));
        else MemoryMarshal.Write(bytes, Compact(inode));
        if (inode.XattrSize > 0) ExtendedAttributes.Write(inode.Node.Metadata, shared, bytes.AsSpan(inode.HeadSize - inode.XattrSize, inode.XattrSize));
        if (inode.TailSize > 0) WriteTail(inode, spool, bytes.AsSpan(inode.HeadSize));
        output.Write(bytes);
    }

    private static RawCompactInode Compact(InodePlan inode) => new()
    {
        Format = (ushort)((int)inode.Layout << 1),
        XattrCount = XattrCount(inode),
        Mode = (ushort)inode.Node.Mode,
        LinkCount = (ushort)inode.LinkCount,
        FileSize = (uint)inode.Size,
        Union = Union(inode),
        Number = inode.Number,
        UserId = (ushort)inode.Node.Metadata.UserId,
        GroupId = (ushort)inode.Node.Metadata.GroupId,
    };

    private static RawExtendedInode Extended(InodePlan inode) => new()
    {
        Format = (ushort)((int)inode.Layout << 1 | 1),
        XattrCount = XattrCount(inode),
        Mode = (ushort)inode.Node.Mode,
        FileSize = (ulong)inode.Size,
        Union = Union(inode),
        Number = inode.Number,
        UserId = inode.Node.Metadata.UserId,
        GroupId = inode.Node.Metadata.GroupId,
        ModificationSeconds = unchecked((ulong)inode.Node.Metadata.ModificationTime.Seconds),
        ModificationNanoseconds = inode.Node.Metadata.ModificationTime.Nanoseconds,
        LinkCount = inode.LinkCount,
    };

    private static ushort XattrCount(InodePlan inode) =>
        (ushort)(inode.XattrSize == 0 ? 0 : 1 + (inode.XattrSize - RawXattrHeader.Size) / 4);

    /// <summary><c>i_u</c>: what it means depends on the inode.</summary>
    private static uint Union(InodePlan inode)
    {
        if (inode.Node is DeviceNode device)
        {
            // new_encode_dev() of the kernel: 12 bits of major between 8 and 12 bits of minor.
            return (device.Minor & 0xff) | device.Major << 8 | (device.Minor & 0xfff00) << 12;
        }

        if (inode.Node is FifoNode or SocketNode) return 0;
        if (inode.Chunks is not null) return (uint)(inode.Chunks.ChunkBits - ErofsFormat.BlockBits);
        // Compressed blocks: what stat(2) and du tell, none for a file that is wholly in the packed inode.
        if (inode.Layout is DataLayout.CompressedFull or DataLayout.CompressedCompact) return (uint)inode.DataBlocks;
        return inode.DataBlocks == 0 ? ErofsFormat.NullBlock : inode.FirstBlock;
    }

    private static void WriteTail(InodePlan inode, Spool spool, Span<byte> destination)
    {
        if (inode.IsPacked)
        {
            PackedHeader.Write(inode.PackedOffset!.Value, destination);
        }
        else if (inode.Chunks is not null)
        {
            inode.Chunks.WriteTable(inode.FirstBlock, destination);
        }
        else if (inode.Compressed is { } content)
        {
            var index = destination[..^content.InlineTail];
            if (inode.Layout == DataLayout.CompressedFull) FullIndex.Write(inode, index);
            else CompactIndex.Write(inode, index);
            if (content.InlineTail > 0) spool.Read(content.SpoolOffset + content.StoredLength - content.InlineTail, destination[index.Length..]);
        }
        else
        {
            WriteInline(inode, destination);
        }
    }

    private static void WriteInline(InodePlan inode, Span<byte> destination)
    {
        if (inode.Node is RegularFile file)
        {
            file.Content.Read(inode.Size - destination.Length, destination);
        }
        else if (inode.Node is SymbolicLink link)
        {
            link.Target.Span.CopyTo(destination);
        }
        else if (inode.Directory is { } directory)
        {
            var block = new byte[ErofsFormat.BlockSize];
            directory.WriteBlock(directory.Blocks - 1, block);
            block.AsSpan(0, destination.Length).CopyTo(destination);
        }
    }
}
