using System.Formats.Asn1;
using System.Security.Cryptography;
using Roos.Core;

namespace Roos.Signing;

/// <summary>DER (X.690) as signatures have it.</summary>
internal static class Asn1
{
    /// <summary>What [N] is written as.</summary>
    public static Asn1Tag Context(int number, bool isConstructed = true) => new(TagClass.ContextSpecific, number, isConstructed);

    /// <summary>Reads DER. Sets need not be in order: those of others' signatures are not always.</summary>
    public static AsnReader Reader(ReadOnlyMemory<byte> der) => new(der, AsnEncodingRules.DER, new AsnReaderOptions { SkipSetSortOrderVerification = true });

    /// <summary>Writes DER.</summary>
    public static byte[] Write(Action<AsnWriter> write)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        write(writer);
        return writer.Encode();
    }

    /// <summary>AlgorithmIdentifier whose parameters are NULL, as those of SHA-256 and RSA are written by everybody.</summary>
    public static void WriteAlgorithm(AsnWriter writer, string oid)
    {
        using (writer.PushSequence())
        {
            writer.WriteObjectIdentifier(oid);
            writer.WriteNull();
        }
    }

    /// <summary>The identifier of an AlgorithmIdentifier; its parameters are passed over.</summary>
    public static string ReadAlgorithm(AsnReader reader) => reader.ReadSequence().ReadObjectIdentifier();

    /// <summary>UTCTime up to 2049, GeneralizedTime from 2050 on (RFC 5280, 4.1.2.5).</summary>
    public static void WriteTime(AsnWriter writer, DateTimeOffset time)
    {
        if (time.UtcDateTime.Year is >= 1950 and < 2050) writer.WriteUtcTime(time.ToUniversalTime());
        else writer.WriteGeneralizedTime(time.ToUniversalTime(), omitFractionalSeconds: true);
    }

    public static DateTimeOffset ReadTime(AsnReader reader) => reader.PeekTag().HasSameClassAndValue(Asn1Tag.UtcTime) ? reader.ReadUtcTime() : reader.ReadGeneralizedTime();

    /// <summary>What a digest's identifier stands for; null for those that nobody uses.</summary>
    public static HashAlgorithmName? DigestName(string oid) => oid switch
    {
        Oids.Sha1 => HashAlgorithmName.SHA1,
        Oids.Sha256 => HashAlgorithmName.SHA256,
        Oids.Sha384 => HashAlgorithmName.SHA384,
        Oids.Sha512 => HashAlgorithmName.SHA512,
        _ => null,
    };

    /// <summary>Runs a reader; whatever it stumbles over is an error of the input.</summary>
    /// <exception cref="DamagedInputException">The bytes are not what they must be.</exception>
    public static T Parse<T>(string what, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is AsnContentException or CryptographicException or ArgumentException or OverflowException)
        {
            throw new DamagedInputException($"{what} is damaged: {e.Message}", e);
        }
    }
}
