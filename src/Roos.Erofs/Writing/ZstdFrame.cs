using ZstdSharp.Unsafe;

namespace Roos.Erofs.Writing;

/// <summary>
/// Compresses one frame after another, each piece by piece (RFC 8878), so that a frame can end where its cluster is full
/// and nothing is compressed twice. Frames have no content size and no checksum. The context is used again for every frame,
/// which has no effect on the bytes.
/// </summary>
/// <remarks>
/// By zstd's streaming interface with stable buffers, which copies nothing. Not by its block interface: ZstdSharp 0.8.8 reads
/// a parameter there before it sets it, so that bytes differ from run to run.
/// </remarks>
internal sealed unsafe class ZstdFrame : IDisposable
{
    /// <summary>Largest piece: that of a block, which is the unit of entropy coding.</summary>
    public const int MaximumPiece = 128 << 10;

    /// <summary>Bytes of the empty block that ends a frame.</summary>
    public const int EndSize = 3;

    private readonly ZSTD_CCtx_s* _context;
    private ZSTD_inBuffer_s _input;
    private ZSTD_outBuffer_s _output;
    private bool _disposed;

    public ZstdFrame(ZSTD_compressionParameters parameters, bool splitsBlocks)
    {
        _context = Methods.ZSTD_createCCtx();
        if (_context is null) throw new InsufficientMemoryException("there is no memory for a context of zstd");
        Check(Methods.ZSTD_CCtx_setCParams(_context, parameters));
        Check(Methods.ZSTD_CCtx_setParameter(_context, ZSTD_cParameter.ZSTD_c_contentSizeFlag, 0));
        Check(Methods.ZSTD_CCtx_setParameter(_context, ZSTD_cParameter.ZSTD_c_checksumFlag, 0));
        // Always said, for zstd's own choice hangs on the strategy: 1 is on, 2 is off (ZSTD_ParamSwitch_e).
        Check(Methods.ZSTD_CCtx_setParameter(_context, ZSTD_cParameter.ZSTD_c_experimentalParam13, splitsBlocks ? 1 : 2)); // ZSTD_c_splitAfterSequences
        Check(Methods.ZSTD_CCtx_setParameter(_context, ZSTD_cParameter.ZSTD_c_experimentalParam9, 1)); // ZSTD_c_stableInBuffer
        Check(Methods.ZSTD_CCtx_setParameter(_context, ZSTD_cParameter.ZSTD_c_experimentalParam10, 1)); // ZSTD_c_stableOutBuffer
    }

    ~ZstdFrame() => Free();

    /// <summary>Begins a frame; what was left of another is forgotten.</summary>
    /// <param name="input">What the frame will be of, in one place until it ends.</param>
    /// <param name="output">Where it goes.</param>
    /// <param name="room">Most bytes of it, those of its end not counted.</param>
    public void Begin(byte* input, byte* output, int room)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        Check(Methods.ZSTD_CCtx_reset(_context, ZSTD_ResetDirective.ZSTD_reset_session_only));
        _input = new ZSTD_inBuffer_s { src = input };
        _output = new ZSTD_outBuffer_s { dst = output, size = (nuint)room };
    }

    /// <summary>Bytes of the frame so far.</summary>
    public int Written => (int)_output.pos;

    /// <summary>
    /// Compresses the next piece. False where there is no room for it: the frame can then only be ended, without the piece.
    /// </summary>
    public bool TryAdd(int length)
    {
        var before = _output.pos;
        _input.size = _input.pos + (nuint)length;
        nuint result;
        fixed (ZSTD_inBuffer_s* input = &_input)
        fixed (ZSTD_outBuffer_s* output = &_output)
        {
            result = Methods.ZSTD_compressStream2(_context, output, input, ZSTD_EndDirective.ZSTD_e_flush);
        }

        if (Methods.ZSTD_isError(result))
        {
            if (Methods.ZSTD_getErrorCode(result) != ZSTD_ErrorCode.ZSTD_error_dstSize_tooSmall) Check(result);
            _output.pos = before; // the piece may have been several blocks
            return false;
        }

        return true;
    }

    /// <summary>Writes the last block: raw, of no bytes. There is always room for it.</summary>
    public int End()
    {
        var output = (byte*)_output.dst + _output.pos;
        output[0] = 1;
        output[1] = output[2] = 0;
        return (int)_output.pos + EndSize;
    }

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private static void Check(nuint result)
    {
        if (Methods.ZSTD_isError(result)) throw new InvalidOperationException($"zstd: {Methods.ZSTD_getErrorName(result)}");
    }

    private void Free()
    {
        if (_disposed) return;
        _disposed = true;
        _ = Methods.ZSTD_freeCCtx(_context);
    }
}
