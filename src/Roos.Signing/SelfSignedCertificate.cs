using System.Formats.Asn1;
using System.Security.Cryptography;

namespace Roos.Signing;

/// <summary>Writes the certificate of a key that signs code, signed by itself (RFC 5280, 4.1).</summary>
internal static class SelfSignedCertificate
{
    public static byte[] Write(PrivateKey key, string commonName, DateTimeOffset notBefore, DateTimeOffset notAfter, ReadOnlySpan<byte> serial)
    {
        var number = serial.TrimStart((byte)0).ToArray();
        var toBeSigned = Asn1.Write(writer => WriteToBeSigned(writer, key.PublicKey, commonName, notBefore, notAfter, number));
        var signature = key.Sign(SHA256.HashData(toBeSigned));
        return Asn1.Write(writer =>
        {
            using (writer.PushSequence()) // Certificate
            {
                writer.WriteEncodedValue(toBeSigned);
                Asn1.WriteAlgorithm(writer, Oids.Sha256WithRsa);
                writer.WriteBitString(signature);
            }
        });
    }

    private static void WriteToBeSigned(AsnWriter writer, RsaPublicKey key, string commonName, DateTimeOffset notBefore, DateTimeOffset notAfter, byte[] serial)
    {
        var subjectPublicKey = key.ToSubjectPublicKeyInfo();
        using (writer.PushSequence()) // TBSCertificate
        {
            using (writer.PushSequence(Asn1.Context(0))) writer.WriteInteger(2); // v3
            writer.WriteIntegerUnsigned(serial);
            Asn1.WriteAlgorithm(writer, Oids.Sha256WithRsa);
            WriteName(writer, commonName); // issuer
            using (writer.PushSequence()) // validity
            {
                Asn1.WriteTime(writer, notBefore);
                Asn1.WriteTime(writer, notAfter);
            }

            WriteName(writer, commonName); // subject
            writer.WriteEncodedValue(subjectPublicKey);
            using (writer.PushSequence(Asn1.Context(3)))
            using (writer.PushSequence())
            {
                WriteExtension(writer, Oids.BasicConstraints, isCritical: true, value => value.PushSequence().Dispose()); // cA FALSE is the default, and DER leaves it out
                WriteExtension(writer, Oids.KeyUsage, isCritical: true, value => value.WriteNamedBitList(KeyUsages.DigitalSignature));
                WriteExtension(writer, Oids.ExtendedKeyUsage, isCritical: false, value =>
                {
                    using (value.PushSequence()) value.WriteObjectIdentifier(Oids.CodeSigning);
                });
                WriteExtension(writer, Oids.SubjectKeyIdentifier, isCritical: false, value => value.WriteOctetString(KeyIdentifier(key)));
            }
        }
    }

    private static void WriteName(AsnWriter writer, string commonName)
    {
        using (writer.PushSequence())
        using (writer.PushSetOf())
        using (writer.PushSequence())
        {
            writer.WriteObjectIdentifier(Oids.CommonName);
            writer.WriteCharacterString(UniversalTagNumber.UTF8String, commonName);
        }
    }

    private static void WriteExtension(AsnWriter writer, string oid, bool isCritical, Action<AsnWriter> write)
    {
        using (writer.PushSequence())
        {
            writer.WriteObjectIdentifier(oid);
            if (isCritical) writer.WriteBoolean(true);
            writer.WriteOctetString(Asn1.Write(write));
        }
    }

    // RFC 5280, 4.2.1.2 (1): SHA-1 of the key's bits. It is a name and protects nothing.
    private static byte[] KeyIdentifier(RsaPublicKey key) => SHA1.HashData(key.ToPkcs1());

    /// <summary>KeyUsage (RFC 5280, 4.2.1.3): the first bit of the list.</summary>
    [Flags]
    private enum KeyUsages
    {
        None = 0,
        DigitalSignature = 1 << 0,
    }
}
