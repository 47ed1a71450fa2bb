using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Security.Cryptography;
using Roos.Signing;

namespace Roos.Uki;

/// <summary>
/// The TPM policy that is met where PCR 11 has a predicted value: what is signed, so that secrets bound to the key can be had with
/// every UKI that the key's owner signed. Source: TCG, "TPM 2.0 Library", part 3, 23.7, TPM2_PolicyPCR; systemd-measure(1).
/// </summary>
public sealed class PcrPolicy
{
    private const uint PolicyPcrCommand = 0x0000017f; // TPM_CC_PolicyPCR

    public PcrPolicy(PcrValue value)
    {
        Value = value;
        Digest = [.. Compute(value.Bank, value.Value.AsSpan())];
    }

    /// <summary>What the policy asks for.</summary>
    public PcrValue Value { get; }

    /// <summary>The policy's digest: SHA-256, whatever the bank.</summary>
    public ImmutableArray<byte> Digest { get; }

    /// <summary>
    /// The signature is over the policy's digest, which is hashed once more. Complete gives the signature as it is. The hash is SHA-256
    /// for every bank, because systemd has the TPM check no other; systemd-measure up to 259 took the bank's (systemd issue 40245).
    /// </summary>
    public ToBeSigned ToBeSigned => new(SHA256.HashData(Digest.AsSpan()), signature => signature);

    private static byte[] Compute(PcrBank bank, ReadOnlySpan<byte> value)
    {
        // policyDigest_new = H(policyDigest_old || TPM_CC_PolicyPCR || TPML_PCR_SELECTION || H(values)), old is all zeros
        Span<byte> buffer = stackalloc byte[32 + 4 + 10 + 32];
        buffer.Clear();
        BinaryPrimitives.WriteUInt32BigEndian(buffer[32..], PolicyPcrCommand);
        var selection = buffer[36..];
        BinaryPrimitives.WriteUInt32BigEndian(selection, 1); // one TPMS_PCR_SELECTION
        BinaryPrimitives.WriteUInt16BigEndian(selection[4..], (ushort)bank);
        selection[6] = 3; // bytes of the bit mask
        selection[7 + (PcrPrediction.Register / 8)] = 1 << (PcrPrediction.Register % 8);
        SHA256.HashData(value, buffer[46..]);
        return SHA256.HashData(buffer);
    }
}
