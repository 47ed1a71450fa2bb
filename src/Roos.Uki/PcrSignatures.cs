using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Roos.Core;
using Roos.Signing;

namespace Roos.Uki;

/// <summary>A policy with its signature.</summary>
/// <param name="Policy">What is signed.</param>
/// <param name="Key">The public half of the key that signed.</param>
/// <param name="Signature">RSASSA-PKCS1-v1_5, as long as the key's modulus.</param>
public sealed record PcrSignature(PcrPolicy Policy, RsaPublicKey Key, byte[] Signature);

/// <summary>
/// The text of a <c>.pcrsig</c> section, JSON as ukify writes it: per bank a list of signed policies. Source: systemd-measure(1) and
/// ukify 257, which puts the output of <c>systemd-measure sign</c> through Python's <c>json.dumps</c>.
/// </summary>
public static class PcrSignatures
{
    /// <summary>The text of the signatures of one profile.</summary>
    /// <param name="signatures">Of one profile; banks come in the order in which they are first met.</param>
    /// <exception cref="RoosException">A signature was not made by its key, or is over something else.</exception>
    public static string ToJson(IEnumerable<PcrSignature> signatures)
    {
        var banks = new List<(PcrBank Bank, List<string> Entries)>();
        foreach (var signature in signatures)
        {
            var bank = signature.Policy.Value.Bank;
            var at = banks.FindIndex(found => found.Bank == bank);
            if (at < 0)
            {
                at = banks.Count;
                banks.Add((bank, []));
            }

            var entry = Entry(signature);
            if (!banks[at].Entries.Contains(entry)) banks[at].Entries.Add(entry);
        }

        return "{" + string.Join(", ", banks.Select(bank => $"\"{bank.Bank.Name()}\": [{string.Join(", ", bank.Entries)}]")) + "}";
    }

    /// <summary>The UKI with the signatures in the profiles that they are for.</summary>
    /// <exception cref="RoosException">A signature was not made by its key, or is for a profile that the UKI does not have.</exception>
    public static UkiOptions WithPcrSignatures(this UkiOptions options, IReadOnlyList<PcrSignature> signatures)
    {
        string? JsonOf(int profile) => signatures.Where(signature => signature.Policy.Value.Profile == profile).ToList() is { Count: > 0 } own ? ToJson(own) : null;

        if (signatures.FirstOrDefault(signature => signature.Policy.Value.Profile > options.Profiles.Count) is { } stray)
            throw new RoosException($"the UKI has {options.Profiles.Count + 1} profiles, and a PCR signature is for the one with index {stray.Policy.Value.Profile}");
        return options with
        {
            PcrSignature = JsonOf(0),
            Profiles = [.. options.Profiles.Select((profile, index) => profile with { PcrSignature = JsonOf(index + 1) })],
        };
    }

    internal static UkiOptions WithoutPcrSignatures(this UkiOptions options) => options.WithPcrSignatures([]);

    private static string Entry(PcrSignature signature)
    {
        var value = signature.Policy.Value;
        if (!signature.Key.Verify(signature.Policy.ToBeSigned.Digest.AsSpan(), signature.Signature))
            throw new RoosException($"the signature of the policy for PCR {PcrPrediction.Register}, bank {value.Bank.Name()}, phase {value.Phase} and profile {value.ProfileId ?? "0"} was not made by the private half of the PCR key, or is over something else");
        var result = new StringBuilder();
        result.Append(CultureInfo.InvariantCulture, $"{{\"pcrs\": [{PcrPrediction.Register}], ");
        result.Append(CultureInfo.InvariantCulture, $"\"pkfp\": \"{Convert.ToHexStringLower(FingerprintOf(signature.Key))}\", ");
        result.Append(CultureInfo.InvariantCulture, $"\"pol\": \"{Convert.ToHexStringLower(signature.Policy.Digest.AsSpan())}\", ");
        result.Append(CultureInfo.InvariantCulture, $"\"sig\": \"{Convert.ToBase64String(signature.Signature)}\"}}");
        return result.ToString();
    }

    /// <summary>Of RSAPublicKey (PKCS#1), not of SubjectPublicKeyInfo.</summary>
    internal static byte[] FingerprintOf(RsaPublicKey key) => SHA256.HashData(key.ToPkcs1());
}
