using System.Buffers;
using Roos.Core.Bytes;
using Roos.Core.Tree;
using Roos.Erofs.Format;

namespace Roos.Erofs.Writing;

/// <summary>Writes an inode's blocks of the data area.</summary>
internal static class DataWriter
{
    private const int BufferSize = ErofsFormat.MaximumPhysicalCluster;

    public static void Write(InodePlan inode, Spool spool, BlockWriter output, CancellationToken cancellation)
    {
        if (output.Position != (long)inode.FirstBlock * ErofsFormat.BlockSize) throw new InvalidOperationException($"{inode.Path}: planned at block {inode.FirstBlock}, written at offset {output.Position}");
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            WriteContent(inode, spool, output, buffer, cancellation);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static void WriteContent(InodePlan inode, Spool spool, BlockWriter output, byte[] buffer, CancellationToken cancellation)
    {
        if (inode.Directory is { } directory)
        {
            for (var block = 0; block < inode.DataBlocks; block++)
            {
                directory.WriteBlock(block, buffer.AsSpan(0, ErofsFormat.BlockSize));
                output.Write(buffer.AsSpan(0, ErofsFormat.BlockSize));
            }
        }
        else if (inode.Node is SymbolicLink link)
        {
            output.Write(link.Target.Span);
            PadBlock(output);
        }
        else
        {
            var source = ((RegularFile)inode.Node).Content;
            if (inode.Compressed is { } content)
            {
                WriteExtents(content, source, spool, output, buffer, cancellation);
            }
            else if (inode.Chunks is { } chunks)
            {
                foreach (var (offset, length) in chunks.DataParts()) Copy(source, offset, length, output, buffer, cancellation);
            }
            else
            {
                Copy(source, 0, Math.Min(inode.Size, inode.DataBlocks * ErofsFormat.BlockSize), output, buffer, cancellation);
            }
        }
    }

    private static void WriteExtents(CompressedContent content, ByteSource source, Spool spool, BlockWriter output, byte[] buffer, CancellationToken cancellation)
    {
        long offset = 0, at = content.SpoolOffset;
        foreach (var extent in content.InlineTail > 0 ? content.Extents.SkipLast(1) : content.Extents)
        {
            if (extent.Origin is not null)
            {
                // Written with the file whose extent it is.
            }
            else if (extent.IsPlain)
            {
                Copy(source, offset, extent.Length, output, buffer, cancellation);
            }
            else
            {
                // Right-aligned: zeros fill up the first block (the feature LZ4_0PADDING).
                cancellation.ThrowIfCancellationRequested();
                output.WriteZeros(extent.Blocks * ErofsFormat.BlockSize - extent.Stored);
                spool.Read(at, buffer.AsSpan(0, extent.Stored));
                output.Write(buffer.AsSpan(0, extent.Stored));
                at += extent.Stored;
            }

            offset += extent.Length;
        }
    }

    /// <summary>Copies a part of a file and fills up its last block.</summary>
    private static void Copy(ByteSource source, long offset, long length, BlockWriter output, byte[] buffer, CancellationToken cancellation)
    {
        for (long done = 0; done < length;)
        {
            cancellation.ThrowIfCancellationRequested();
            var count = (int)Math.Min(BufferSize, length - done);
            if (source.IsHole(offset + done, count))
            {
                output.WriteZeros(count);
            }
            else
            {
                source.Read(offset + done, buffer.AsSpan(0, count));
                output.Write(buffer.AsSpan(0, count));
            }

            done += count;
        }

        PadBlock(output);
    }

    private static void PadBlock(BlockWriter output) => output.PadTo(ErofsFormat.AlignUp(output.Position, ErofsFormat.BlockSize));
}
