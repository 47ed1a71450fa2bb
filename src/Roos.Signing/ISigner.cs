using System.Collections.Immutable;

namespace Roos.Signing;

/// <summary>What a key is for.</summary>
public enum SigningRole
{
    /// <summary>Programs that the firmware starts, and what is written into its variables.</summary>
    SecureBoot,

    /// <summary>Root hashes of dm-verity.</summary>
    Verity,

    /// <summary>Policies over PCR 11.</summary>
    Pcr,

    /// <summary>SHA256SUMS.</summary>
    OpenPgp,
}

/// <summary>One signature that is wanted.</summary>
/// <param name="Name">Its name among those of an image: lower-case letters, digits and '-', fit for a file name.</param>
/// <param name="Description">What is signed, for people.</param>
/// <param name="Role">Which key signs.</param>
/// <param name="Digest">SHA-256 of what is signed, 32 bytes.</param>
public sealed record SigningRequest(string Name, string Description, SigningRole Role, ImmutableArray<byte> Digest);

/// <summary>
/// Has a private RSA key at its disposal: a file, a smart card, a service. Signatures are RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017,
/// 8.2), which are the same each time.
/// </summary>
public interface ISigner
{
    /// <summary>Signs a digest.</summary>
    /// <returns>The signature: big-endian, as long as the key's modulus. It is checked by whoever asked for it.</returns>
    /// <exception cref="Core.RoosException">There is no signature to be had; why.</exception>
    byte[] Sign(SigningRequest request, CancellationToken cancellation = default);
}
