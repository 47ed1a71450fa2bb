using System.Security.Cryptography;

namespace Roos.Signing.Tests;

public sealed class DetachedCmsTests
{
    private static readonly byte[] Digest = SHA256.HashData("content"u8);

    [Fact]
    public void A_signature_is_good_for_its_content_and_its_certificate_alone()
    {
        var signature = Sign(TestKeys.Key, TestKeys.Certificate);
        Assert.Null(DetachedCms.Verify(signature, Digest, TestKeys.Certificate));
        Assert.Contains("over something else", DetachedCms.Verify(signature, SHA256.HashData("other"u8), TestKeys.Certificate), StringComparison.Ordinal);
        Assert.Contains("it comes from CN=Test", DetachedCms.Verify(signature, Digest, TestKeys.OtherCertificate), StringComparison.Ordinal);
        Assert.Contains("not made by the key", DetachedCms.Verify(Sign(TestKeys.Other, TestKeys.Certificate), Digest, TestKeys.Certificate), StringComparison.Ordinal);
    }

    private static byte[] Sign(PrivateKey key, Certificate certificate)
    {
        var waiting = DetachedCms.Prepare(Digest, certificate);
        return waiting.Complete(key.Sign(waiting.Digest.AsSpan()));
    }
}
