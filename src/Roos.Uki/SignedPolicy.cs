using System.Collections.Immutable;
using System.Text.Json;
using Roos.Core;
using Roos.Signing;

namespace Roos.Uki;

/// <summary>An entry of a <c>.pcrsig</c> section: what somebody signed, as it is written there.</summary>
/// <param name="Bank">Name of the bank.</param>
/// <param name="Registers">Which registers the policy asks for.</param>
/// <param name="KeyFingerprint">SHA-256 of the public key, RSAPublicKey in DER; empty where the entry has none.</param>
/// <param name="Digest">The policy's digest.</param>
/// <param name="Signature">The signature.</param>
public sealed record SignedPolicy(string Bank, ImmutableArray<int> Registers, ImmutableArray<byte> KeyFingerprint, ImmutableArray<byte> Digest, ImmutableArray<byte> Signature)
{
    /// <summary>Reads the text of a section. Source: systemd-measure(1).</summary>
    /// <exception cref="DamagedInputException">It is not JSON of that kind.</exception>
    public static IReadOnlyList<SignedPolicy> Read(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            var result = new List<SignedPolicy>();
            foreach (var bank in document.RootElement.EnumerateObject())
            {
                foreach (var entry in bank.Value.EnumerateArray()) result.Add(ReadEntry(bank.Name, entry));
            }

            return result;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw new DamagedInputException($"{UkiSections.PcrSignature} must be JSON, for each bank a list of objects with \"pcrs\", \"pol\" and \"sig\": {e.Message}", e);
        }
    }

    /// <summary>What a profile brings; none where it brings nothing.</summary>
    /// <exception cref="DamagedInputException">The section is none.</exception>
    public static IReadOnlyList<SignedPolicy> Of(UkiProfileContent profile) => profile.Text(UkiSections.PcrSignature) is { } json ? Read(json) : [];

    /// <summary>True where this is the policy, signed by the key: a TPM takes it then.</summary>
    public bool Covers(PcrPolicy policy, RsaPublicKey key) =>
        Bank == policy.Value.Bank.Name()
        && Registers is [PcrPrediction.Register]
        && Digest.SequenceEqual(policy.Digest)
        && (KeyFingerprint.IsEmpty || KeyFingerprint.SequenceEqual(PcrSignatures.FingerprintOf(key)))
        && key.Verify(policy.ToBeSigned.Digest.AsSpan(), Signature.AsSpan());

    private static SignedPolicy ReadEntry(string bank, JsonElement entry) => new(
        bank,
        [.. entry.GetProperty("pcrs").EnumerateArray().Select(register => register.GetInt32())],
        entry.TryGetProperty("pkfp", out var fingerprint) ? Hex(fingerprint) : [],
        Hex(entry.GetProperty("pol")),
        [.. entry.GetProperty("sig").GetBytesFromBase64()]);

    private static ImmutableArray<byte> Hex(JsonElement text) => [.. Convert.FromHexString(text.GetString() ?? throw new FormatException("null is no text"))];
}
