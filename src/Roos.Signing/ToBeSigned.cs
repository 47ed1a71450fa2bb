using System.Collections.Immutable;

namespace Roos.Signing;

/// <summary>
/// Something that waits for its signature: a digest, and how the signature becomes the structure that a file takes. Whoever has
/// the private key need not be here, nor now.
/// </summary>
public sealed class ToBeSigned
{
    private readonly Func<byte[], byte[]> _complete;

    /// <param name="digest">SHA-256 of what is signed.</param>
    /// <param name="complete">Makes the structure of a signature (<see cref="ISigner.Sign"/>).</param>
    public ToBeSigned(ReadOnlySpan<byte> digest, Func<byte[], byte[]> complete)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(digest.Length, 32, nameof(digest));
        Digest = [.. digest];
        _complete = complete;
    }

    /// <summary>SHA-256, 32 bytes: what the private key is applied to (RSASSA-PKCS1-v1_5).</summary>
    public ImmutableArray<byte> Digest { get; }

    /// <summary>The structure, with the signature in it.</summary>
    /// <param name="signature">As long as the key's modulus, big-endian.</param>
    public byte[] Complete(byte[] signature) => _complete(signature);
}
