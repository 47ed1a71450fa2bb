using System.IO.Compression;
using Roos.Core;
using Roos.Erofs.Format;
using ZstdSharp;
using ZstdSharp.Unsafe;

namespace Roos.Erofs.Reading;

/// <summary>
/// Decompresses extents and remembers some of them (<see cref="ExtentCache"/>): those of files, for reads mostly go on where
/// the last one ended, and those of the packed inode, where many small files are in one extent. One per reader, so memory is
/// bounded however many files are open.
/// </summary>
internal sealed class ExtentDecoder(ImageBytes image, CompressionSettings settings) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Decompressor _zstd = new();
    private readonly ExtentCache _files = new(ErofsFormat.MaximumDecodedCluster);
    private readonly ExtentCache _packed = new(4L * ErofsFormat.MaximumDecodedCluster);
    private byte[] _stored = [];

    /// <summary>Copies bytes of an extent, from <paramref name="within"/> on.</summary>
    public void Copy(CompressedFile file, StoredExtent extent, int within, Span<byte> destination)
    {
        lock (_lock)
        {
            var cache = file.IsPacked ? _packed : _files;
            if (!cache.TryGet(file, extent.Start, out var decoded))
            {
                decoded = Decode(file, extent);
                cache.Add(file, extent.Start, decoded);
            }

            decoded.AsSpan(within, destination.Length).CopyTo(destination);
        }
    }

    public void Dispose() => _zstd.Dispose();

    private byte[] Decode(CompressedFile file, StoredExtent extent)
    {
        if (_stored.Length < extent.StoredLength) _stored = new byte[extent.StoredLength];
        var stored = new ArraySegment<byte>(_stored, 0, extent.StoredLength);
        image.Read(extent.StoredAt, stored, $"an extent of {file}");
        if (settings.ZeroPadding)
        {
            var padding = stored.AsSpan(0, Math.Min(stored.Count, ErofsFormat.BlockSize)).IndexOfAnyExcept((byte)0);
            if (padding < 0) throw Damaged(file, extent, "has nothing but zeros in its first block");
            stored = stored[padding..];
        }

        var decoded = GC.AllocateUninitializedArray<byte>((int)extent.Length);
        int length;
        try
        {
            length = extent.Algorithm switch
            {
                // Before there was padding at the front, there could be anything at the end.
                CompressionAlgorithm.Lz4 => Lz4Block.Decode(stored, decoded, settings.Lz4Distance, extent.IsPartial || !settings.ZeroPadding),
                CompressionAlgorithm.Deflate => Inflate(stored, decoded, extent.IsPartial),
                _ => DecodeZstd(file, extent, stored, decoded),
            };
        }
        catch (Exception e) when (e is ZstdException or IOException or InvalidDataException)
        {
            throw Damaged(file, extent, $"cannot be decompressed: {e.Message}");
        }

        return length == extent.Length ? decoded : throw Damaged(file, extent, $"decompresses to {length} bytes and not to {extent.Length}");
    }

    private static int Inflate(ArraySegment<byte> stored, Span<byte> decoded, bool isPartial)
    {
        using var stream = new DeflateStream(new MemoryStream(stored.Array!, stored.Offset, stored.Count), CompressionMode.Decompress);
        var length = stream.ReadAtLeast(decoded, decoded.Length, throwOnEndOfStream: false);
        if (!isPartial && length == decoded.Length && stream.ReadByte() >= 0) throw new InvalidDataException("it is longer than it should be");
        return length;
    }

    private int DecodeZstd(CompressedFile file, StoredExtent extent, ArraySegment<byte> stored, Span<byte> decoded)
    {
        CheckWindow(file, extent, stored);
        if (!extent.IsPartial) return _zstd.Unwrap(stored.AsSpan(), decoded);
        using var stream = new DecompressionStream(new MemoryStream(stored.Array!, stored.Offset, stored.Count));
        stream.SetParameter(ZSTD_dParameter.ZSTD_d_windowLogMax, settings.ZstdWindowLog);
        return stream.ReadAtLeast(decoded, decoded.Length, throwOnEndOfStream: false);
    }

    /// <summary>The kernel has a window as large as the superblock says and no larger (RFC 8878, 3.1.1.1).</summary>
    private void CheckWindow(CompressedFile file, StoredExtent extent, ReadOnlySpan<byte> frame)
    {
        if (frame.Length < 6 || !frame.StartsWith(new byte[] { 0x28, 0xb5, 0x2f, 0xfd })) throw Damaged(file, extent, "is no frame of zstd");
        if ((frame[4] & 0x20) != 0)
        {
            // A single segment: its window is its content, which is what the extent decompresses to.
            if (!extent.IsPartial && extent.Length > 1 << settings.ZstdWindowLog) throw Damaged(file, extent, $"needs a window of {extent.Length} bytes and the superblock allows {1L << settings.ZstdWindowLog}");
            return;
        }

        var window = (1L << (10 + (frame[5] >> 3))) / 8 * (8 + (frame[5] & 7));
        if (window > 1L << settings.ZstdWindowLog) throw Damaged(file, extent, $"needs a window of {window} bytes and the superblock allows {1L << settings.ZstdWindowLog}");
    }

    private static DamagedInputException Damaged(CompressedFile file, StoredExtent extent, string what) =>
        new($"damaged EroFS image: the extent at byte {extent.Start} of {file} {what}");
}
