using System.Globalization;
using System.Security.Cryptography;
using Roos.Core;
using Roos.Signing;
using Roos.Uki;

namespace Roos.Builder.Verification;

/// <summary>
/// The signed policies of every profile (<c>.pcrsig</c>): they are those for what the UKI will measure, and signed by its key
/// (<c>.pcrpkey</c>). Otherwise a machine whose secrets are bound to the key would not get them, or another's would.
/// </summary>
internal static class PcrSignatureCheck
{
    public static void Run(string part, UkiContent uki, RsaPublicKey? trusted, CheckLog log)
    {
        var signed = uki.Profiles.Any(profile => Find(profile, UkiSections.PcrSignature) is not null);
        if (!signed && trusted is null && uki.Profiles.All(profile => Find(profile, UkiSections.PcrPublicKey) is null))
        {
            log.Absent(CheckNames.PcrSignature, part, "no signed policies over PCR 11");
            return;
        }

        foreach (var profile in uki.Profiles)
        {
            var name = uki.Profiles.Length == 1 ? $"{part}: PCR 11" : $"{part}: {UkiCheck.NameOf(uki, profile)}: PCR 11";
            log.Guard(CheckNames.PcrSignature, name, () => Check(name, uki, profile, trusted, log));
        }
    }

    private static void Check(string name, UkiContent uki, UkiProfileContent profile, RsaPublicKey? trusted, CheckLog log)
    {
        if (Find(profile, UkiSections.PcrSignature) is null)
        {
            log.Broken(CheckNames.PcrSignature, name, "there is no .pcrsig, so secrets that are bound to the key cannot be had here");
            return;
        }

        var key = RsaPublicKey.ReadPem(profile.Text(UkiSections.PcrPublicKey) ?? throw new DamagedInputException("there is a .pcrsig and no .pcrpkey that it is checked with"), ".pcrpkey");
        if (trusted is not null && !trusted.Equals(key))
        {
            log.Broken(CheckNames.PcrSignature, name, $"the key in .pcrpkey ({Fingerprint(key)}) is not the one that is trusted ({Fingerprint(trusted)})");
            return;
        }

        var policies = SignedPolicy.Of(profile);
        if (policies.Count == 0) throw new DamagedInputException(".pcrsig: there is no signed policy in it");
        var banks = policies.Select(policy => PcrBanks.Parse(policy.Bank)).Distinct().ToList();
        var predicted = PcrPrediction.Of(uki with { Profiles = [profile] }, banks).Select(value => new PcrPolicy(value)).ToList();
        if (Reason(policies, predicted, key) is { } reason) log.Broken(CheckNames.PcrSignature, name, reason);
        else log.Good(CheckNames.PcrSignature, name, string.Create(CultureInfo.InvariantCulture, $"{policies.Count} policies as predicted ({string.Join(", ", banks.Select(bank => bank.Name()))}; {predicted.Select(policy => policy.Value.Phase).Distinct().Count()} phases), signed by {(trusted is null ? "the UKI's own key" : "the trusted key")} {Fingerprint(key)}"));
    }

    private static string? Reason(IReadOnlyList<SignedPolicy> policies, IReadOnlyList<PcrPolicy> predicted, RsaPublicKey key)
    {
        foreach (var signed in policies)
        {
            if (predicted.FirstOrDefault(policy => policy.Digest.SequenceEqual(signed.Digest) && policy.Value.Bank.Name() == signed.Bank) is not { } policy)
                return $"the policy {Convert.ToHexStringLower(signed.Digest.AsSpan())} of bank {signed.Bank} is not for what this UKI measures at any phase of the boot";
            if (!signed.Covers(policy, key)) return $"the policy of bank {signed.Bank} and phase {policy.Value.Phase} is not signed by the key in .pcrpkey ({Fingerprint(key)})";
        }

        return predicted.FirstOrDefault(policy => !policies.Any(signed => signed.Digest.SequenceEqual(policy.Digest))) is { } missing
            ? $"there is no signed policy for bank {missing.Value.Bank.Name()} and phase {missing.Value.Phase}"
            : null;
    }

    private static PeSection? Find(UkiProfileContent profile, string name) => profile.Sections.FirstOrDefault(section => section.Name == name);

    private static string Fingerprint(RsaPublicKey key) => Convert.ToHexStringLower(SHA256.HashData(key.ToPkcs1()))[..16] + "…";
}
