using Roos.Core;

namespace Roos.Signing;

/// <summary>
/// A signature beside what is signed: PKCS #7 SignedData without the content and without signed attributes, as
/// <c>openssl smime -sign -binary -noattr</c> makes it. The kernel checks it over a root hash.
/// </summary>
public static class DetachedCms
{
    /// <summary>Prepares ContentInfo with SignedData.</summary>
    /// <param name="contentDigest">SHA-256 of what is signed, 32 bytes.</param>
    /// <param name="certificate">Of the key that will sign.</param>
    public static ToBeSigned Prepare(ReadOnlySpan<byte> contentDigest, Certificate certificate) =>
        new(contentDigest, signature => SignedData.Wrap(SignedData.Write(Oids.Data, content: null, certificate, attributes: null, signature)));

    /// <summary>Prepares SignedData alone, which is what authenticated variables of UEFI have.</summary>
    /// <param name="contentDigest">SHA-256 of what is signed, 32 bytes.</param>
    /// <param name="certificate">Of the key that will sign.</param>
    public static ToBeSigned PrepareBare(ReadOnlySpan<byte> contentDigest, Certificate certificate) =>
        new(contentDigest, signature => SignedData.Write(Oids.Data, content: null, certificate, attributes: null, signature));

    /// <summary>Checks a signature, with or without ContentInfo around it, with or without signed attributes.</summary>
    /// <param name="der">The signature; zeros may follow it.</param>
    /// <param name="contentDigest">SHA-256 of what must be signed.</param>
    /// <param name="certificate">Of whom it must come: the signer, or one who vouches for the signer's certificate.</param>
    /// <returns>Null where it is good; otherwise why not, a sentence that goes on after "the signature is not good:".</returns>
    public static string? Verify(ReadOnlyMemory<byte> der, ReadOnlySpan<byte> contentDigest, Certificate certificate)
    {
        try
        {
            var signed = SignedData.Read(der);
            if (signed.ContentType != Oids.Data || signed.Content is not null) return "it is not made to stand beside what it signs";
            return signed.Verify(contentDigest, certificate);
        }
        catch (DamagedInputException e)
        {
            return e.Message;
        }
    }

    /// <summary>The certificate of whoever signed; null where the signature does not have it, or is none.</summary>
    /// <param name="der">The signature; zeros may follow it.</param>
    public static Certificate? Signer(ReadOnlyMemory<byte> der)
    {
        try
        {
            return SignedData.Read(der).Signer;
        }
        catch (DamagedInputException)
        {
            return null;
        }
    }
}
