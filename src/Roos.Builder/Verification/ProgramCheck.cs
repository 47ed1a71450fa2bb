using Roos.Core;
using Roos.Core.Bytes;
using Roos.Signing;
using Roos.Uki;

namespace Roos.Builder.Verification;

/// <summary>Authenticode signatures of EFI programs: what firmware looks at before it starts one.</summary>
internal static class ProgramCheck
{
    /// <summary>Checks one program.</summary>
    /// <param name="check">As what: a program that is started itself, or the kernel inside a UKI.</param>
    /// <param name="part">What it is called.</param>
    /// <param name="program">The whole file.</param>
    /// <param name="trusted">Who must have signed it; null checks nothing and says who has.</param>
    /// <param name="log">Takes the result.</param>
    public static void Run(string check, string part, ByteSource program, Certificate? trusted, CheckLog log) => log.Guard(check, part, () =>
    {
        var digest = PeDigest.Sha256(program);
        var signatures = CertificateTable.Read(program);
        if (trusted is null)
        {
            log.Unchecked(check, part, signatures.Count == 0 ? "not signed" : $"signed, it says, by {string.Join(" and ", signatures.Select(SignerOf))}; --certificate is not given");
            return;
        }

        var reasons = new List<string>();
        foreach (var der in signatures)
        {
            if (Reason(der, digest, trusted) is not { } reason)
            {
                log.Good(check, part, $"signed by {Describe(AuthenticodeSignature.Read(der).Signer ?? trusted)}");
                return;
            }

            reasons.Add(reason);
        }

        log.Broken(check, part, reasons.Count switch
        {
            0 => $"it is not signed; it must be signed by {trusted.Subject}",
            1 => $"the signature is not good: {reasons[0]}",
            _ => $"none of the {reasons.Count} signatures is good: {string.Join("; ", reasons)}",
        });
    });

    /// <summary>Who, and which certificate of theirs.</summary>
    internal static string Describe(Certificate certificate) => $"{certificate.Subject} (certificate {Convert.ToHexStringLower(certificate.Fingerprint)[..16]}…)";

    private static string SignerOf(byte[] der)
    {
        try
        {
            return AuthenticodeSignature.Read(der).Signer is { } signer ? Describe(signer) : "somebody whose certificate is not in it";
        }
        catch (DamagedInputException)
        {
            return "nobody (the signature is damaged)";
        }
    }

    private static string? Reason(byte[] der, byte[] digest, Certificate trusted)
    {
        try
        {
            return AuthenticodeSignature.Read(der).Verify(digest, trusted);
        }
        catch (DamagedInputException e)
        {
            return e.Message; // the next one may be good
        }
    }
}
