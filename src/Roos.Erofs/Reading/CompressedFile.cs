using Roos.Core.Bytes;

namespace Roos.Erofs.Reading;

/// <summary>A compressed file. Extents are found and decompressed when they are read.</summary>
internal sealed class CompressedFile(ImageBytes image, StoredInode inode, ExtentMap extents, ByteSource? fragment, ExtentDecoder decoder, bool isPacked) : ByteSource
{
    private StoredExtent? _last;

    public override long Length => inode.Size;

    /// <summary>It is the packed inode.</summary>
    public bool IsPacked => isPacked;

    /// <summary>Decompresses everything once and checks the whole index; gives the number of compressed extents.</summary>
    public long Verify(CancellationToken cancellation)
    {
        long count = 0;
        for (long offset = 0; offset < Length;)
        {
            cancellation.ThrowIfCancellationRequested();
            var extent = extents.Find(offset);
            extents.CheckReferences(extent);
            if (extent.Form == ExtentForm.Compressed)
            {
                decoder.Copy(this, extent, 0, []);
                count++;
            }

            offset = extent.End;
        }

        return count;
    }

    protected override void ReadCore(long offset, Span<byte> destination)
    {
        while (!destination.IsEmpty)
        {
            var extent = Find(offset);
            var within = offset - extent.Start;
            var count = (int)Math.Min(destination.Length, extent.Length - within);
            Read(extent, within, destination[..count]);
            offset += count;
            destination = destination[count..];
        }
    }

    public override string ToString() => inode.ToString();

    /// <summary>Many reads are of one extent after another, or of many fragments in one.</summary>
    private StoredExtent Find(long offset)
    {
        if (_last is { } last && offset >= last.Start && offset < last.End) return last;
        return _last = extents.Find(offset);
    }

    private void Read(StoredExtent extent, long within, Span<byte> destination)
    {
        switch (extent.Form)
        {
            case ExtentForm.Compressed:
                decoder.Copy(this, extent, (int)within, destination);
                break;
            case ExtentForm.Plain:
                image.Read(extent.StoredAt + within, destination, $"an extent of {inode}");
                break;
            case ExtentForm.Interlaced:
                ReadInterlaced(extent, within, destination);
                break;
            default:
                fragment!.Read(within, destination);
                break;
        }
    }

    private void ReadInterlaced(StoredExtent extent, long within, Span<byte> destination)
    {
        var from = (int)((extent.Start + within) % extent.StoredLength);
        var first = Math.Min(destination.Length, extent.StoredLength - from);
        image.Read(extent.StoredAt + from, destination[..first], $"an extent of {inode}");
        if (first < destination.Length) image.Read(extent.StoredAt, destination[first..], $"an extent of {inode}");
    }
}
