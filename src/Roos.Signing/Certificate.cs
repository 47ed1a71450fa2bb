using System.Collections.Immutable;
using System.Security.Cryptography;
using Org.BouncyCastle.Security;
using Org.BouncyCastle.Security.Certificates;
using Org.BouncyCastle.X509;
using Roos.Core;

namespace Roos.Signing;

/// <summary>An X.509 certificate with an RSA key (RFC 5280).</summary>
public sealed class Certificate
{
    private Certificate(X509Certificate x509, string name)
    {
        X509 = x509;
        Der = [.. x509.GetEncoded()];
        PublicKey = RsaPublicKey.FromKey(x509.GetPublicKey(), name);
    }

    /// <summary>The certificate's bytes.</summary>
    public ImmutableArray<byte> Der { get; }

    public RsaPublicKey PublicKey { get; }

    /// <summary>Whom it names, as <c>CN=…</c>.</summary>
    public string Subject => X509.SubjectDN.ToString();

    /// <summary>From when on it is valid, UTC.</summary>
    public DateTime NotBefore => X509.NotBefore;

    /// <summary>Until when it is valid, UTC.</summary>
    public DateTime NotAfter => X509.NotAfter;

    /// <summary>SHA-256 of the bytes.</summary>
    public byte[] Fingerprint => SHA256.HashData(Der.AsSpan());

    internal X509Certificate X509 { get; }

    /// <summary>Reads a certificate in PEM (the first one, if there are several) or DER.</summary>
    /// <param name="bytes">All of the file.</param>
    /// <param name="name">What to call it in messages.</param>
    /// <exception cref="DamagedInputException">It is none, or its key is not RSA.</exception>
    public static Certificate Read(ReadOnlySpan<byte> bytes, string name = "certificate")
    {
        try
        {
            var x509 = new X509CertificateParser().ReadCertificate(bytes.ToArray()) ?? throw new DamagedInputException($"{name}: there is no certificate in it; it must be PEM (-----BEGIN CERTIFICATE-----) or DER");
            return new Certificate(x509, name);
        }
        catch (Exception e) when (e is CertificateException or GeneralSecurityException or IOException or ArgumentException or InvalidOperationException or FormatException or ArithmeticException or InvalidCastException or IndexOutOfRangeException)
        {
            throw new DamagedInputException($"{name}: this is no certificate; it must be PEM (-----BEGIN CERTIFICATE-----) or DER", e);
        }
    }

    /// <summary><c>-----BEGIN CERTIFICATE-----</c>, lines of 64 characters and a newline at the end.</summary>
    public string ToPem() => PemEncoding.WriteString("CERTIFICATE", Der.AsSpan()) + "\n";
}
