using Roos.Core;
using Roos.Signing;
using Roos.Uki;

namespace Roos.Builder.Inspection;

/// <summary>The signed policies over PCR 11 in a UKI: for which banks and phases they are.</summary>
internal sealed class PolicyInspection
{
    private readonly IReadOnlyList<PcrPolicy> _predicted;

    public PolicyInspection(UkiContent uki)
    {
        Key = uki.Base.Text(UkiSections.PcrPublicKey) is { } text ? RsaPublicKey.ReadPem(text, UkiSections.PcrPublicKey) : null;
        PcrBank[] banks = [.. uki.Profiles.SelectMany(SignedPolicy.Of).Select(policy => PcrBanks.Find(policy.Bank)).OfType<PcrBank>().Distinct()];
        _predicted = banks.Length == 0 ? [] : [.. PcrPrediction.Of(uki, banks).Select(value => new PcrPolicy(value))];
    }

    /// <summary>What they are signed with (<c>.pcrpkey</c>); null where there is none.</summary>
    public RsaPublicKey? Key { get; }

    /// <summary>A field for each bank in which a profile has policies.</summary>
    /// <exception cref="DamagedInputException">Its <c>.pcrsig</c> is damaged.</exception>
    public IEnumerable<(string Name, string Value)> Of(UkiProfileContent profile) =>
        SignedPolicy.Of(profile).GroupBy(policy => policy.Bank).Select(bank => ($"policies {bank.Key}", string.Join(", ", bank.Select(policy => Describe(profile, policy)))));

    private string Describe(UkiProfileContent profile, SignedPolicy signed)
    {
        if (_predicted.FirstOrDefault(policy => policy.Value.Profile == profile.Index && policy.Value.Bank.Name() == signed.Bank && policy.Digest.SequenceEqual(signed.Digest)) is not { } policy) return "(not for this UKI)";
        return Key is not null && signed.Covers(policy, Key) ? policy.Value.Phase : $"{policy.Value.Phase} (signature not good)";
    }
}
