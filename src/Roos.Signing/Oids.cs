namespace Roos.Signing;

/// <summary>Object identifiers, each with where it is defined.</summary>
internal static class Oids
{
    /// <summary>pkcs7-data (RFC 5652, 4).</summary>
    public const string Data = "1.2.840.113549.1.7.1";

    /// <summary>pkcs7-signedData (RFC 5652, 5.1).</summary>
    public const string SignedData = "1.2.840.113549.1.7.2";

    /// <summary>Signed attributes (RFC 5652, 11.1 to 11.3).</summary>
    public const string ContentType = "1.2.840.113549.1.9.3", MessageDigest = "1.2.840.113549.1.9.4", SigningTime = "1.2.840.113549.1.9.5";

    /// <summary>Algorithms of RSA keys and signatures (RFC 8017, A.1 and A.2).</summary>
    public const string RsaEncryption = "1.2.840.113549.1.1.1", Sha256WithRsa = "1.2.840.113549.1.1.11", Sha384WithRsa = "1.2.840.113549.1.1.12", Sha512WithRsa = "1.2.840.113549.1.1.13";

    /// <summary>Digests (RFC 5754, 2; SHA-1: RFC 3370, 2.1).</summary>
    public const string Sha1 = "1.3.14.3.2.26", Sha256 = "2.16.840.1.101.3.4.2.1", Sha384 = "2.16.840.1.101.3.4.2.2", Sha512 = "2.16.840.1.101.3.4.2.3";

    /// <summary>commonName (RFC 5280, A.1).</summary>
    public const string CommonName = "2.5.4.3";

    /// <summary>Certificate extensions (RFC 5280, 4.2.1).</summary>
    public const string SubjectKeyIdentifier = "2.5.29.14", KeyUsage = "2.5.29.15", BasicConstraints = "2.5.29.19", ExtendedKeyUsage = "2.5.29.37";

    /// <summary>Values of extendedKeyUsage (RFC 5280, 4.2.1.12).</summary>
    public const string AnyExtendedKeyUsage = "2.5.29.37.0", CodeSigning = "1.3.6.1.5.5.7.3.3";

    /// <summary>SPC_INDIRECT_DATA_OBJID and SPC_PE_IMAGE_DATA_OBJID (Microsoft, Windows Authenticode Portable Executable Signature Format).</summary>
    public const string SpcIndirectData = "1.3.6.1.4.1.311.2.1.4", SpcPeImageData = "1.3.6.1.4.1.311.2.1.15";
}
