using Roos.Signing;
using Roos.Signing.OpenPgp;

namespace Roos.Builder.Verification;

/// <summary>What the user trusts. Where one is missing, what it would vouch for is not checked, and the report says so.</summary>
internal sealed record TrustAnchors
{
    /// <summary>Whose programs firmware shall start.</summary>
    public Certificate? SecureBoot { get; init; }

    /// <summary>Whose root hashes the kernel shall take; mostly the same.</summary>
    public Certificate? Verity { get; init; }

    /// <summary>Whose policies over PCR 11 unlock secrets; the UKI's own key, which the UKI's signature covers, where there is none.</summary>
    public RsaPublicKey? Pcr { get; init; }

    /// <summary>Whose list of digests (SHA256SUMS) it shall be.</summary>
    public OpenPgpKey? OpenPgp { get; init; }
}
