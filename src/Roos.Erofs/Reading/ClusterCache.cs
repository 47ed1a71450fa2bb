using Roos.Core;
using Roos.Erofs.Format;
using ZstdSharp;
using ZstdSharp.Unsafe;

namespace Roos.Erofs.Reading;

/// <summary>
/// Decompresses extents and remembers the last one, for reads mostly go on where the last one ended. One per reader, so
/// memory is bounded by the format's largest extent however many files are open.
/// </summary>
internal sealed class ClusterCache(int windowLog) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Decompressor _zstd = new();
    private byte[] _stored = [];
    private int _storedLength;
    private byte[] _decoded = [];
    private CompressedFile? _file;
    private long _start;

    public delegate void UseBytes(ReadOnlySpan<byte> bytes);

    public void Copy(CompressedFile file, ImageBytes image, StoredExtent extent, int within, Span<byte> destination)
    {
        lock (_lock)
        {
            Decode(file, image, extent);
            _decoded.AsSpan(within, destination.Length).CopyTo(destination);
        }
    }

    public void With(CompressedFile file, ImageBytes image, StoredExtent extent, UseBytes use)
    {
        lock (_lock)
        {
            Decode(file, image, extent);
            use(_decoded.AsSpan(0, extent.Length));
        }
    }

    public void Dispose() => _zstd.Dispose();

    private void Decode(CompressedFile file, ImageBytes image, StoredExtent extent)
    {
        if (ReferenceEquals(_file, file) && _start == extent.Start) return;
        _file = null;
        if (_stored.Length < extent.StoredLength) _stored = new byte[extent.StoredLength];
        if (_decoded.Length < extent.Length) _decoded = new byte[extent.Length];
        _storedLength = extent.StoredLength;
        image.Read(extent.StoredAt, _stored.AsSpan(0, extent.StoredLength), $"an extent of {file}");
        var padding = _stored.AsSpan(0, ErofsFormat.BlockSize).IndexOfAnyExcept((byte)0);
        if (padding < 0) throw Damaged(file, extent, "has nothing but zeros in its first block");
        var frame = _stored.AsSpan(padding, extent.StoredLength - padding);
        if (!extent.IsPartial) CheckWindow(file, extent, frame);
        int length;
        try
        {
            length = extent.IsPartial
                ? DecodeStart(extent.StoredLength - padding, _decoded.AsSpan(0, extent.Length))
                : _zstd.Unwrap(frame, _decoded.AsSpan(0, extent.Length));
        }
        catch (Exception e) when (e is ZstdException or IOException)
        {
            throw Damaged(file, extent, $"cannot be decompressed: {e.Message}");
        }

        if (length != extent.Length) throw Damaged(file, extent, $"decompresses to {length} bytes and not to {extent.Length}");
        (_file, _start) = (file, extent.Start);
    }

    /// <summary>The first bytes of a frame at the end of what was stored.</summary>
    private int DecodeStart(int frameLength, Span<byte> destination)
    {
        using var stored = new MemoryStream(_stored, _storedLength - frameLength, frameLength, writable: false);
        using var zstd = new DecompressionStream(stored);
        zstd.SetParameter(ZSTD_dParameter.ZSTD_d_windowLogMax, Math.Max(windowLog, ErofsFormat.ZstdMinimumWindowLog));
        return zstd.ReadAtLeast(destination, destination.Length, throwOnEndOfStream: false);
    }

    /// <summary>The kernel has a window as large as the superblock says and no larger (RFC 8878, 3.1.1.1).</summary>
    private void CheckWindow(CompressedFile file, StoredExtent extent, ReadOnlySpan<byte> frame)
    {
        if (frame.Length < 6 || !frame.StartsWith(new byte[] { 0x28, 0xb5, 0x2f, 0xfd })) throw Damaged(file, extent, "is no frame of zstd");
        var singleSegment = (frame[4] & 0x20) != 0; // then the window is the content
        var window = singleSegment ? extent.Length : (1L << (10 + (frame[5] >> 3))) / 8 * (8 + (frame[5] & 7));
        if (window > Math.Max(1L << windowLog, 1024)) throw Damaged(file, extent, $"needs a window of {window} bytes and the superblock allows {1L << windowLog}");
    }

    private static DamagedInputException Damaged(CompressedFile file, StoredExtent extent, string what) =>
        new($"damaged EroFS image: the extent at byte {extent.Start} of {file} {what}");
}
