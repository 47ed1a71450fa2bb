using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Roos.Verity;

/// <summary>Salted digests of several blocks at once, one in each lane of a vector. Thread-safe.</summary>
internal abstract class LaneHasher
{
    /// <summary>SHA-256 works on pieces of 64 bytes.</summary>
    protected const int PieceSize = 64;

    /// <summary>How many blocks <see cref="Hash"/> takes.</summary>
    public abstract int Lanes { get; }

    /// <summary>The hasher for a number of lanes.</summary>
    public static LaneHasher Create(int lanes, ReadOnlySpan<byte> salt) => lanes switch
    {
        16 => new LaneHasher<Vector512<uint>, Avx512Lanes>(salt),
        8 => new LaneHasher<Vector256<uint>, Avx2Lanes>(salt),
        _ => throw new ArgumentOutOfRangeException(nameof(lanes), lanes, "there are hashers of 8 and of 16 lanes"),
    };

    /// <summary>Writes SHA-256(salt, block) of <see cref="Lanes"/> blocks.</summary>
    /// <param name="blocks">The starts are offsets into it.</param>
    /// <param name="starts">Where each block of 4096 bytes begins; a block may be given several times.</param>
    /// <param name="digests">Room for 32 bytes per lane, in the order of the starts.</param>
    public abstract void Hash(ReadOnlySpan<byte> blocks, ReadOnlySpan<int> starts, Span<byte> digests);
}

/// <inheritdoc/>
/// <remarks>
/// A message is the salt, the block and the padding. Whole pieces of the salt are digested beforehand. What is left of the salt (the usual
/// 32 bytes, say) shares a piece with the beginning of the block, and the end of the block one with the padding: these two are
/// put together in a buffer, all others are read where they are.
/// </remarks>
internal sealed class LaneHasher<TVector, TLanes> : LaneHasher
    where TVector : unmanaged
    where TLanes : struct, ISha256Lanes<TVector>
{
    private const int MaximumLanes = 16;
    private const int StateSize = 8; // words

    private readonly TVector[] _afterSalt = new TVector[StateSize]; // the state that every message has when whole pieces of salt are digested
    private readonly byte[] _saltRest;
    private readonly byte[] _end; // of every message but for the first bytes, which are the end of the block

    public LaneHasher(ReadOnlySpan<byte> salt)
    {
        var pieces = salt.Length / PieceSize;
        _saltRest = salt[(pieces * PieceSize)..].ToArray();
        _end = new byte[_saltRest.Length + 1 + sizeof(ulong) <= PieceSize ? PieceSize : 2 * PieceSize];
        _end[_saltRest.Length] = 0x80;
        BinaryPrimitives.WriteUInt64BigEndian(_end.AsSpan(_end.Length - sizeof(ulong)), (ulong)(salt.Length + VerityGeometry.BlockSize) * 8);
        for (var i = 0; i < StateSize; i++) _afterSalt[i] = TLanes.Broadcast(Sha256Words.Initial[i]);
        Span<int> starts = stackalloc int[MaximumLanes];
        starts.Clear();
        if (pieces > 0) Digest(ref _afterSalt[0], ref MemoryMarshal.GetReference(salt), ref starts[0], 0, pieces);
    }

    public override int Lanes => Unsafe.SizeOf<TVector>() / sizeof(uint);

    public override void Hash(ReadOnlySpan<byte> blocks, ReadOnlySpan<int> starts, Span<byte> digests)
    {
        var lanes = Lanes;
        ArgumentOutOfRangeException.ThrowIfNotEqual(starts.Length, lanes);
        Span<byte> edges = stackalloc byte[MaximumLanes * 2 * PieceSize];
        Span<int> edgeStarts = stackalloc int[MaximumLanes];
        Span<TVector> state = stackalloc TVector[StateSize];
        _afterSalt.CopyTo(state);

        var fromBlock = (PieceSize - _saltRest.Length) % PieceSize;
        if (fromBlock > 0)
        {
            for (var lane = 0; lane < lanes; lane++)
            {
                var edge = edges.Slice(edgeStarts[lane] = lane * PieceSize, PieceSize);
                _saltRest.CopyTo(edge);
                blocks.Slice(starts[lane], fromBlock).CopyTo(edge[_saltRest.Length..]);
            }

            Digest(ref state[0], ref edges[0], ref edgeStarts[0], 0, 1);
        }

        var whole = (VerityGeometry.BlockSize - fromBlock) / PieceSize;
        foreach (var start in starts) _ = blocks.Slice(start, VerityGeometry.BlockSize); // Digest does not check
        Digest(ref state[0], ref MemoryMarshal.GetReference(blocks), ref MemoryMarshal.GetReference(starts), fromBlock, whole);

        for (var lane = 0; lane < lanes; lane++)
        {
            var edge = edges.Slice(edgeStarts[lane] = lane * _end.Length, _end.Length);
            _end.CopyTo(edge);
            blocks.Slice(starts[lane] + VerityGeometry.BlockSize - _saltRest.Length, _saltRest.Length).CopyTo(edge);
        }

        Digest(ref state[0], ref edges[0], ref edgeStarts[0], 0, _end.Length / PieceSize);

        var words = MemoryMarshal.Cast<TVector, uint>(state);
        for (var lane = 0; lane < lanes; lane++)
        {
            for (var i = 0; i < StateSize; i++)
            {
                BinaryPrimitives.WriteUInt32BigEndian(digests[((lane * VerityGeometry.DigestSize) + (i * sizeof(uint)))..], words[(i * lanes) + lane]);
            }
        }
    }

    /// <summary>
    /// The compression function over <paramref name="pieces"/> pieces of every message. Compiled for the processor at hand when it is first
    /// called: code made beforehand has no AVX-512.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Digest(ref TVector state, ref byte source, ref int starts, int at, int pieces)
    {
        Span<TVector> room = stackalloc TVector[PieceSize / sizeof(uint) + 1];
        ref var w = ref Aligned(room);
        ref var constants = ref MemoryMarshal.GetReference(Sha256Words.Constants);
        for (; pieces > 0; pieces--, at += PieceSize)
        {
            TLanes.LoadWords(ref source, ref starts, at, ref w);
            var a = state;
            var b = Unsafe.Add(ref state, 1);
            var c = Unsafe.Add(ref state, 2);
            var d = Unsafe.Add(ref state, 3);
            var e = Unsafe.Add(ref state, 4);
            var f = Unsafe.Add(ref state, 5);
            var g = Unsafe.Add(ref state, 6);
            var h = Unsafe.Add(ref state, 7);
            ref var low = ref w; // the eight words whose turn it is
            ref var high = ref Unsafe.Add(ref w, 8); // and the eight after them
            for (var i = 0; i < 48; i += 8)
            {
                ref var k = ref Unsafe.Add(ref constants, i);
                Round(a, b, c, ref d, e, f, g, ref h, Next(ref low, ref Unsafe.Add(ref low, 1), ref Unsafe.Add(ref high, 1), ref Unsafe.Add(ref high, 6)), Unsafe.Add(ref k, 0));
                Round(h, a, b, ref c, d, e, f, ref g, Next(ref Unsafe.Add(ref low, 1), ref Unsafe.Add(ref low, 2), ref Unsafe.Add(ref high, 2), ref Unsafe.Add(ref high, 7)), Unsafe.Add(ref k, 1));
                Round(g, h, a, ref b, c, d, e, ref f, Next(ref Unsafe.Add(ref low, 2), ref Unsafe.Add(ref low, 3), ref Unsafe.Add(ref high, 3), ref low), Unsafe.Add(ref k, 2));
                Round(f, g, h, ref a, b, c, d, ref e, Next(ref Unsafe.Add(ref low, 3), ref Unsafe.Add(ref low, 4), ref Unsafe.Add(ref high, 4), ref Unsafe.Add(ref low, 1)), Unsafe.Add(ref k, 3));
                Round(e, f, g, ref h, a, b, c, ref d, Next(ref Unsafe.Add(ref low, 4), ref Unsafe.Add(ref low, 5), ref Unsafe.Add(ref high, 5), ref Unsafe.Add(ref low, 2)), Unsafe.Add(ref k, 4));
                Round(d, e, f, ref g, h, a, b, ref c, Next(ref Unsafe.Add(ref low, 5), ref Unsafe.Add(ref low, 6), ref Unsafe.Add(ref high, 6), ref Unsafe.Add(ref low, 3)), Unsafe.Add(ref k, 5));
                Round(c, d, e, ref f, g, h, a, ref b, Next(ref Unsafe.Add(ref low, 6), ref Unsafe.Add(ref low, 7), ref Unsafe.Add(ref high, 7), ref Unsafe.Add(ref low, 4)), Unsafe.Add(ref k, 6));
                Round(b, c, d, ref e, f, g, h, ref a, Next(ref Unsafe.Add(ref low, 7), ref high, ref low, ref Unsafe.Add(ref low, 5)), Unsafe.Add(ref k, 7));
                ref var done = ref low;
                low = ref high;
                high = ref done;
            }

            for (var i = 0; i < 16; i += 8)
            {
                ref var word = ref Unsafe.Add(ref w, i);
                ref var k = ref Unsafe.Add(ref constants, 48 + i);
                Round(a, b, c, ref d, e, f, g, ref h, word, Unsafe.Add(ref k, 0));
                Round(h, a, b, ref c, d, e, f, ref g, Unsafe.Add(ref word, 1), Unsafe.Add(ref k, 1));
                Round(g, h, a, ref b, c, d, e, ref f, Unsafe.Add(ref word, 2), Unsafe.Add(ref k, 2));
                Round(f, g, h, ref a, b, c, d, ref e, Unsafe.Add(ref word, 3), Unsafe.Add(ref k, 3));
                Round(e, f, g, ref h, a, b, c, ref d, Unsafe.Add(ref word, 4), Unsafe.Add(ref k, 4));
                Round(d, e, f, ref g, h, a, b, ref c, Unsafe.Add(ref word, 5), Unsafe.Add(ref k, 5));
                Round(c, d, e, ref f, g, h, a, ref b, Unsafe.Add(ref word, 6), Unsafe.Add(ref k, 6));
                Round(b, c, d, ref e, f, g, h, ref a, Unsafe.Add(ref word, 7), Unsafe.Add(ref k, 7));
            }

            state = TLanes.Add(state, a);
            Unsafe.Add(ref state, 1) = TLanes.Add(Unsafe.Add(ref state, 1), b);
            Unsafe.Add(ref state, 2) = TLanes.Add(Unsafe.Add(ref state, 2), c);
            Unsafe.Add(ref state, 3) = TLanes.Add(Unsafe.Add(ref state, 3), d);
            Unsafe.Add(ref state, 4) = TLanes.Add(Unsafe.Add(ref state, 4), e);
            Unsafe.Add(ref state, 5) = TLanes.Add(Unsafe.Add(ref state, 5), f);
            Unsafe.Add(ref state, 6) = TLanes.Add(Unsafe.Add(ref state, 6), g);
            Unsafe.Add(ref state, 7) = TLanes.Add(Unsafe.Add(ref state, 7), h);
        }
    }

    /// <summary>
    /// The first vector in <paramref name="room"/>, which is on the stack and one vector too long, that lies at a multiple of its own size:
    /// others would straddle two lines of the cache.
    /// </summary>
    private static ref TVector Aligned(Span<TVector> room)
    {
        ref var first = ref Unsafe.As<TVector, byte>(ref MemoryMarshal.GetReference(room));
        var address = Unsafe.ByteOffset(ref Unsafe.NullRef<byte>(), ref first);
        return ref Unsafe.As<byte, TVector>(ref Unsafe.Add(ref first, -address & (Unsafe.SizeOf<TVector>() - 1)));
    }

    /// <summary>One round. What the standard moves from variable to variable stays, and the callers' names move.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Round(TVector a, TVector b, TVector c, ref TVector d, TVector e, TVector f, TVector g, ref TVector h, TVector word, uint constant)
    {
        var sum = TLanes.Add(TLanes.Add(TLanes.Add(h, TLanes.Add(word, TLanes.Broadcast(constant))), TLanes.Choose(e, f, g)), TLanes.BigSigma1(e));
        d = TLanes.Add(d, sum);
        h = TLanes.Add(sum, TLanes.Add(TLanes.BigSigma0(a), TLanes.Majority(a, b, c)));
    }

    /// <summary>The word for this round; the word for the round 16 later takes its place.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Next(ref TVector now, ref TVector minus15, ref TVector minus7, ref TVector minus2)
    {
        var word = now;
        now = TLanes.Add(TLanes.Add(word, TLanes.SmallSigma0(minus15)), TLanes.Add(minus7, TLanes.SmallSigma1(minus2)));
        return word;
    }
}

/// <summary>The numbers of SHA-256: FIPS 180-4, sections 5.3.3 and 4.2.2.</summary>
internal static class Sha256Words
{
    public static ReadOnlySpan<uint> Initial =>
    [
        0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
    ];

    public static ReadOnlySpan<uint> Constants =>
    [
        0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
        0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
        0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
        0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
        0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
        0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
        0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
        0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
    ];
}
