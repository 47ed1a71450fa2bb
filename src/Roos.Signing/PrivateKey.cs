using System.Security.Cryptography;
using System.Text;
using Org.BouncyCastle.Asn1.Nist;
using Org.BouncyCastle.Asn1.Pkcs;
using Org.BouncyCastle.Asn1.X509;
using Org.BouncyCastle.Crypto.Engines;
using Org.BouncyCastle.Crypto.Generators;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Math;
using Org.BouncyCastle.Pkcs;
using Org.BouncyCastle.Security;
using Roos.Core;

namespace Roos.Signing;

/// <summary>A private RSA key. Keys of other kinds are refused where they are read: firmware takes RSA.</summary>
public sealed class PrivateKey
{
    /// <summary>Rounds of PBKDF2-HMAC-SHA256 under which a key is written: what OWASP asks for since 2023. Reading takes a second or so.</summary>
    internal const int WrittenIterations = 600_000;

    /// <summary>No more are read, so that a made-up file does not keep a machine busy for days.</summary>
    internal const int MostIterations = 10_000_000;

    /// <summary>Of the longest key of any cipher.</summary>
    private const int MostDerivedBytes = 64;

    private const string Unencrypted = "PRIVATE KEY", Encrypted = "ENCRYPTED PRIVATE KEY", Pkcs1 = "RSA PRIVATE KEY";

    private const int SaltLength = 16;

    private PrivateKey(RsaPrivateCrtKeyParameters parameters)
    {
        Parameters = parameters;
        PublicKey = new RsaPublicKey(parameters);
    }

    public RsaPublicKey PublicKey { get; }

    internal RsaPrivateCrtKeyParameters Parameters { get; }

    /// <summary>Makes a key with the public exponent 65537.</summary>
    /// <param name="bits">Length of the modulus: 2048 to 16384.</param>
    /// <param name="random">Where the primes come from: equal bytes make equal keys.</param>
    public static PrivateKey Generate(int bits, RandomNumberGenerator random)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bits, RsaPublicKey.FewestBits);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bits, RsaPublicKey.MostBits);
        const int certainty = 128; // a prime is none with a probability of 2^-128
        var generator = new RsaKeyPairGenerator();
        generator.Init(new RsaKeyGenerationParameters(BigInteger.ValueOf(65537), RandomSource.Of(random), bits, certainty));
        return new PrivateKey((RsaPrivateCrtKeyParameters)generator.GenerateKeyPair().Private);
    }

    /// <summary>True where a pass phrase is needed to read the key.</summary>
    /// <param name="text">The whole file.</param>
    public static bool IsEncrypted(string text) => PemText.Find(text, Unencrypted, Pkcs1, Encrypted)?.Label == Encrypted;

    /// <summary>
    /// Reads PKCS#8 (RFC 5958: <c>-----BEGIN PRIVATE KEY-----</c> or <c>-----BEGIN ENCRYPTED PRIVATE KEY-----</c>) or PKCS#1 (RFC 8017:
    /// <c>-----BEGIN RSA PRIVATE KEY-----</c>). What stands before and after, such as a certificate, is passed over.
    /// </summary>
    /// <param name="text">The whole file.</param>
    /// <param name="passPhrase">For an encrypted key; others need none and take any.</param>
    /// <param name="name">What to call the key in messages.</param>
    /// <exception cref="RoosException">The key is encrypted, and there is no pass phrase.</exception>
    /// <exception cref="WrongPassPhraseException">The pass phrase is not that of the key.</exception>
    /// <exception cref="DamagedInputException">It is no key, or of another kind than RSA.</exception>
    public static PrivateKey ReadPem(string text, string? passPhrase, string name = "private key")
    {
        if (text.Length > PemText.MostCharacters) throw new DamagedInputException($"{name}: a file with a key has at most {PemText.MostCharacters} bytes; found {text.Length}");
        if (PemText.Find(text, Unencrypted, Pkcs1, Encrypted) is not { } found) throw NoKey(text, name);
        try
        {
            var key = found.Label switch
            {
                Pkcs1 => FromPkcs1(found.Bytes),
                Encrypted => PrivateKeyFactory.CreateKey(Decrypt(found.Bytes, passPhrase, name)),
                _ => PrivateKeyFactory.CreateKey(PrivateKeyInfo.GetInstance(found.Bytes)),
            };
            RsaPublicKey.Check(key, name);
            return Checked(key as RsaPrivateCrtKeyParameters, name);
        }
        catch (Exception e) when (BadInput.Caused(e))
        {
            throw new DamagedInputException($"{name}: the key in it is damaged: what stands after -----BEGIN {found.Label}----- is no such key", e);
        }
    }

    /// <summary>PKCS#8 in PEM, lines of 64 characters and a newline at the end, as openssl writes it.</summary>
    /// <param name="passPhrase">Null writes the key as it is. Otherwise AES-256-CBC under PBKDF2-HMAC-SHA256 (PBES2, RFC 8018).</param>
    /// <param name="random">Salt and initialization vector; not used without a pass phrase.</param>
    public string ToPem(string? passPhrase, RandomNumberGenerator random)
    {
        var info = PrivateKeyInfoFactory.CreatePrivateKeyInfo(Parameters);
        if (passPhrase is null) return PemEncoding.WriteString(Unencrypted, info.GetDerEncoded()) + "\n";
        var salt = new byte[SaltLength];
        random.GetBytes(salt);
        var encrypted = EncryptedPrivateKeyInfoFactory.CreateEncryptedPrivateKeyInfo(
            NistObjectIdentifiers.IdAes256Cbc, PkcsObjectIdentifiers.IdHmacWithSha256, Utf8(passPhrase), salt, WrittenIterations, RandomSource.Of(random), info);
        return PemEncoding.WriteString(Encrypted, encrypted.GetDerEncoded()) + "\n";
    }

    /// <summary>Signs a digest: RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017, 8.2.1), the same signature each time.</summary>
    /// <param name="digest">SHA-256 of what is signed, 32 bytes.</param>
    /// <returns>Big-endian, as long as the modulus.</returns>
    public byte[] Sign(ReadOnlySpan<byte> digest)
    {
        // The engine blinds with random numbers of its own, against being timed, and checks its result; they leave no trace in it.
        var engine = new RsaBlindedEngine();
        engine.Init(true, Parameters);
        var encoded = PublicKey.Encode(digest);
        return engine.ProcessBlock(encoded, 1, encoded.Length - 1); // the first byte is zero, and the engine wants less than the modulus
    }

    private static RsaPrivateCrtKeyParameters FromPkcs1(byte[] der)
    {
        var numbers = RsaPrivateKeyStructure.GetInstance(der);
        return new RsaPrivateCrtKeyParameters(numbers.Modulus, numbers.PublicExponent, numbers.PrivateExponent, numbers.Prime1, numbers.Prime2, numbers.Exponent1, numbers.Exponent2, numbers.Coefficient);
    }

    private static PrivateKeyInfo Decrypt(byte[] der, string? passPhrase, string name)
    {
        var encrypted = EncryptedPrivateKeyInfo.GetInstance(der);
        CheckDerivation(encrypted.EncryptionAlgorithm, name);
        if (passPhrase is null) throw new RoosException($"{name}: the key is encrypted, and no pass phrase was given");
        try
        {
            var isPkcs12 = encrypted.EncryptionAlgorithm.Algorithm.Id.StartsWith(PkcsObjectIdentifiers.Pkcs12PbeIds + ".", StringComparison.Ordinal);
            return PrivateKeyInfoFactory.CreatePrivateKeyInfo(isPkcs12 ? passPhrase.ToCharArray() : Utf8(passPhrase), encrypted);
        }
        catch (Exception e) when (BadInput.Caused(e))
        {
            throw new WrongPassPhraseException($"{name}: the pass phrase is wrong", e);
        }
    }

    // PKCS #5 derives keys from bytes, for which the library takes the lower half of each character; OpenSSL and others mean UTF-8.
    // PKCS #12 derives them from characters.
    private static char[] Utf8(string passPhrase) => [.. Encoding.UTF8.GetBytes(passPhrase).Select(value => (char)value)];

    // Parameters of PBES2 with PBKDF2 (RFC 8018, A.2), or of the older kinds, which are salt and count alone.
    private static void CheckDerivation(AlgorithmIdentifier algorithm, string name)
    {
        BigInteger iterations;
        if (!algorithm.Algorithm.Equals(PkcsObjectIdentifiers.IdPbeS2))
        {
            iterations = Pkcs12PbeParams.GetInstance(algorithm.Parameters).Iterations;
        }
        else
        {
            var derivation = PbeS2Parameters.GetInstance(algorithm.Parameters).KeyDerivationFunc;
            if (!derivation.Algorithm.Equals(PkcsObjectIdentifiers.IdPbkdf2)) throw new DamagedInputException($"{name}: the key is encrypted in a way that roos does not read; write it anew with: openssl pkcs8 -topk8 -v2 aes-256-cbc -in {name} -out NEW");
            var parameters = Pbkdf2Params.GetInstance(derivation.Parameters);
            iterations = parameters.IterationCountObject.Value;
            if (parameters.KeyLengthObject is { } length && !IsWithin(length.Value, MostDerivedBytes)) throw new DamagedInputException($"{name}: the key is encrypted under a pass phrase from which it derives a key of {length.Value} bytes; roos takes 1 to {MostDerivedBytes}");
        }

        if (!IsWithin(iterations, MostIterations)) throw new DamagedInputException($"{name}: the key is encrypted under {iterations} rounds of key derivation; roos takes 1 to {MostIterations}");

        static bool IsWithin(BigInteger value, int most) => value.SignValue > 0 && value.CompareTo(BigInteger.ValueOf(most)) <= 0;
    }

    // Numbers that do not belong together make signatures that are none, or give the key away: they are tried once.
    private static PrivateKey Checked(RsaPrivateCrtKeyParameters? numbers, string name)
    {
        if (numbers is null) throw new DamagedInputException($"{name}: the key has no primes; write it anew with: openssl pkey -in {name} -out NEW");
        try
        {
            if (DoBelongTogether(numbers))
            {
                var key = new PrivateKey(numbers);
                Span<byte> digest = stackalloc byte[RsaPublicKey.DigestLength];
                if (key.PublicKey.Verify(digest, key.Sign(digest))) return key;
            }
        }
        catch (Exception e) when (BadInput.Caused(e))
        {
        }

        throw new DamagedInputException($"{name}: the key is damaged: its numbers do not belong together");
    }

    // RFC 8017, 3.2. What is too long is not computed with.
    private static bool DoBelongTogether(RsaPrivateCrtKeyParameters numbers)
    {
        if (new[] { numbers.PublicExponent, numbers.Exponent, numbers.P, numbers.Q, numbers.DP, numbers.DQ, numbers.QInv }.Any(number => number.SignValue <= 0 || number.BitLength > numbers.Modulus.BitLength)) return false;
        return numbers.P.Multiply(numbers.Q).Equals(numbers.Modulus)
            && numbers.Exponent.Remainder(numbers.P.Subtract(BigInteger.One)).Equals(numbers.DP)
            && numbers.Exponent.Remainder(numbers.Q.Subtract(BigInteger.One)).Equals(numbers.DQ)
            && numbers.QInv.Multiply(numbers.Q).Remainder(numbers.P).Equals(BigInteger.One);
    }

    private static DamagedInputException NoKey(string text, string name)
    {
        if (text.Contains("Proc-Type: 4,ENCRYPTED", StringComparison.Ordinal)) return new DamagedInputException($"{name}: the key is encrypted in OpenSSL's old way, which roos does not read; write it anew with: openssl pkcs8 -topk8 -v2 aes-256-cbc -in {name} -out NEW");
        if (PemText.Find(text, "EC PRIVATE KEY", "DSA PRIVATE KEY") is { } other) return new DamagedInputException($"{name}: the key must be RSA, because firmware takes no other; found {other.Label}. Make one with: roos genkey");
        if (PemText.Find(text, "OPENSSH PRIVATE KEY") is not null) return new DamagedInputException($"{name}: this is a key of OpenSSH, which signs no images. Make one with: roos genkey");
        if (PemText.Find(text, "CERTIFICATE", "PUBLIC KEY") is { } publicPart) return new DamagedInputException($"{name}: there is a {publicPart.Label.ToLowerInvariant()} in it and no private key");
        return new DamagedInputException($"{name}: there is no private key in it; it must be PEM, complete from -----BEGIN PRIVATE KEY----- to -----END PRIVATE KEY-----");
    }
}
