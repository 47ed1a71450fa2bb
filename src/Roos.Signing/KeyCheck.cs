using System.Globalization;
using Roos.Core;

namespace Roos.Signing;

/// <summary>
/// Whether a key and its certificate will do, asked before anything is built. Each answer is null, or a sentence about what is wrong
/// that goes after the file's name.
/// </summary>
public static class KeyCheck
{
    /// <summary>All of them.</summary>
    public static string? All(RsaPublicKey key, Certificate certificate, DateTimeOffset now) => Pair(key, certificate) ?? Validity(certificate, now) ?? Usage(certificate);

    /// <summary>The certificate is that of the key.</summary>
    public static string? Pair(RsaPublicKey key, Certificate certificate) => certificate.PublicKey.Equals(key)
        ? null
        : $"the certificate of {certificate.Subject} is that of another key; give the two that 'roos genkey' wrote together";

    /// <summary>The certificate is valid at a time.</summary>
    public static string? Validity(Certificate certificate, DateTimeOffset now)
    {
        var time = now.UtcDateTime;
        if (time < certificate.NotBefore) return $"the certificate of {certificate.Subject} is valid from {Text(certificate.NotBefore)} on, and it is {Text(time)}; set the clock, or make a new one with: roos genkey";
        if (time > certificate.NotAfter) return $"the certificate of {certificate.Subject} was valid until {Text(certificate.NotAfter)}, and it is {Text(time)}; make a new one with: roos genkey";
        return null;
    }

    /// <summary>Where the certificate says what its key is for, signing code is among it.</summary>
    public static string? Usage(Certificate certificate)
    {
        if (certificate.X509.GetExtensionValue(new Org.BouncyCastle.Asn1.DerObjectIdentifier(Oids.ExtendedKeyUsage)) is not { } extension) return null;
        try
        {
            var usages = Asn1.Parse("extendedKeyUsage", () => ReadUsages(extension.GetOctets()));
            return usages.Any(usage => usage is Oids.CodeSigning or Oids.AnyExtendedKeyUsage) ? null : $"the certificate of {certificate.Subject} does not allow its key to sign code (extendedKeyUsage has no codeSigning); make one with: roos genkey";
        }
        catch (DamagedInputException e)
        {
            return $"the certificate of {certificate.Subject} is damaged: {e.Message}";
        }
    }

    private static List<string> ReadUsages(byte[] der)
    {
        var reader = Asn1.Reader(der).ReadSequence();
        var usages = new List<string>();
        while (reader.HasData) usages.Add(reader.ReadObjectIdentifier());
        return usages;
    }

    private static string Text(DateTime time) => time.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);
}
