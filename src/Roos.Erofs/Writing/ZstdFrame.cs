using System.Buffers.Binary;
using ZstdSharp.Unsafe;

namespace Roos.Erofs.Writing;

/// <summary>
/// Compresses one frame after another, each piece by piece (RFC 8878), so that a frame can end where its cluster is full
/// and nothing is compressed twice. Frames have a content size, which fsck.erofs needs, and no checksum. The context is used again for every frame,
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

    /// <summary>Bytes of a frame besides its blocks: the header and the empty block at the end.</summary>
    public const int Overhead = HeaderSize + EndSize;

    private const int EndSize = 3;

    /// <summary>Magic, descriptor, window and, of 4 bytes, the content size, which is known when the frame ends.</summary>
    private const int HeaderSize = ShortHeaderSize + sizeof(uint);

    /// <summary>What zstd writes where it does not know the content size.</summary>
    private const int ShortHeaderSize = 6;

    private static ReadOnlySpan<byte> Magic => [0x28, 0xb5, 0x2f, 0xfd];

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
    /// <param name="room">Most bytes of it.</param>
    public void Begin(byte* input, byte* output, int room)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        Check(Methods.ZSTD_CCtx_reset(_context, ZSTD_ResetDirective.ZSTD_reset_session_only));
        _input = new ZSTD_inBuffer_s { src = input };
        // Room for the content size is left before what zstd writes.
        _output = new ZSTD_outBuffer_s { dst = output + sizeof(uint), size = (nuint)(room - sizeof(uint) - EndSize) };
    }

    /// <summary>Bytes of the frame when it ends now.</summary>
    public int Length => (int)_output.pos + sizeof(uint) + EndSize;

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

    /// <summary>Writes the last block, raw and of no bytes, and the header with the content size. Gives the frame's length.</summary>
    public int End(int contentSize)
    {
        var end = (byte*)_output.dst + _output.pos;
        end[0] = 1;
        end[1] = end[2] = 0;

        var written = new ReadOnlySpan<byte>(_output.dst, ShortHeaderSize);
        if (!written.StartsWith(Magic) || written[4] != 0) throw new InvalidOperationException("zstd has written a header of another form");
        var header = new Span<byte>((byte*)_output.dst - sizeof(uint), HeaderSize);
        var window = written[5];
        Magic.CopyTo(header);
        header[4] = 0x80; // Frame_Content_Size_flag 2: 4 bytes
        header[5] = window;
        BinaryPrimitives.WriteInt32LittleEndian(header[ShortHeaderSize..], contentSize);
        return Length;
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
