using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using Org.BouncyCastle.X509;
using Roos.Core;

namespace Roos.Signing;

/// <summary>An X.509 certificate with an RSA key (RFC 5280).</summary>
public sealed class Certificate
{
    /// <summary>Longest serial number, bytes (RFC 5280, 4.1.2.2).</summary>
    public const int MostSerialBytes = 20;

    /// <summary>Longest common name, characters (RFC 5280, A.1, ub-common-name).</summary>
    public const int MostCommonNameCharacters = 64;

    private const string NoCertificate = "this is no certificate; it must be DER or PEM, complete from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----";

    private Certificate(X509Certificate x509, byte[] der, string name)
    {
        X509 = x509;
        Der = [.. der];
        PublicKey = RsaPublicKey.FromKey(x509.GetPublicKey(), name);
        Subject = x509.SubjectDN.ToString();
        NotBefore = x509.NotBefore;
        NotAfter = x509.NotAfter;
        (Serial, Issuer) = ReadIssuer(der);
    }

    /// <summary>The certificate's bytes.</summary>
    public ImmutableArray<byte> Der { get; }

    public RsaPublicKey PublicKey { get; }

    /// <summary>Whom it names, as <c>CN=…</c>.</summary>
    public string Subject { get; }

    /// <summary>From when on it is valid, UTC.</summary>
    public DateTime NotBefore { get; }

    /// <summary>Until when it is valid, UTC.</summary>
    public DateTime NotAfter { get; }

    /// <summary>SHA-256 of the bytes.</summary>
    public byte[] Fingerprint => SHA256.HashData(Der.AsSpan());

    internal X509Certificate X509 { get; }

    /// <summary>The serial number: INTEGER, DER.</summary>
    internal ReadOnlyMemory<byte> Serial { get; }

    /// <summary>Who issued it: Name, DER.</summary>
    internal ReadOnlyMemory<byte> Issuer { get; }

    /// <summary>Reads a certificate in PEM (the first one, if there are several) or DER.</summary>
    /// <param name="bytes">All of the file.</param>
    /// <param name="name">What to call it in messages.</param>
    /// <exception cref="DamagedInputException">It is none, or its key is not RSA.</exception>
    public static Certificate Read(ReadOnlySpan<byte> bytes, string name = "certificate")
    {
        if (bytes.Length > PemText.MostCharacters) throw new DamagedInputException($"{name}: a certificate has at most {PemText.MostCharacters} bytes; found {bytes.Length}");
        const byte sequence = 0x30;
        var der = bytes is [sequence, ..] ? bytes.ToArray() : PemText.Find(Encoding.Latin1.GetString(bytes), "CERTIFICATE")?.Bytes;
        if (der is null) throw new DamagedInputException($"{name}: {NoCertificate}");
        try
        {
            var x509 = new X509Certificate(der);
            if (!x509.GetEncoded().AsSpan().SequenceEqual(der)) throw new DamagedInputException($"{name}: this is no certificate in DER, or something follows it");
            return new Certificate(x509, der, name);
        }
        catch (Exception e) when (BadInput.Caused(e))
        {
            throw new DamagedInputException($"{name}: {NoCertificate}", e);
        }
    }

    /// <summary>
    /// Makes the certificate of a key that signs code: version 3, CA:FALSE, digitalSignature, codeSigning, a key identifier, signed by
    /// itself with SHA-256. Equal parameters make equal bytes.
    /// </summary>
    /// <param name="key">The key.</param>
    /// <param name="commonName">Whom it names: 1 to 64 characters.</param>
    /// <param name="notBefore">From when on it is valid; whole seconds count.</param>
    /// <param name="notAfter">Until when it is valid; whole seconds count.</param>
    /// <param name="serial">Its number, big-endian: positive and at most <see cref="MostSerialBytes"/> bytes with a first bit of 0.</param>
    public static Certificate SelfSigned(PrivateKey key, string commonName, DateTimeOffset notBefore, DateTimeOffset notAfter, ReadOnlySpan<byte> serial)
    {
        ArgumentOutOfRangeException.ThrowIfZero(commonName.Length, nameof(commonName));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(commonName.Length, MostCommonNameCharacters, nameof(commonName));
        ArgumentOutOfRangeException.ThrowIfLessThan(notAfter, notBefore);
        var number = serial.TrimStart((byte)0);
        if (number.Length is 0 or > MostSerialBytes || (number.Length == MostSerialBytes && number[0] > 0x7f)) throw new ArgumentException($"a serial number is positive and fits {MostSerialBytes} bytes", nameof(serial));
        return Read(SelfSignedCertificate.Write(key, commonName, notBefore, notAfter, number));
    }

    /// <summary><c>-----BEGIN CERTIFICATE-----</c>, lines of 64 characters and a newline at the end.</summary>
    public string ToPem() => PemEncoding.WriteString("CERTIFICATE", Der.AsSpan()) + "\n";

    /// <summary>True where <paramref name="other"/> may sign certificates and has signed this one, with SHA-256 or better.</summary>
    internal bool IsIssuedBy(Certificate other)
    {
        if (!X509.IssuerDN.Equivalent(other.X509.SubjectDN) || other.X509.GetBasicConstraints() < 0) return false;
        if (X509.SigAlgOid is not (Oids.Sha256WithRsa or Oids.Sha384WithRsa or Oids.Sha512WithRsa)) return false;
        try
        {
            X509.Verify(other.PublicKey.Parameters);
            return true;
        }
        catch (Exception e) when (BadInput.Caused(e))
        {
            return false;
        }
    }

    // Certificate { TBSCertificate { [0] version, serialNumber, signature, issuer, … } … }: RFC 5280, 4.1.
    private static (ReadOnlyMemory<byte> Serial, ReadOnlyMemory<byte> Issuer) ReadIssuer(byte[] der)
    {
        var body = Asn1.Reader(der).ReadSequence().ReadSequence();
        if (body.PeekTag().HasSameClassAndValue(Asn1.Context(0))) body.ReadEncodedValue();
        var serial = body.ReadEncodedValue();
        body.ReadEncodedValue();
        return (serial, body.ReadEncodedValue());
    }
}
