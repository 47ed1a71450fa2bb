using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Roos.Core;
using Roos.Core.Bytes;
using Roos.Signing;
using Roos.Signing.OpenPgp;

namespace Roos.Builder.Inspection;

/// <summary>Certificates, public keys, OpenPGP keyrings and signatures. Private keys are named and not read.</summary>
internal static class KeyInspection
{
    private const int MostBytes = 1 << 20;

    /// <summary>What the file is, or null where it is none of these: they begin with little that tells them from other data.</summary>
    public static Finding? TryDescribe(ByteSource source)
    {
        if (source.Length is < 16 or > MostBytes) return null;
        Span<byte> head = stackalloc byte[1];
        source.Read(0, head);

        // DER; PEM and armour; OpenPGP packets with a key or a signature, old and new form (RFC 9580, 4.2).
        if (head[0] is not (0x30 or (byte)'-' or 0xc6 or 0xc2 or (>= 0x98 and <= 0x9b) or (>= 0x88 and <= 0x8b))) return null;
        var bytes = source.ToArray();
        if (head[0] == '-' && Encoding.Latin1.GetString(bytes, 0, Math.Min(bytes.Length, 64)).Contains("PRIVATE KEY-----", StringComparison.Ordinal)) return new Finding("private-key", "private key", source.Length);
        return Try(() => new Finding("certificate", "certificate", bytes.Length, [.. Fields(Certificate.Read(bytes))]))
            ?? Try(() => new Finding("public-key", "public key", bytes.Length, [.. Fields(RsaPublicKey.ReadPem(Encoding.Latin1.GetString(bytes)))]))
            ?? Try(() => Keyring(bytes))
            ?? Try(() => new Finding("openpgp-signature", "OpenPGP signature", bytes.Length, ("made", SignatureInspection.Time(OpenPgpSignature.Read(bytes).CreationTime))));
    }

    public static IEnumerable<(string Name, string Value)> Fields(Certificate certificate) =>
    [
        ("subject", certificate.Subject),
        ("certificate", Convert.ToHexStringLower(certificate.Fingerprint)),
        ("valid", $"{SignatureInspection.Time(certificate.NotBefore)} to {SignatureInspection.Time(certificate.NotAfter)}"),
        ("key", Size(certificate.PublicKey)),
    ];

    /// <summary>The fingerprint is the one that signed PCR policies have (pkfp).</summary>
    public static IEnumerable<(string Name, string Value)> Fields(RsaPublicKey key) => [("key", Size(key)), ("fingerprint", Convert.ToHexStringLower(SHA256.HashData(key.ToPkcs1())))];

    private static Finding Keyring(byte[] bytes)
    {
        var key = OpenPgpKey.Read(bytes);
        return new Finding(
            "openpgp-key",
            "OpenPGP key",
            bytes.Length,
            ("user", key.UserId),
            ("fingerprint", Convert.ToHexStringLower(key.Fingerprint.AsSpan())),
            ("made", SignatureInspection.Time(key.CreationTime)),
            ("key", Size(key.PublicKey)));
    }

    private static string Size(RsaPublicKey key) => string.Create(CultureInfo.InvariantCulture, $"RSA, {key.Bits} bits");

    private static Finding? Try(Func<Finding> describe)
    {
        try
        {
            return describe();
        }
        catch (DamagedInputException)
        {
            return null;
        }
    }
}
