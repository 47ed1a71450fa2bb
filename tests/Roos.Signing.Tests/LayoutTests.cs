using System.Security.Cryptography;

namespace Roos.Signing.Tests;

/// <summary>Every element of what is written, in its place.</summary>
public sealed class LayoutTests
{
    private static readonly byte[] Digest = SHA256.HashData("content"u8);

    [Fact]
    public void A_detached_signature_has_no_content_and_no_attributes()
    {
        var waiting = DetachedCms.Prepare(Digest, TestKeys.Certificate);
        Assert.Equal(Digest, waiting.Digest);
        Assert.Equal("""
            Sequence
              ObjectIdentifier signedData
              [0]
                Sequence
                  Integer 01
                  Set
                    Sequence
                      ObjectIdentifier sha256
                      Null
                  Sequence
                    ObjectIdentifier data
                  [0]
                    CERTIFICATE
                  Set
                    Sequence
                      Integer 01
                      Sequence
                        Sequence
                          Set
                            Sequence
                              ObjectIdentifier commonName
                              UTF8String Test
                        Integer 01020304
                      Sequence
                        ObjectIdentifier sha256
                        Null
                      Sequence
                        ObjectIdentifier rsaEncryption
                        Null
                      OctetString (256 bytes)

            """, Text(waiting.Complete(new byte[256])));
    }

    [Fact]
    public void A_bare_signature_is_a_detached_one_without_what_is_around_it()
    {
        var whole = DetachedCms.Prepare(Digest, TestKeys.Certificate).Complete(new byte[256]);
        var bare = DetachedCms.PrepareBare(Digest, TestKeys.Certificate).Complete(new byte[256]);
        Assert.Equal(whole[(whole.Length - bare.Length)..], bare);
        Assert.Equal(19, whole.Length - bare.Length); // two headers of four bytes and an identifier of eleven
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_signature_of_a_program_has_its_digest_and_signed_attributes(bool hasTime)
    {
        var waiting = AuthenticodeSignature.Prepare(Digest, TestKeys.Certificate, hasTime ? TestKeys.Start : null);
        var text = Text(waiting.Complete(new byte[256]));
        var time = """
                        Sequence
                          ObjectIdentifier signingTime
                          Set
                            UtcTime 250809000000Z

            """;
        const string contentDigest = "b3ced7f4b97d8f442ab808047e74ff6c9478a873f10818d67aca762a62e22c6e";
        Assert.Equal($"""
            Sequence
              ObjectIdentifier signedData
              [0]
                Sequence
                  Integer 01
                  Set
                    Sequence
                      ObjectIdentifier sha256
                      Null
                  Sequence
                    ObjectIdentifier SPC_INDIRECT_DATA
                    [0]
                      Sequence
                        Sequence
                          ObjectIdentifier SPC_PE_IMAGE_DATA
                          Sequence
                            BitString 00
                            [0]
                              [2]
                                [0] {Convert.ToHexStringLower(System.Text.Encoding.BigEndianUnicode.GetBytes("<<<Obsolete>>>"))}
                        Sequence
                          Sequence
                            ObjectIdentifier sha256
                            Null
                          OctetString {Convert.ToHexStringLower(Digest)}
                  [0]
                    CERTIFICATE
                  Set
                    Sequence
                      Integer 01
                      Sequence
                        Sequence
                          Set
                            Sequence
                              ObjectIdentifier commonName
                              UTF8String Test
                        Integer 01020304
                      Sequence
                        ObjectIdentifier sha256
                        Null
                      [0]
                        Sequence
                          ObjectIdentifier contentType
                          Set
                            ObjectIdentifier SPC_INDIRECT_DATA
            {(hasTime ? time : "")}            Sequence
                          ObjectIdentifier messageDigest
                          Set
                            OctetString {contentDigest}
                      Sequence
                        ObjectIdentifier rsaEncryption
                        Null
                      OctetString (256 bytes)

            """, text);
    }

    [Fact]
    public void What_is_signed_of_a_program_are_the_attributes_as_a_set()
    {
        // The same attributes as in the signature, under SET's tag: RFC 5652, 5.4.
        var waiting = AuthenticodeSignature.Prepare(Digest, TestKeys.Certificate, null);
        var signature = waiting.Complete(new byte[256]);
        var at = signature.AsSpan().IndexOf(Convert.FromHexString("a04c3019"));
        byte[] attributes = [0x31, .. signature.AsSpan(at + 1, 0x4d)];
        Assert.Equal(SHA256.HashData(attributes), waiting.Digest);
    }

    [Fact]
    public void A_certificate_says_what_its_key_is_for()
    {
        var key = TestKeys.Key.PublicKey;
        var subject = """
                Sequence
                  Set
                    Sequence
                      ObjectIdentifier commonName
                      UTF8String Prüfstand

            """;
        var certificate = Certificate.SelfSigned(TestKeys.Key, "Prüfstand", TestKeys.Start, new DateTimeOffset(2050, 1, 1, 0, 0, 0, TimeSpan.Zero), [0x00, 0xff]);
        Assert.Equal($"""
            Sequence
              Sequence
                [0]
                  Integer 02
                Integer 00ff
                Sequence
                  ObjectIdentifier sha256WithRSAEncryption
                  Null
            {subject}    Sequence
                  UtcTime 250809000000Z
                  GeneralizedTime 20500101000000Z
            {subject}    PUBLIC KEY
                [3]
                  Sequence
                    Sequence
                      ObjectIdentifier basicConstraints
                      Boolean ff
                      OctetString 3000
                    Sequence
                      ObjectIdentifier keyUsage
                      Boolean ff
                      OctetString 03020780
                    Sequence
                      ObjectIdentifier extendedKeyUsage
                      OctetString 300a06082b06010505070303
                    Sequence
                      ObjectIdentifier subjectKeyIdentifier
                      OctetString 0414{Convert.ToHexStringLower(SHA1.HashData(key.ToPkcs1()))}
              Sequence
                ObjectIdentifier sha256WithRSAEncryption
                Null
              BitString (257 bytes)

            """, DerText.Of(certificate.Der.ToArray(), (key.ToSubjectPublicKeyInfo(), "PUBLIC KEY")));
        Assert.Equal("CN=Prüfstand", certificate.Subject);
        Assert.Equal(TestKeys.Start.UtcDateTime, certificate.NotBefore);
        Assert.Equal(new DateTime(2050, 1, 1, 0, 0, 0, DateTimeKind.Utc), certificate.NotAfter);
    }

    /// <summary>Image bytes depend on these: a change is a change of every signed image that was made with such a key.</summary>
    [Fact]
    public void Bytes_are_the_same_on_every_machine()
    {
        var program = AuthenticodeSignature.Prepare(Digest, TestKeys.Certificate, null);
        var detached = DetachedCms.Prepare(Digest, TestKeys.Certificate);
        var found = string.Join('\n', new[] { TestKeys.Certificate.Fingerprint, DigestOf(program), DigestOf(detached) }.Select(Convert.ToHexStringLower));
        const string expected = """
            afee438001dff09fd5b4d0b316bca9d9d4161b36d984feb1d993efea43793373
            b97835cd64a1476ce5a47cd554a9b0f61c90d4138643b4c0a7f27a4eb31f51ab
            6a133e5c8060f39ffbc48915f39a475f86ed13945c62d94534af849aba217a8d
            """;
        Assert.True(found == expected, "certificate, signature of a program, detached signature:\n" + found);

        static byte[] DigestOf(ToBeSigned waiting) => SHA256.HashData(waiting.Complete(TestKeys.Key.Sign(waiting.Digest.AsSpan())));
    }

    private static string Text(byte[] der) => DerText.Of(der, (TestKeys.Certificate.Der.ToArray(), "CERTIFICATE"));
}
