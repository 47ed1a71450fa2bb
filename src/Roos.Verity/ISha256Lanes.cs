using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Roos.Verity;

/// <summary>The steps of SHA-256 (FIPS 180-4, section 4.1.2) on a vector that holds the same word of several messages.</summary>
/// <typeparam name="TVector">A vector of 32-bit words; its number of words is the number of messages.</typeparam>
internal interface ISha256Lanes<TVector>
    where TVector : unmanaged
{
    static abstract TVector Broadcast(uint word);

    static abstract TVector Add(TVector left, TVector right);

    static abstract TVector BigSigma0(TVector a);

    static abstract TVector BigSigma1(TVector e);

    static abstract TVector SmallSigma0(TVector word);

    static abstract TVector SmallSigma1(TVector word);

    static abstract TVector Choose(TVector e, TVector f, TVector g);

    static abstract TVector Majority(TVector a, TVector b, TVector c);

    /// <summary>
    /// Reads 64 bytes for each message, at <paramref name="at"/> bytes from its start, and turns them into 16 vectors of big-endian words:
    /// the first word of every message, the second of every message, and so on.
    /// </summary>
    /// <param name="source">What the starts are counted from.</param>
    /// <param name="starts">As many offsets as there are messages.</param>
    /// <param name="at">Bytes.</param>
    /// <param name="words">Room for 16 vectors.</param>
    static abstract void LoadWords(ref byte source, ref int starts, int at, ref TVector words);
}

/// <summary>16 messages in AVX-512 registers: rotation and every three-operand function are one instruction each.</summary>
internal readonly struct Avx512Lanes : ISha256Lanes<Vector512<uint>>
{
    private const byte Xor3 = 0x96, Select = 0xCA, MajorityOf3 = 0xE8; // truth tables for VPTERNLOGD

    public static bool IsSupported => Avx512BW.IsSupported;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> Broadcast(uint word) => Vector512.Create(word);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> Add(Vector512<uint> left, Vector512<uint> right) => Avx512F.Add(left, right);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> BigSigma0(Vector512<uint> a) => Avx512F.TernaryLogic(Avx512F.RotateRight(a, 2), Avx512F.RotateRight(a, 13), Avx512F.RotateRight(a, 22), Xor3);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> BigSigma1(Vector512<uint> e) => Avx512F.TernaryLogic(Avx512F.RotateRight(e, 6), Avx512F.RotateRight(e, 11), Avx512F.RotateRight(e, 25), Xor3);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> SmallSigma0(Vector512<uint> word) => Avx512F.TernaryLogic(Avx512F.RotateRight(word, 7), Avx512F.RotateRight(word, 18), Avx512F.ShiftRightLogical(word, 3), Xor3);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> SmallSigma1(Vector512<uint> word) => Avx512F.TernaryLogic(Avx512F.RotateRight(word, 17), Avx512F.RotateRight(word, 19), Avx512F.ShiftRightLogical(word, 10), Xor3);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> Choose(Vector512<uint> e, Vector512<uint> f, Vector512<uint> g) => Avx512F.TernaryLogic(e, f, g, Select);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> Majority(Vector512<uint> a, Vector512<uint> b, Vector512<uint> c) => Avx512F.TernaryLogic(a, b, c, MajorityOf3);

    /// <summary>A 16 x 16 transposition: within groups of four rows first, then of 128-bit parts between the groups.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadWords(ref byte source, ref int starts, int at, ref Vector512<uint> words)
    {
        for (var group = 0; group < 16; group += 4)
        {
            var row0 = LoadRow(ref source, Unsafe.Add(ref starts, group) + at);
            var row1 = LoadRow(ref source, Unsafe.Add(ref starts, group + 1) + at);
            var row2 = LoadRow(ref source, Unsafe.Add(ref starts, group + 2) + at);
            var row3 = LoadRow(ref source, Unsafe.Add(ref starts, group + 3) + at);
            var low01 = Avx512F.UnpackLow(row0, row1).AsUInt64();
            var high01 = Avx512F.UnpackHigh(row0, row1).AsUInt64();
            var low23 = Avx512F.UnpackLow(row2, row3).AsUInt64();
            var high23 = Avx512F.UnpackHigh(row2, row3).AsUInt64();
            Unsafe.Add(ref words, group) = Avx512F.UnpackLow(low01, low23).AsUInt32();
            Unsafe.Add(ref words, group + 1) = Avx512F.UnpackHigh(low01, low23).AsUInt32();
            Unsafe.Add(ref words, group + 2) = Avx512F.UnpackLow(high01, high23).AsUInt32();
            Unsafe.Add(ref words, group + 3) = Avx512F.UnpackHigh(high01, high23).AsUInt32();
        }

        // Now vector 4g + j has, in its 128-bit part p, word 4p + j of the rows of group g.
        for (var j = 0; j < 4; j++)
        {
            var group0 = Unsafe.Add(ref words, j);
            var group1 = Unsafe.Add(ref words, j + 4);
            var group2 = Unsafe.Add(ref words, j + 8);
            var group3 = Unsafe.Add(ref words, j + 12);
            var even01 = Avx512F.Shuffle4x128(group0, group1, 0x88);
            var even23 = Avx512F.Shuffle4x128(group2, group3, 0x88);
            var odd01 = Avx512F.Shuffle4x128(group0, group1, 0xDD);
            var odd23 = Avx512F.Shuffle4x128(group2, group3, 0xDD);
            Unsafe.Add(ref words, j) = Avx512F.Shuffle4x128(even01, even23, 0x88);
            Unsafe.Add(ref words, j + 4) = Avx512F.Shuffle4x128(odd01, odd23, 0x88);
            Unsafe.Add(ref words, j + 8) = Avx512F.Shuffle4x128(even01, even23, 0xDD);
            Unsafe.Add(ref words, j + 12) = Avx512F.Shuffle4x128(odd01, odd23, 0xDD);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> LoadRow(ref byte source, int offset) =>
        Avx512BW.Shuffle(Vector512.LoadUnsafe(ref source, (nuint)(uint)offset), Vector512.Create(0x0405060700010203UL, 0x0C0D0E0F08090A0BUL, 0x0405060700010203UL, 0x0C0D0E0F08090A0BUL, 0x0405060700010203UL, 0x0C0D0E0F08090A0BUL, 0x0405060700010203UL, 0x0C0D0E0F08090A0BUL).AsByte()).AsUInt32();
}

/// <summary>8 messages in AVX2 registers.</summary>
internal readonly struct Avx2Lanes : ISha256Lanes<Vector256<uint>>
{
    public static bool IsSupported => Avx2.IsSupported;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> Broadcast(uint word) => Vector256.Create(word);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> Add(Vector256<uint> left, Vector256<uint> right) => Avx2.Add(left, right);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> BigSigma0(Vector256<uint> a) => RotateRight(a, 2) ^ RotateRight(a, 13) ^ RotateRight(a, 22);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> BigSigma1(Vector256<uint> e) => RotateRight(e, 6) ^ RotateRight(e, 11) ^ RotateRight(e, 25);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> SmallSigma0(Vector256<uint> word) => RotateRight(word, 7) ^ RotateRight(word, 18) ^ Avx2.ShiftRightLogical(word, 3);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> SmallSigma1(Vector256<uint> word) => RotateRight(word, 17) ^ RotateRight(word, 19) ^ Avx2.ShiftRightLogical(word, 10);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> Choose(Vector256<uint> e, Vector256<uint> f, Vector256<uint> g) => ((f ^ g) & e) ^ g;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> Majority(Vector256<uint> a, Vector256<uint> b, Vector256<uint> c) => ((a ^ c) & (b ^ c)) ^ c;

    /// <summary>Two 8 x 8 transpositions, of the first 32 bytes of each message and of the second.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadWords(ref byte source, ref int starts, int at, ref Vector256<uint> words)
    {
        for (var half = 0; half < 16; half += 8)
        {
            ref var part = ref Unsafe.Add(ref words, half);
            for (var group = 0; group < 8; group += 4)
            {
                var offset = at + (half * sizeof(uint));
                var row0 = LoadRow(ref source, Unsafe.Add(ref starts, group) + offset);
                var row1 = LoadRow(ref source, Unsafe.Add(ref starts, group + 1) + offset);
                var row2 = LoadRow(ref source, Unsafe.Add(ref starts, group + 2) + offset);
                var row3 = LoadRow(ref source, Unsafe.Add(ref starts, group + 3) + offset);
                var low01 = Avx2.UnpackLow(row0, row1).AsUInt64();
                var high01 = Avx2.UnpackHigh(row0, row1).AsUInt64();
                var low23 = Avx2.UnpackLow(row2, row3).AsUInt64();
                var high23 = Avx2.UnpackHigh(row2, row3).AsUInt64();
                Unsafe.Add(ref part, group) = Avx2.UnpackLow(low01, low23).AsUInt32();
                Unsafe.Add(ref part, group + 1) = Avx2.UnpackHigh(low01, low23).AsUInt32();
                Unsafe.Add(ref part, group + 2) = Avx2.UnpackLow(high01, high23).AsUInt32();
                Unsafe.Add(ref part, group + 3) = Avx2.UnpackHigh(high01, high23).AsUInt32();
            }

            for (var j = 0; j < 4; j++)
            {
                var group0 = Unsafe.Add(ref part, j);
                var group1 = Unsafe.Add(ref part, j + 4);
                Unsafe.Add(ref part, j) = Avx2.Permute2x128(group0, group1, 0x20);
                Unsafe.Add(ref part, j + 4) = Avx2.Permute2x128(group0, group1, 0x31);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> LoadRow(ref byte source, int offset) => Avx2.Shuffle(Vector256.LoadUnsafe(ref source, (nuint)(uint)offset), Vector256.Create(0x0405060700010203UL, 0x0C0D0E0F08090A0BUL, 0x0405060700010203UL, 0x0C0D0E0F08090A0BUL).AsByte()).AsUInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> RotateRight(Vector256<uint> value, int count) => (value >>> count) | (value << (32 - count));
}
