using System.Formats.Asn1;
using System.Security.Cryptography;
using Roos.Core;
using Roos.Testing;

namespace Roos.Signing.Tests;

public sealed class PrivateKeyTests
{
    private const string Pbes2 = "1.2.840.113549.1.5.13", Pbkdf2 = "1.2.840.113549.1.5.12", Aes256 = "2.16.840.1.101.3.4.1.42", Pbe3Des = "1.2.840.113549.1.12.1.3";

    [Fact]
    public void Equal_random_bytes_make_equal_keys()
    {
        Assert.Equal(TestKeys.Key.PublicKey, PrivateKey.Generate(2048, new SeededRandom("one")).PublicKey);
        Assert.NotEqual(TestKeys.Key.PublicKey, TestKeys.Other.PublicKey);
        Assert.Equal(2048, TestKeys.Key.PublicKey.Bits);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("secret")]
    [InlineData("pässwörd €")]
    public void A_key_is_read_as_it_was_written(string? passPhrase)
    {
        var text = TestKeys.Key.ToPem(passPhrase, new SeededRandom("salt"));
        Assert.StartsWith(passPhrase is null ? "-----BEGIN PRIVATE KEY-----\n" : "-----BEGIN ENCRYPTED PRIVATE KEY-----\n", text, StringComparison.Ordinal);
        Assert.EndsWith("-----\n", text, StringComparison.Ordinal);
        Assert.Equal(passPhrase is not null, PrivateKey.IsEncrypted(text));
        var read = PrivateKey.ReadPem("text before\n" + TestKeys.Certificate.ToPem() + text + TestKeys.OtherCertificate.ToPem(), passPhrase);
        Assert.Equal(TestKeys.Key.ToPem(null, new SeededRandom("unused")), read.ToPem(null, new SeededRandom("unused")));
    }

    [Fact]
    public void A_key_of_PKCS1_is_read()
    {
        var pkcs8 = new AsnReader(PemBytes(TestKeys.Key.ToPem(null, new SeededRandom("unused"))), AsnEncodingRules.DER).ReadSequence();
        pkcs8.ReadInteger();
        pkcs8.ReadSequence();
        Assert.Equal(TestKeys.Key.PublicKey, PrivateKey.ReadPem(PemEncoding.WriteString("RSA PRIVATE KEY", pkcs8.ReadOctetString()), null).PublicKey);
    }

    [Fact]
    public void Signatures_are_the_same_each_time_and_good()
    {
        var digest = SHA256.HashData("something"u8);
        var signature = TestKeys.Key.Sign(digest);
        Assert.Equal(256, signature.Length);
        Assert.Equal(signature, TestKeys.Key.Sign(digest));
        Assert.Equal(signature, new PemSigner(TestKeys.Key).Sign(new SigningRequest("name", "something", SigningRole.Verity, [.. digest]), TestContext.Current.CancellationToken));
        Assert.True(TestKeys.Key.PublicKey.Verify(digest, signature));
        Assert.False(TestKeys.Other.PublicKey.Verify(digest, signature));
        Assert.False(TestKeys.Key.PublicKey.Verify(SHA256.HashData("something else"u8), signature));
        signature[^1] ^= 1;
        Assert.False(TestKeys.Key.PublicKey.Verify(digest, signature));
    }

    [Fact]
    public void Keys_whose_length_is_no_multiple_of_eight_sign_too()
    {
        var key = PrivateKey.Generate(2049, new SeededRandom("odd"));
        var digest = SHA256.HashData("something"u8);
        Assert.Equal(257, key.PublicKey.SignatureLength);
        Assert.True(key.PublicKey.Verify(digest, key.Sign(digest)));
    }

    [Fact]
    public void A_wrong_pass_phrase_is_told_from_a_missing_one()
    {
        var text = TestKeys.Key.ToPem("right", new SeededRandom("salt"));
        Assert.Equal("mkosi.key: the pass phrase is wrong", Assert.Throws<WrongPassPhraseException>(() => PrivateKey.ReadPem(text, "wrong", "mkosi.key")).Message);
        Assert.Equal("mkosi.key: the key is encrypted, and no pass phrase was given", Assert.Throws<RoosException>(() => PrivateKey.ReadPem(text, null, "mkosi.key")).Message);
    }

    [Theory]
    [InlineData("1.3.101.112", "", "found an Ed25519 key")]
    [InlineData("1.2.840.10045.2.1", "1.2.840.10045.3.1.7", "found an elliptic curve key")]
    public void Keys_of_other_kinds_are_refused(string algorithm, string curve, string expected)
    {
        var bytes = new byte[32];
        new SeededRandom("scalar").GetBytes(bytes);
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            writer.WriteInteger(0);
            using (writer.PushSequence())
            {
                writer.WriteObjectIdentifier(algorithm);
                if (curve.Length > 0) writer.WriteObjectIdentifier(curve);
            }

            using (writer.PushOctetString())
            {
                if (curve.Length == 0)
                {
                    writer.WriteOctetString(bytes);
                }
                else
                {
                    using (writer.PushSequence())
                    {
                        writer.WriteInteger(1);
                        writer.WriteOctetString(bytes);
                    }
                }
            }
        }

        var error = Assert.Throws<DamagedInputException>(() => PrivateKey.ReadPem(PemEncoding.WriteString("PRIVATE KEY", writer.Encode()), null, "mkosi.key"));
        Assert.StartsWith("mkosi.key: the key must be RSA, because firmware takes no other; ", error.Message, StringComparison.Ordinal);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    public static TheoryData<string, string> NoKeys() => new()
    {
        { "", "there is no private key in it" },
        { "nothing", "there is no private key in it" },
        { TestKeys.Key.ToPem(null, new SeededRandom("unused"))[..1000], "there is no private key in it" },
        { TestKeys.Key.ToPem(null, new SeededRandom("unused")).Replace("-----END PRIVATE KEY-----", "", StringComparison.Ordinal), "there is no private key in it" },
        { TestKeys.Certificate.ToPem(), "there is a certificate in it and no private key" },
        { TestKeys.Key.PublicKey.ToPem(), "there is a public key in it and no private key" },
        { PemEncoding.WriteString("EC PRIVATE KEY", [0x30, 0]), "found EC PRIVATE KEY" },
        { PemEncoding.WriteString("OPENSSH PRIVATE KEY", [0x30, 0]), "this is a key of OpenSSH" },
        { "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----\n", "encrypted in OpenSSL's old way" },
        { PemEncoding.WriteString("PRIVATE KEY", [0x30, 0]), "the key in it is damaged" },
        { PemEncoding.WriteString("PRIVATE KEY", TestKeys.Certificate.Der.AsSpan()), "the key in it is damaged" },
        { PemEncoding.WriteString("RSA PRIVATE KEY", [0x30, 3, 2, 1, 0]), "the key in it is damaged" },
        { PemEncoding.WriteString("ENCRYPTED PRIVATE KEY", [0x30, 0]), "the key in it is damaged" },
        { new string('x', 65537), "has at most 65536 bytes; found 65537" },
    };

    [Theory]
    [MemberData(nameof(NoKeys), DisableDiscoveryEnumeration = true)]
    public void What_is_no_key_is_refused_with_the_reason(string text, string reason)
    {
        var error = Assert.Throws<DamagedInputException>(() => PrivateKey.ReadPem(text, "pass", "mkosi.key"));
        Assert.StartsWith("mkosi.key: ", error.Message, StringComparison.Ordinal);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Numbers_that_do_not_belong_together_are_refused()
    {
        // One bit in the private exponent's CRT half (dP): the public half is untouched, and signatures would give a prime away.
        var der = PemBytes(TestKeys.Key.ToPem(null, new SeededRandom("unused")));
        var refused = 0;
        for (var at = 320; at < der.Length; at += 64)
        {
            var damaged = (byte[])der.Clone();
            damaged[at] ^= 4;
            var error = Assert.Throws<DamagedInputException>(() => PrivateKey.ReadPem(PemEncoding.WriteString("PRIVATE KEY", damaged), null, "mkosi.key"));
            if (error.Message.Contains("its numbers do not belong together", StringComparison.Ordinal)) refused++;
        }

        Assert.True(refused > 5, $"{refused}");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(10_000_001)]
    [InlineData(int.MaxValue)]
    [InlineData(long.MaxValue)]
    [InlineData(-1)]
    public void A_file_does_not_say_for_how_long_roos_computes(long iterations)
    {
        foreach (var der in new[] { EncryptedWith(iterations, null, isPbes2: true), EncryptedWith(iterations, null, isPbes2: false) })
        {
            var error = Assert.Throws<DamagedInputException>(() => PrivateKey.ReadPem(PemEncoding.WriteString("ENCRYPTED PRIVATE KEY", der), "pass", "mkosi.key"));
            Assert.Contains("rounds of key derivation; roos takes 1 to 10000000", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Nor_how_much_it_derives()
    {
        var error = Assert.Throws<DamagedInputException>(() => PrivateKey.ReadPem(PemEncoding.WriteString("ENCRYPTED PRIVATE KEY", EncryptedWith(1, 1 << 30, isPbes2: true)), "pass", "mkosi.key"));
        Assert.Contains("derives a key of 1073741824 bytes", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Only_errors_of_the_input_leave_the_reader()
    {
        var key = PemBytes(TestKeys.Key.ToPem(null, new SeededRandom("unused")));
        Mutations.Try(key, 300, mutant => PrivateKey.ReadPem(PemEncoding.WriteString("PRIVATE KEY", mutant), null));
        Mutations.Try(key.AsSpan(26).ToArray(), 300, mutant => PrivateKey.ReadPem(PemEncoding.WriteString("RSA PRIVATE KEY", mutant), null));
        foreach (var isPbes2 in new[] { true, false })
        {
            Mutations.Try(EncryptedWith(1, 32, isPbes2), 3000, mutant => PrivateKey.ReadPem(PemEncoding.WriteString("ENCRYPTED PRIVATE KEY", mutant), "pass"));
        }
    }

    private static byte[] PemBytes(string text) => Convert.FromBase64String(text[PemEncoding.Find(text).Base64Data]);

    // EncryptedPrivateKeyInfo (RFC 5958, 3) around bytes that are no key.
    private static byte[] EncryptedWith(long iterations, int? keyLength, bool isPbes2)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            using (writer.PushSequence())
            {
                writer.WriteObjectIdentifier(isPbes2 ? Pbes2 : Pbe3Des);
                using (writer.PushSequence())
                {
                    if (!isPbes2)
                    {
                        writer.WriteOctetString(new byte[8]);
                        writer.WriteInteger(iterations);
                    }
                    else
                    {
                        using (writer.PushSequence())
                        {
                            writer.WriteObjectIdentifier(Pbkdf2);
                            using (writer.PushSequence())
                            {
                                writer.WriteOctetString(new byte[8]);
                                writer.WriteInteger(iterations);
                                if (keyLength is { } length) writer.WriteInteger(length);
                            }
                        }

                        using (writer.PushSequence())
                        {
                            writer.WriteObjectIdentifier(Aes256);
                            writer.WriteOctetString(new byte[16]);
                        }
                    }
                }
            }

            writer.WriteOctetString(new byte[64]);
        }

        return writer.Encode();
    }
}
