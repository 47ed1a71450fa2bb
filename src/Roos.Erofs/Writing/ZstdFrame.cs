using ZstdSharp.Unsafe;

namespace Roos.Erofs.Writing;

/// <summary>
/// Compresses one frame after another, each piece by piece (RFC 8878), so that a frame can end where its cluster is full
/// and nothing is compressed twice. Frames have no content size and no checksum. The context is used again for every frame,
/// which has no effect on the bytes.
/// </summary>
/// <remarks>
/// Matches are searched in the input itself: the pieces of a frame must lie one after another in memory and stay there
/// until it ends.
/// </remarks>
internal sealed unsafe class ZstdFrame : IDisposable
{
    /// <summary>Largest piece: that of a block, which is the unit of entropy coding.</summary>
    public const int MaximumPiece = 128 << 10;

    /// <summary>Bytes of the empty block that ends a frame.</summary>
    public const int EndSize = 3;

    private readonly ZSTD_CCtx_s* _context;
    private readonly ZSTD_parameters _parameters;
    private bool _disposed;

    public ZstdFrame(ZSTD_compressionParameters parameters)
    {
        _parameters = new ZSTD_parameters { cParams = parameters, fParams = new ZSTD_frameParameters { contentSizeFlag = 0, checksumFlag = 0, noDictIDFlag = 1 } };
        _context = Methods.ZSTD_createCCtx();
        if (_context is null) throw new InsufficientMemoryException("there is no memory for a context of zstd");
    }

    ~ZstdFrame() => Free();

    /// <summary>Begins a frame; what was left of another is forgotten.</summary>
    public void Begin()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        var result = Methods.ZSTD_compressBegin_advanced(_context, null, 0, _parameters, unchecked((ulong)-1)); // ZSTD_CONTENTSIZE_UNKNOWN
        if (Methods.ZSTD_isError(result)) throw new InvalidOperationException($"zstd: {Methods.ZSTD_getErrorName(result)}");
    }

    /// <summary>
    /// Compresses the next piece. False where the output has no room for it: the frame can then only be ended, without the piece.
    /// </summary>
    public bool TryAdd(byte* input, int length, byte* output, int room, out int written)
    {
        var result = Methods.ZSTD_compressContinue(_context, output, (nuint)room, input, (nuint)length);
        if (Methods.ZSTD_isError(result))
        {
            if (Methods.ZSTD_getErrorCode(result) != ZSTD_ErrorCode.ZSTD_error_dstSize_tooSmall) throw new InvalidOperationException($"zstd: {Methods.ZSTD_getErrorName(result)}");
            written = 0;
            return false;
        }

        written = (int)result;
        return true;
    }

    /// <summary>Writes the last block: raw, of no bytes.</summary>
    public static void WriteEnd(byte* output)
    {
        output[0] = 1;
        output[1] = output[2] = 0;
    }

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        if (_disposed) return;
        _disposed = true;
        _ = Methods.ZSTD_freeCCtx(_context);
    }
}
