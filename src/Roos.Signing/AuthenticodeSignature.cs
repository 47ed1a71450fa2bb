using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Text;
using Roos.Core;

namespace Roos.Signing;

/// <summary>
/// The signature of a program (Microsoft, Windows Authenticode Portable Executable Signature Format): PKCS #7 SignedData whose content
/// has the program's digest. Firmware checks it.
/// </summary>
public sealed class AuthenticodeSignature
{
    private readonly SignedData _signed;

    private readonly byte[] _contentDigest;

    private AuthenticodeSignature(SignedData signed, byte[] contentDigest, HashAlgorithmName digestAlgorithm, byte[] peDigest)
    {
        _signed = signed;
        _contentDigest = contentDigest;
        DigestAlgorithm = digestAlgorithm;
        PeDigest = peDigest;
        SigningTime = signed.Attributes is { } attributes && SignedData.AttributeValue(attributes, Oids.SigningTime) is { } time ? Asn1.ReadTime(time) : null;
    }

    /// <summary>What the program's digest is made with.</summary>
    public HashAlgorithmName DigestAlgorithm { get; }

    /// <summary>The program's digest, without its certificate table and checksum.</summary>
    public byte[] PeDigest { get; }

    /// <summary>The certificates that come with the signature and have an RSA key.</summary>
    public IReadOnlyList<Certificate> Certificates => _signed.Certificates;

    /// <summary>When it was made, as the signer says; null where it does not.</summary>
    public DateTimeOffset? SigningTime { get; }

    /// <summary>The certificate of whoever signed; null where the signature does not have it.</summary>
    public Certificate? Signer => _signed.Signer;

    /// <summary>Prepares a signature: <see cref="ToBeSigned.Complete"/> gives PKCS #7, DER.</summary>
    /// <param name="peDigest">SHA-256 of the program, 32 bytes.</param>
    /// <param name="certificate">Of the key that will sign.</param>
    /// <param name="signingTime">What to give as the time of signing; null gives none, and the same bytes each time.</param>
    public static ToBeSigned Prepare(ReadOnlySpan<byte> peDigest, Certificate certificate, DateTimeOffset? signingTime)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(peDigest.Length, SHA256.HashSizeInBytes, nameof(peDigest));
        var content = IndirectData(peDigest.ToArray());
        var attributes = SignedAttributes(ContentDigest(content), signingTime);
        return new ToBeSigned(SHA256.HashData(attributes), signature => SignedData.Wrap(SignedData.Write(Oids.SpcIndirectData, content, certificate, attributes, signature)));
    }

    /// <summary>Reads a signature; whether it is good is another question.</summary>
    /// <param name="der">PKCS #7; zeros may follow it.</param>
    /// <exception cref="DamagedInputException">It is no signature of a program.</exception>
    public static AuthenticodeSignature Read(ReadOnlyMemory<byte> der)
    {
        var signed = SignedData.Read(der);
        if (signed.ContentType != Oids.SpcIndirectData || signed.Content is not { } content) throw new DamagedInputException($"the signature of a program must have SpcIndirectDataContent ({Oids.SpcIndirectData}) in it; found {signed.ContentType}");
        return Asn1.Parse("the signature (Authenticode)", () =>
        {
            var indirectData = Asn1.Reader(content).ReadSequence();
            indirectData.ReadSequence(); // data: what kind of file it is, the same for all programs
            var digestInfo = indirectData.ReadSequence();
            var oid = Asn1.ReadAlgorithm(digestInfo);
            var algorithm = Asn1.DigestName(oid) ?? throw new DamagedInputException($"the digest of a signed program must be of SHA-1 or SHA-2; found {oid}");
            return new AuthenticodeSignature(signed, ContentDigest(content), algorithm, digestInfo.ReadOctetString());
        });
    }

    /// <summary>Checks the signature.</summary>
    /// <param name="peDigest">SHA-256 of the program.</param>
    /// <param name="certificate">Of whom it must come: the signer, or one who vouches for the signer's certificate.</param>
    /// <returns>Null where it is good; otherwise why not, a sentence that goes on after "the signature is not good:".</returns>
    public string? Verify(ReadOnlySpan<byte> peDigest, Certificate certificate)
    {
        if (DigestAlgorithm != HashAlgorithmName.SHA256) return $"it has the program's {DigestAlgorithm.Name} digest; it must have that of SHA256";
        if (!peDigest.SequenceEqual(PeDigest)) return $"it is that of another program, or the program was changed: the program's digest is {Convert.ToHexStringLower(peDigest)}, and signed is {Convert.ToHexStringLower(PeDigest)}";
        if (_signed.Attributes is null) return "it has no signed attributes";
        return _signed.Verify(_contentDigest, certificate);
    }

    private static byte[] IndirectData(byte[] peDigest) => Asn1.Write(writer =>
    {
        using (writer.PushSequence()) // SpcIndirectDataContent
        {
            using (writer.PushSequence()) // data: SpcAttributeTypeAndOptionalValue
            {
                writer.WriteObjectIdentifier(Oids.SpcPeImageData);
                using (writer.PushSequence()) // SpcPeImageData
                {
                    writer.WriteBitString([]); // flags
                    using (writer.PushSequence(Asn1.Context(0))) // file: SpcLink
                    using (writer.PushSequence(Asn1.Context(2))) // file: SpcString
                    {
                        writer.WriteOctetString(Encoding.BigEndianUnicode.GetBytes("<<<Obsolete>>>"), Asn1.Context(0, isConstructed: false)); // unicode: BMPString
                    }
                }
            }

            using (writer.PushSequence()) // messageDigest: DigestInfo
            {
                Asn1.WriteAlgorithm(writer, Oids.Sha256);
                writer.WriteOctetString(peDigest);
            }
        }
    });

    // Of the content octets alone: without the header of the outer SEQUENCE.
    private static byte[] ContentDigest(ReadOnlyMemory<byte> content) => SHA256.HashData(Asn1.Reader(content).PeekContentBytes().Span);

    private static byte[] SignedAttributes(byte[] contentDigest, DateTimeOffset? signingTime) => Asn1.Write(writer =>
    {
        using (writer.PushSetOf()) // in the order of DER, whatever the order here
        {
            WriteAttribute(writer, Oids.ContentType, () => writer.WriteObjectIdentifier(Oids.SpcIndirectData));
            if (signingTime is { } time) WriteAttribute(writer, Oids.SigningTime, () => Asn1.WriteTime(writer, time));
            WriteAttribute(writer, Oids.MessageDigest, () => writer.WriteOctetString(contentDigest));
        }
    });

    private static void WriteAttribute(AsnWriter writer, string oid, Action writeValue)
    {
        using (writer.PushSequence())
        {
            writer.WriteObjectIdentifier(oid);
            using (writer.PushSetOf()) writeValue();
        }
    }
}
