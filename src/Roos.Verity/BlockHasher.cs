using System.Security.Cryptography;

namespace Roos.Verity;

/// <summary>Salted digests of blocks: SHA-256(salt, block), hash type 1. The one place that knows how they are computed; thread-safe.</summary>
internal sealed class BlockHasher
{
    private readonly byte[] _salt;

    public BlockHasher(ReadOnlySpan<byte> salt) => _salt = salt.ToArray();

    /// <summary>Writes the digest of every 4096-byte block of <paramref name="blocks"/>, one after another.</summary>
    public void Hash(ReadOnlySpan<byte> blocks, Span<byte> digests)
    {
        Span<byte> room = stackalloc byte[VerityGeometry.MaximumSaltSize + VerityGeometry.BlockSize];
        _salt.CopyTo(room);
        var salted = room[..(_salt.Length + VerityGeometry.BlockSize)];
        for (; !blocks.IsEmpty; blocks = blocks[VerityGeometry.BlockSize..], digests = digests[VerityGeometry.DigestSize..])
        {
            blocks[..VerityGeometry.BlockSize].CopyTo(salted[_salt.Length..]);
            SHA256.HashData(salted, digests);
        }
    }
}
