using Roos.Signing;
using Roos.Signing.OpenPgp;

namespace Roos.Builder.Signing;

/// <summary>
/// What of an image is signed, and for whom: public things only. The private keys are a <see cref="ISignatureSource"/>'s. Null is
/// for what is not signed.
/// </summary>
public sealed record SigningPlan
{
    public static SigningPlan None { get; } = new();

    /// <summary>systemd-boot, the kernel, the UKI, and the firmware's variables.</summary>
    public Certificate? SecureBoot { get; init; }

    /// <summary>Root hashes.</summary>
    public Certificate? Verity { get; init; }

    /// <summary>Policies over PCR 11.</summary>
    public RsaPublicKey? Pcr { get; init; }

    /// <summary>SHA256SUMS.</summary>
    public OpenPgpKey? OpenPgp { get; init; }

    /// <summary>What the machine's firmware learns by itself at its first start; null for nothing.</summary>
    public EnrollmentLists? Enrollment { get; init; }

    /// <summary>Whether there is anything to sign.</summary>
    public bool IsEmpty => SecureBoot is null && Verity is null && Pcr is null && OpenPgp is null;

    /// <summary>The public key that signatures of a role are checked with.</summary>
    internal RsaPublicKey KeyOf(SigningRole role) => role switch
    {
        SigningRole.SecureBoot => SecureBoot!.PublicKey,
        SigningRole.Verity => Verity!.PublicKey,
        SigningRole.Pcr => Pcr!,
        SigningRole.OpenPgp => OpenPgp!.PublicKey,
        _ => throw new ArgumentOutOfRangeException(nameof(role), role, null),
    };
}

/// <summary>Signature lists (UEFI specification, 32.4.1) for the variables of Secure Boot, in the order in which they are written: PK last, for it ends setup mode.</summary>
/// <param name="ForbiddenSignatures">dbx; empty for none.</param>
/// <param name="Signatures">db.</param>
/// <param name="KeyExchangeKeys">KEK.</param>
/// <param name="PlatformKey">PK.</param>
public sealed record EnrollmentLists(byte[] ForbiddenSignatures, byte[] Signatures, byte[] KeyExchangeKeys, byte[] PlatformKey);
