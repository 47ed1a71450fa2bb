using System.Security.Cryptography;
using Org.BouncyCastle.Asn1.X509;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Math;
using Org.BouncyCastle.Security;
using Org.BouncyCastle.X509;
using Roos.Core;

namespace Roos.Signing;

/// <summary>A public RSA key. Keys of other kinds are refused where they are read: firmware takes RSA.</summary>
public sealed class RsaPublicKey : IEquatable<RsaPublicKey>
{
    // DigestInfo { AlgorithmIdentifier { sha256, NULL }, OCTET STRING of 32 bytes }, without the digest: RFC 8017, 9.2, note 1.
    private static ReadOnlySpan<byte> Sha256Prefix => [0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20];

    /// <summary>Least and greatest length of a modulus.</summary>
    internal const int FewestBits = 2048, MostBits = 16384;

    /// <summary>Of SHA-256.</summary>
    internal const int DigestLength = 32;

    // Longer ones are never seen, and checking a signature would take as long as making one.
    private const int MostExponentBits = 64;

    internal RsaPublicKey(RsaKeyParameters parameters)
    {
        // Making the object looks for primes in the modulus, which takes three times as long as signing: not twice.
        Parameters = parameters is RsaPrivateCrtKeyParameters key ? new RsaKeyParameters(false, key.Modulus, key.PublicExponent) : parameters;
    }

    /// <summary>Length of the modulus in bits.</summary>
    public int Bits => Parameters.Modulus.BitLength;

    /// <summary>Length of a signature in bytes.</summary>
    public int SignatureLength => (Bits + 7) / 8;

    internal RsaKeyParameters Parameters { get; }

    /// <summary>SubjectPublicKeyInfo, DER (RFC 5280).</summary>
    public byte[] ToSubjectPublicKeyInfo() => SubjectPublicKeyInfoFactory.CreateSubjectPublicKeyInfo(Parameters).GetDerEncoded();

    /// <summary>RSAPublicKey, DER (RFC 8017, A.1.1): what systemd takes a PCR key's fingerprint of.</summary>
    public byte[] ToPkcs1() => new RsaPublicKeyStructure(Parameters.Modulus, Parameters.Exponent).GetDerEncoded();

    /// <summary><c>-----BEGIN PUBLIC KEY-----</c>, lines of 64 characters and a newline at the end, as openssl writes it.</summary>
    public string ToPem() => PemEncoding.WriteString("PUBLIC KEY", ToSubjectPublicKeyInfo()) + "\n";

    /// <summary>Reads <c>-----BEGIN PUBLIC KEY-----</c>.</summary>
    /// <exception cref="DamagedInputException">It is none, or of another kind than RSA.</exception>
    public static RsaPublicKey ReadPem(string text, string name = "public key")
    {
        if (PemText.Find(text, "PUBLIC KEY") is not { } found) throw new DamagedInputException($"{name}: there is no public key in it; it must be PEM, complete from -----BEGIN PUBLIC KEY----- to -----END PUBLIC KEY-----");
        try
        {
            return FromKey(PublicKeyFactory.CreateKey(found.Bytes), name);
        }
        catch (Exception e) when (BadInput.Caused(e))
        {
            throw new DamagedInputException($"{name}: the public key in it is damaged", e);
        }
    }

    /// <summary>True where <paramref name="signature"/> is RSASSA-PKCS1-v1_5 over the SHA-256 digest, made with this key's private half.</summary>
    public bool Verify(ReadOnlySpan<byte> digest, ReadOnlySpan<byte> signature) => digest.Length == DigestLength && VerifyInfo([.. Sha256Prefix, .. digest], signature);

    /// <summary>The same over any digest, which comes with its algorithm: DigestInfo, DER.</summary>
    internal bool VerifyInfo(ReadOnlySpan<byte> digestInfo, ReadOnlySpan<byte> signature)
    {
        if (signature.Length != SignatureLength) return false;
        var number = new BigInteger(1, signature.ToArray());
        if (number.CompareTo(Parameters.Modulus) >= 0) return false;
        var found = number.ModPow(Parameters.Exponent, Parameters.Modulus).ToByteArrayUnsigned();

        // What must come out is made and compared as a whole: nothing of it is parsed.
        return found.AsSpan().SequenceEqual(EncodeInfo(digestInfo).AsSpan(1)); // a number has no leading zero
    }

    /// <summary>EMSA-PKCS1-v1_5 (RFC 8017, 9.2): 00 01 ff … ff 00, DigestInfo; as long as the modulus.</summary>
    internal byte[] Encode(ReadOnlySpan<byte> digest)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(digest.Length, DigestLength, nameof(digest));
        return EncodeInfo([.. Sha256Prefix, .. digest]);
    }

    private byte[] EncodeInfo(ReadOnlySpan<byte> digestInfo)
    {
        var encoded = new byte[SignatureLength];
        encoded.AsSpan().Fill(0xff);
        encoded[0] = 0;
        encoded[1] = 1;
        digestInfo.CopyTo(encoded.AsSpan(encoded.Length - digestInfo.Length));
        encoded[^(digestInfo.Length + 1)] = 0;
        return encoded;
    }

    public bool Equals(RsaPublicKey? other) => other is not null && Parameters.Modulus.Equals(other.Parameters.Modulus) && Parameters.Exponent.Equals(other.Parameters.Exponent);

    public override bool Equals(object? obj) => Equals(obj as RsaPublicKey);

    public override int GetHashCode() => Parameters.Modulus.GetHashCode();

    internal static RsaPublicKey FromKey(AsymmetricKeyParameter key, string name) => new(Check(key, name));

    /// <exception cref="DamagedInputException">The key is none that can be used.</exception>
    internal static RsaKeyParameters Check(AsymmetricKeyParameter key, string name)
    {
        if (key is not RsaKeyParameters rsa) throw new DamagedInputException($"{name}: the key must be RSA, because firmware takes no other; found {KindOf(key)}. Make one with: roos genkey");
        if (rsa.Modulus.BitLength is < FewestBits or > MostBits) throw new DamagedInputException($"{name}: an RSA key must have {FewestBits} to {MostBits} bits; found {rsa.Modulus.BitLength}. Make one with: roos genkey");
        var exponent = rsa is RsaPrivateCrtKeyParameters whole ? whole.PublicExponent : rsa.IsPrivate ? BigInteger.Three : rsa.Exponent;
        if (exponent.SignValue <= 0 || exponent.BitLength is < 2 or > MostExponentBits) throw new DamagedInputException($"{name}: the public exponent of an RSA key must have 2 to {MostExponentBits} bits; found {exponent.BitLength}. Make one with: roos genkey");
        return rsa;
    }

    private static string KindOf(AsymmetricKeyParameter key) => key switch
    {
        ECKeyParameters => "an elliptic curve key",
        Ed25519PublicKeyParameters or Ed25519PrivateKeyParameters => "an Ed25519 key",
        DsaKeyParameters => "a DSA key",
        _ => "a key of another kind",
    };
}
