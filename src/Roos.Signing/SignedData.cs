using System.Formats.Asn1;
using System.Security.Cryptography;
using Roos.Core;

namespace Roos.Signing;

/// <summary>
/// SignedData with one signer (PKCS #7, RFC 2315, 9; also RFC 5652, 5), as OpenSSL's PKCS7_sign, sbsign and systemd make it:
/// version 1, SHA-256 and RSA with NULL parameters, the signer's certificate in it.
/// </summary>
internal sealed class SignedData
{
    /// <summary>No signature is longer: those of Windows' own files have some 30 KiB.</summary>
    private const int MostBytes = 1 << 20;

    private const int MostCertificates = 64;

    private SignedData()
    {
    }

    /// <summary>What kind of thing is signed.</summary>
    public required string ContentType { get; init; }

    /// <summary>What is signed, as it is encoded; null where it is elsewhere.</summary>
    public required ReadOnlyMemory<byte>? Content { get; init; }

    /// <summary>Those of them that have an RSA key.</summary>
    public required IReadOnlyList<Certificate> Certificates { get; init; }

    /// <summary>Who signed: the issuer of the certificate, and its number there.</summary>
    public required ReadOnlyMemory<byte> SignerIssuer { get; init; }

    public required ReadOnlyMemory<byte> SignerSerial { get; init; }

    public required string DigestAlgorithm { get; init; }

    /// <summary>The signed attributes as they are signed, SET OF; null where the content is signed directly.</summary>
    public required ReadOnlyMemory<byte>? Attributes { get; init; }

    public required string SignatureAlgorithm { get; init; }

    public required ReadOnlyMemory<byte> Signature { get; init; }

    /// <summary>The signer's certificate; null where it is not among them.</summary>
    public Certificate? Signer => Certificates.FirstOrDefault(IsSigner);

    /// <summary>Writes SignedData without ContentInfo around it.</summary>
    /// <param name="contentType">What kind of thing is signed.</param>
    /// <param name="content">What is signed, encoded; null where it is elsewhere.</param>
    /// <param name="certificate">The signer's.</param>
    /// <param name="attributes">Signed attributes, encoded as SET OF; null for none.</param>
    /// <param name="signature">Over the attributes, or the content where there are none.</param>
    public static byte[] Write(string contentType, byte[]? content, Certificate certificate, byte[]? attributes, byte[] signature) => Asn1.Write(writer =>
    {
        using (writer.PushSequence()) // SignedData
        {
            writer.WriteInteger(1); // version
            using (writer.PushSetOf()) Asn1.WriteAlgorithm(writer, Oids.Sha256); // digestAlgorithms
            using (writer.PushSequence()) // contentInfo
            {
                writer.WriteObjectIdentifier(contentType);
                if (content is not null)
                {
                    using (writer.PushSequence(Asn1.Context(0))) writer.WriteEncodedValue(content);
                }
            }

            using (writer.PushSetOf(Asn1.Context(0))) writer.WriteEncodedValue(certificate.Der.AsSpan()); // certificates
            using (writer.PushSetOf()) // signerInfos
            using (writer.PushSequence())
            {
                writer.WriteInteger(1); // version
                using (writer.PushSequence()) // issuerAndSerialNumber
                {
                    writer.WriteEncodedValue(certificate.Issuer.Span);
                    writer.WriteEncodedValue(certificate.Serial.Span);
                }

                Asn1.WriteAlgorithm(writer, Oids.Sha256); // digestAlgorithm
                if (attributes is not null) writer.WriteEncodedValue([0xa0, .. attributes.AsSpan(1)]); // [0] IMPLICIT: what is signed has SET's tag
                Asn1.WriteAlgorithm(writer, Oids.RsaEncryption); // digestEncryptionAlgorithm
                writer.WriteOctetString(signature); // encryptedDigest
            }
        }
    });

    /// <summary>Puts ContentInfo around SignedData (RFC 2315, 7).</summary>
    public static byte[] Wrap(byte[] signedData) => Asn1.Write(writer =>
    {
        using (writer.PushSequence())
        {
            writer.WriteObjectIdentifier(Oids.SignedData);
            using (writer.PushSequence(Asn1.Context(0))) writer.WriteEncodedValue(signedData);
        }
    });

    /// <summary>Reads SignedData, with or without ContentInfo around it.</summary>
    /// <param name="der">All of it; zeros may follow, as they do where a signature fills a place of fixed size.</param>
    /// <exception cref="DamagedInputException">It is none, or not as those that sign programs and root hashes make it.</exception>
    public static SignedData Read(ReadOnlyMemory<byte> der)
    {
        if (der.Length > MostBytes) throw new DamagedInputException($"a signature has at most {MostBytes} bytes; found {der.Length}");
        return Asn1.Parse("the signature (PKCS #7)", () =>
        {
            AsnDecoder.ReadSequence(der.Span, AsnEncodingRules.DER, out _, out _, out var length);
            if (der.Span[length..].ContainsAnyExcept((byte)0)) throw new DamagedInputException("the signature (PKCS #7) is damaged: something follows it");
            var body = Asn1.Reader(der[..length]).ReadSequence();
            if (body.PeekTag().HasSameClassAndValue(Asn1Tag.ObjectIdentifier))
            {
                if (body.ReadObjectIdentifier() is var type && type != Oids.SignedData) throw new DamagedInputException($"a signature must be SignedData ({Oids.SignedData}); found {type}");
                body = body.ReadSequence(Asn1.Context(0)).ReadSequence();
            }

            return ReadBody(body);
        });
    }

    /// <summary>Checks the signature against what must have been signed.</summary>
    /// <param name="contentDigest">SHA-256 of the content's octets.</param>
    /// <param name="certificate">Of whom it must come: the signer, or one who vouches for the signer's certificate.</param>
    /// <returns>Null where it is good; otherwise why not.</returns>
    public string? Verify(ReadOnlySpan<byte> contentDigest, Certificate certificate)
    {
        if (DigestAlgorithm != Oids.Sha256) return $"it is made with {Asn1.DigestName(DigestAlgorithm)?.Name ?? DigestAlgorithm}; it must be made with SHA256";
        if (SignatureAlgorithm is not (Oids.RsaEncryption or Oids.Sha256WithRsa)) return $"its algorithm is {SignatureAlgorithm}; it must be RSA with SHA-256";
        var signer = IsSigner(certificate) ? certificate : Signer;
        if (signer is null) return $"it comes from a certificate that is not in it, and not from that of {certificate.Subject}";
        if (!IsVouchedFor(signer, certificate)) return $"it comes from {signer.Subject} (certificate {Convert.ToHexStringLower(signer.Fingerprint)}), and not from {certificate.Subject} ({Convert.ToHexStringLower(certificate.Fingerprint)})";
        if (Attributes is not { } attributes) return signer.PublicKey.Verify(contentDigest, Signature.Span) ? null : $"it was not made by the key of {signer.Subject}, or over something else";
        if (AttributeValue(attributes, Oids.ContentType) is not { } type || type.ReadObjectIdentifier() != ContentType) return "its attributes speak of another kind of content than it has";
        if (AttributeValue(attributes, Oids.MessageDigest) is not { } digest || !digest.ReadOctetString().AsSpan().SequenceEqual(contentDigest)) return "its attributes have the digest of something else";
        return signer.PublicKey.Verify(SHA256.HashData(attributes.Span), Signature.Span) ? null : $"it was not made by the key of {signer.Subject}, or its attributes were changed";
    }

    /// <summary>The value of a signed attribute; null where there is none of that kind.</summary>
    public static AsnReader? AttributeValue(ReadOnlyMemory<byte> attributes, string oid)
    {
        var set = Asn1.Reader(attributes).ReadSetOf();
        while (set.HasData)
        {
            var attribute = set.ReadSequence();
            if (attribute.ReadObjectIdentifier() == oid) return attribute.ReadSetOf();
        }

        return null;
    }

    private static SignedData ReadBody(AsnReader body)
    {
        body.ReadInteger(); // version
        body.ReadSetOf(); // digestAlgorithms: the signer names its own
        var contentInfo = body.ReadSequence();
        var contentType = contentInfo.ReadObjectIdentifier();
        ReadOnlyMemory<byte>? content = contentInfo.HasData ? contentInfo.ReadSequence(Asn1.Context(0)).ReadEncodedValue() : default(ReadOnlyMemory<byte>?);
        var certificates = body.PeekTag().HasSameClassAndValue(Asn1.Context(0)) ? ReadCertificates(body.ReadSetOf(Asn1.Context(0))) : [];
        if (body.PeekTag().HasSameClassAndValue(Asn1.Context(1))) body.ReadEncodedValue(); // lists of revoked certificates
        var signers = body.ReadSetOf();
        var signer = signers.ReadSequence();
        if (signers.HasData) throw new DamagedInputException("a signature must have one signer; found several");
        signer.ReadInteger(); // version
        if (!signer.PeekTag().HasSameClassAndValue(Asn1Tag.Sequence)) throw new DamagedInputException("a signature must name its signer by issuer and serial number; found something else");
        var issuerAndSerial = signer.ReadSequence();
        var issuer = issuerAndSerial.ReadEncodedValue();
        var serial = issuerAndSerial.ReadEncodedValue();
        var digestAlgorithm = Asn1.ReadAlgorithm(signer);
        ReadOnlyMemory<byte>? attributes = signer.PeekTag().HasSameClassAndValue(Asn1.Context(0)) ? AsSet(signer.ReadEncodedValue()) : default(ReadOnlyMemory<byte>?);
        if (attributes is { } found) CheckAttributes(found);
        return new SignedData
        {
            ContentType = contentType,
            Content = content,
            Certificates = certificates,
            SignerIssuer = issuer,
            SignerSerial = serial,
            DigestAlgorithm = digestAlgorithm,
            Attributes = attributes,
            SignatureAlgorithm = Asn1.ReadAlgorithm(signer),
            Signature = signer.ReadOctetString(),
        };
    }

    private static List<Certificate> ReadCertificates(AsnReader set)
    {
        var certificates = new List<Certificate>();
        for (var count = 0; set.HasData; count++)
        {
            if (count == MostCertificates) throw new DamagedInputException($"a signature has at most {MostCertificates} certificates; found more");
            var der = set.ReadEncodedValue();
            try
            {
                certificates.Add(Certificate.Read(der.Span));
            }
            catch (DamagedInputException)
            {
                // Of another kind than RSA, or worse: whoever's signature it is, it cannot be checked with it.
            }
        }

        return certificates;
    }

    private static ReadOnlyMemory<byte> AsSet(ReadOnlyMemory<byte> attributes)
    {
        byte[] set = [.. attributes.Span];
        set[0] = 0x31;
        return set;
    }

    // So that whoever asks for an attribute later finds what the type says.
    private static void CheckAttributes(ReadOnlyMemory<byte> attributes)
    {
        AttributeValue(attributes, "0.0"); // walks through all of them
        AttributeValue(attributes, Oids.ContentType)?.ReadObjectIdentifier();
        AttributeValue(attributes, Oids.MessageDigest)?.ReadOctetString();
        if (AttributeValue(attributes, Oids.SigningTime) is { } time) Asn1.ReadTime(time);
    }

    private bool IsSigner(Certificate certificate) => certificate.Issuer.Span.SequenceEqual(SignerIssuer.Span) && certificate.Serial.Span.SequenceEqual(SignerSerial.Span);

    // From the signer's certificate up through those that are in the signature; no certificate is met twice.
    private bool IsVouchedFor(Certificate signer, Certificate by)
    {
        var left = Certificates.ToList();
        for (var at = signer; at is not null;)
        {
            if (at.Der.AsSpan().SequenceEqual(by.Der.AsSpan()) || at.IsIssuedBy(by)) return true;
            left.Remove(at);
            at = left.FirstOrDefault(at.IsIssuedBy);
        }

        return false;
    }
}
