using System.Security.Cryptography;

namespace Roos.Signing.Tests;

public sealed class AuthenticodeSignatureTests
{
    private static readonly byte[] Digest = SHA256.HashData("program"u8);

    [Fact]
    public void A_signature_is_read_as_it_was_made()
    {
        var signature = AuthenticodeSignature.Read(Sign(TestKeys.Key, TestKeys.Certificate, TestKeys.Start));
        Assert.Equal(Digest, signature.PeDigest);
        Assert.Equal(HashAlgorithmName.SHA256, signature.DigestAlgorithm);
        Assert.Equal(TestKeys.Start, signature.SigningTime);
        Assert.Equal(TestKeys.Certificate.Der, Assert.Single(signature.Certificates).Der);
        Assert.Null(AuthenticodeSignature.Read(Sign(TestKeys.Key, TestKeys.Certificate, null)).SigningTime);
    }

    [Fact]
    public void A_signature_is_good_for_its_program_and_its_certificate_alone()
    {
        var signature = AuthenticodeSignature.Read(Sign(TestKeys.Key, TestKeys.Certificate, null));
        Assert.Null(signature.Verify(Digest, TestKeys.Certificate));
        Assert.Contains("of another program", signature.Verify(SHA256.HashData("other"u8), TestKeys.Certificate), StringComparison.Ordinal);
        Assert.Contains("it comes from CN=Test", signature.Verify(Digest, TestKeys.OtherCertificate), StringComparison.Ordinal);
        var forged = AuthenticodeSignature.Read(Sign(TestKeys.Other, TestKeys.Certificate, null));
        Assert.Contains("not made by the key", forged.Verify(Digest, TestKeys.Certificate), StringComparison.Ordinal);
    }

    private static byte[] Sign(PrivateKey key, Certificate certificate, DateTimeOffset? time)
    {
        var waiting = AuthenticodeSignature.Prepare(Digest, certificate, time);
        return waiting.Complete(key.Sign(waiting.Digest.AsSpan()));
    }
}
