using System.Security.Cryptography;

namespace Roos.Verity;

/// <summary>Salted digests of blocks: SHA-256(salt, block), hash type 1. The one place that knows how they are computed; thread-safe.</summary>
internal sealed class BlockHasher
{
    private readonly byte[] _salt;
    private readonly LaneHasher? _lanes;
    private readonly byte[] _zeroDigest = new byte[VerityGeometry.DigestSize];

    public BlockHasher(ReadOnlySpan<byte> salt)
        : this(salt, BestLanes)
    {
    }

    /// <param name="salt">Comes before every block.</param>
    /// <param name="lanes">Blocks that are hashed at once: 1, or what the processor has registers for (see <see cref="BestLanes"/>). The digests do not depend on it.</param>
    internal BlockHasher(ReadOnlySpan<byte> salt, int lanes)
    {
        _salt = salt.ToArray();
        _lanes = lanes == 1 ? null : LaneHasher.Create(lanes, salt);
        HashSome(new byte[VerityGeometry.BlockSize], [0], _zeroDigest);
    }

    /// <summary>
    /// What is fastest here. On a Zen 5 core, with 32 bytes of salt: 16 lanes 3.2 GB/s, 8 lanes 1.8 GB/s, SHA256.HashData, which has the
    /// processor's instructions for SHA-256, 1.5 GB/s. So have nearly all 64-bit Arm processors, and four lanes of NEON would not reach them.
    /// </summary>
    internal static int BestLanes => Avx512Lanes.IsSupported ? 16 : Avx2Lanes.IsSupported ? 8 : 1;

    /// <summary>The digest of a block of zeros.</summary>
    public ReadOnlySpan<byte> ZeroDigest => _zeroDigest;

    /// <summary>Writes the digest of every 4096-byte block of <paramref name="blocks"/>, one after another.</summary>
    public void Hash(ReadOnlySpan<byte> blocks, Span<byte> digests)
    {
        Span<int> starts = stackalloc int[_lanes?.Lanes ?? 1];
        var pending = 0;
        for (var at = 0; at < blocks.Length; at += VerityGeometry.BlockSize)
        {
            // Most blocks show in their first bytes that they are not zeros, so that looking costs nothing.
            if (blocks.Slice(at, VerityGeometry.BlockSize).ContainsAnyExcept((byte)0)) starts[pending++] = at;
            else _zeroDigest.CopyTo(DigestOf(digests, at));
            if (pending < starts.Length) continue;
            HashSome(blocks, starts, digests);
            pending = 0;
        }

        if (pending > 0) HashSome(blocks, starts[..pending], digests);
    }

    private static Span<byte> DigestOf(Span<byte> digests, int start) =>
        digests.Slice(start / VerityGeometry.BlockSize * VerityGeometry.DigestSize, VerityGeometry.DigestSize);

    /// <summary>Hashes as many blocks as there are lanes, or fewer.</summary>
    private void HashSome(ReadOnlySpan<byte> blocks, ReadOnlySpan<int> starts, Span<byte> digests)
    {
        if (_lanes is null)
        {
            Span<byte> salted = stackalloc byte[VerityGeometry.MaximumSaltSize + VerityGeometry.BlockSize];
            _salt.CopyTo(salted);
            blocks.Slice(starts[0], VerityGeometry.BlockSize).CopyTo(salted[_salt.Length..]);
            SHA256.HashData(salted[..(_salt.Length + VerityGeometry.BlockSize)], DigestOf(digests, starts[0]));
            return;
        }

        // Idle lanes hash the first block again. HashData would be faster for a few blocks, but loading OpenSSL takes longer than it saves.
        Span<int> every = stackalloc int[_lanes.Lanes];
        every.Fill(starts[0]);
        starts.CopyTo(every);
        Span<byte> all = stackalloc byte[every.Length * VerityGeometry.DigestSize];
        _lanes.Hash(blocks, every, all);
        for (var lane = 0; lane < starts.Length; lane++) all.Slice(lane * VerityGeometry.DigestSize, VerityGeometry.DigestSize).CopyTo(DigestOf(digests, starts[lane]));
    }
}
