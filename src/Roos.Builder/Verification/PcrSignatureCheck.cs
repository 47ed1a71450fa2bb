using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Roos.Core;
using Roos.Core.Bytes;
using Roos.Signing;
using Roos.Uki;

namespace Roos.Builder.Verification;

/// <summary>A signed policy as a <c>.pcrsig</c> section has it.</summary>
/// <param name="Bank">In which bank its register is.</param>
/// <param name="KeyFingerprint">Of the key that signed.</param>
/// <param name="Policy">The policy's digest.</param>
/// <param name="Signature">Over the policy's digest.</param>
internal sealed record PcrSignatureEntry(PcrBank Bank, byte[] KeyFingerprint, byte[] Policy, byte[] Signature);

/// <summary>
/// The signed policies of every profile (<c>.pcrsig</c>): they are those for what the UKI will measure, and signed by its key
/// (<c>.pcrpkey</c>). Otherwise a machine whose secrets are bound to the key would not get them, or another's would.
/// </summary>
internal static class PcrSignatureCheck
{
    private const int MostBytes = 1 << 20;

    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 5 };

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

    /// <summary>Reads the text of a section.</summary>
    /// <exception cref="DamagedInputException">It is not as systemd-measure writes it.</exception>
    internal static IReadOnlyList<PcrSignatureEntry> Read(ByteSource section)
    {
        if (section.Length > MostBytes) throw new DamagedInputException($".pcrsig: signed policies have at most {MostBytes} bytes; found {section.Length}");
        try
        {
            using var document = JsonDocument.Parse(section.ToArray().AsMemory().TrimEnd((byte)0), Strict);
            var entries = new List<PcrSignatureEntry>();
            foreach (var bank in document.RootElement.EnumerateObject())
            {
                var name = PcrBanks.Find(bank.Name) ?? throw new DamagedInputException($".pcrsig: the banks of a TPM are {string.Join(", ", PcrBanks.All.Select(PcrBanks.Name))}; found \"{bank.Name}\"");
                entries.AddRange(bank.Value.EnumerateArray().Select(entry => ReadEntry(name, entry)));
            }

            return entries;
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException or KeyNotFoundException or ArgumentException)
        {
            throw new DamagedInputException(".pcrsig: it is JSON with a list of pcrs, pkfp, pol (hex) and sig (base64) for each bank; this is something else", e);
        }
    }

    private static PcrSignatureEntry ReadEntry(PcrBank bank, JsonElement entry)
    {
        var registers = entry.GetProperty("pcrs").EnumerateArray().Select(register => register.GetInt32()).ToList();
        if (registers is not [PcrPrediction.Register]) throw new DamagedInputException($".pcrsig: a policy is for register {PcrPrediction.Register} alone; found {string.Join(", ", registers)}");
        return new PcrSignatureEntry(bank, Hex("pkfp"), Hex("pol"), Convert.FromBase64String(Text("sig")));

        byte[] Hex(string name) => Convert.FromHexString(Text(name));

        string Text(string name) => entry.GetProperty(name).GetString() ?? "";
    }

    private static void Check(string name, UkiContent uki, UkiProfileContent profile, RsaPublicKey? trusted, CheckLog log)
    {
        if (Find(profile, UkiSections.PcrSignature) is not { } section)
        {
            log.Broken(CheckNames.PcrSignature, name, "there is no .pcrsig, so secrets that are bound to the key cannot be had here");
            return;
        }

        var text = Find(profile, UkiSections.PcrPublicKey) is { } own ? Encoding.Latin1.GetString(own.Content.ToArray()) : throw new DamagedInputException("there is a .pcrsig and no .pcrpkey that it is checked with");
        var key = RsaPublicKey.ReadPem(text, ".pcrpkey");
        if (trusted is not null && !trusted.Equals(key))
        {
            log.Broken(CheckNames.PcrSignature, name, $"the key in .pcrpkey ({Fingerprint(key)}) is not the one that is trusted ({Fingerprint(trusted)})");
            return;
        }

        var entries = Read(section.Content);
        if (entries.Count == 0) throw new DamagedInputException(".pcrsig: there is no signed policy in it");
        var banks = entries.Select(entry => entry.Bank).Distinct().ToList();
        var predicted = PcrPrediction.Of(uki with { Profiles = [profile] }, banks).Select(value => new PcrPolicy(value)).ToList();
        var phases = new List<string>();
        foreach (var entry in entries)
        {
            if (predicted.FirstOrDefault(policy => policy.Value.Bank == entry.Bank && policy.Digest.AsSpan().SequenceEqual(entry.Policy)) is not { } policy)
            {
                log.Broken(CheckNames.PcrSignature, name, $"the policy {Convert.ToHexStringLower(entry.Policy)} of bank {entry.Bank.Name()} is not for what this UKI measures at any phase of the boot");
                return;
            }

            if (!entry.KeyFingerprint.AsSpan().SequenceEqual(SHA256.HashData(key.ToPkcs1())) || !key.Verify(policy.ToBeSigned.Digest.AsSpan(), entry.Signature))
            {
                log.Broken(CheckNames.PcrSignature, name, $"the policy of bank {entry.Bank.Name()} and phase {policy.Value.Phase} is not signed by the key in .pcrpkey ({Fingerprint(key)})");
                return;
            }

            phases.Add(policy.Value.Phase);
        }

        if (predicted.FirstOrDefault(policy => !entries.Any(entry => entry.Bank == policy.Value.Bank && policy.Digest.AsSpan().SequenceEqual(entry.Policy))) is { } missing)
        {
            log.Broken(CheckNames.PcrSignature, name, $"there is no signed policy for bank {missing.Value.Bank.Name()} and phase {missing.Value.Phase}");
            return;
        }

        var by = trusted is null ? "the UKI's own key" : "the trusted key";
        log.Good(CheckNames.PcrSignature, name, string.Create(CultureInfo.InvariantCulture, $"{entries.Count} policies as predicted ({string.Join(", ", banks.Select(bank => bank.Name()))}; {phases.Distinct().Count()} phases), signed by {by} {Fingerprint(key)}"));
    }

    private static PeSection? Find(UkiProfileContent profile, string name) => profile.Sections.FirstOrDefault(section => section.Name == name);

    private static string Fingerprint(RsaPublicKey key) => Convert.ToHexStringLower(SHA256.HashData(key.ToPkcs1()))[..16] + "…";
}
