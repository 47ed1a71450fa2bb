using System.Formats.Asn1;
using System.Globalization;
using System.Text;

namespace Roos.Signing.Tests;

/// <summary>Says every element of DER on a line of its own, indented by depth; long octets by their length.</summary>
internal static class DerText
{
    private static readonly Dictionary<string, string> Names = new(StringComparer.Ordinal)
    {
        ["1.2.840.113549.1.1.1"] = "rsaEncryption",
        ["1.2.840.113549.1.1.11"] = "sha256WithRSAEncryption",
        ["1.2.840.113549.1.7.1"] = "data",
        ["1.2.840.113549.1.7.2"] = "signedData",
        ["1.2.840.113549.1.9.3"] = "contentType",
        ["1.2.840.113549.1.9.4"] = "messageDigest",
        ["1.2.840.113549.1.9.5"] = "signingTime",
        ["1.3.6.1.4.1.311.2.1.4"] = "SPC_INDIRECT_DATA",
        ["1.3.6.1.4.1.311.2.1.15"] = "SPC_PE_IMAGE_DATA",
        ["1.3.6.1.5.5.7.3.3"] = "codeSigning",
        ["2.16.840.1.101.3.4.2.1"] = "sha256",
        ["2.5.4.3"] = "commonName",
        ["2.5.29.14"] = "subjectKeyIdentifier",
        ["2.5.29.15"] = "keyUsage",
        ["2.5.29.19"] = "basicConstraints",
        ["2.5.29.37"] = "extendedKeyUsage",
    };

    /// <param name="der">What to say.</param>
    /// <param name="known">Encoded values to say by a name instead of element by element.</param>
    public static string Of(ReadOnlyMemory<byte> der, params (byte[] Value, string Name)[] known)
    {
        var text = new StringBuilder();
        Append(text, new AsnReader(der, AsnEncodingRules.DER), 0, known);
        return text.ToString();
    }

    private static void Append(StringBuilder text, AsnReader reader, int depth, (byte[] Value, string Name)[] known)
    {
        while (reader.HasData)
        {
            text.Append(' ', 2 * depth);
            var tag = reader.PeekTag();
            var encoded = reader.PeekEncodedValue();
            var content = reader.PeekContentBytes();
            if (known.FirstOrDefault(entry => encoded.Span.SequenceEqual(entry.Value)).Name is { } name)
            {
                text.Append(name).Append('\n');
                reader.ReadEncodedValue();
                continue;
            }

            var kind = tag.TagClass == TagClass.Universal ? Kind((UniversalTagNumber)tag.TagValue) : $"[{tag.TagValue}]";
            text.Append(kind);
            if (tag.IsConstructed)
            {
                text.Append('\n');
                Append(text, new AsnReader(content, AsnEncodingRules.DER), depth + 1, known);
            }
            else
            {
                text.Append(Value(encoded, tag, content)).Append('\n');
            }

            reader.ReadEncodedValue();
        }
    }

    // Some have two names for one number.
    private static string Kind(UniversalTagNumber number) => number switch { UniversalTagNumber.Sequence => "Sequence", UniversalTagNumber.Set => "Set", _ => number.ToString() };

    private static string Value(ReadOnlyMemory<byte> encoded, Asn1Tag tag, ReadOnlyMemory<byte> content)
    {
        var value = new AsnReader(encoded, AsnEncodingRules.DER);
        if (tag.HasSameClassAndValue(Asn1Tag.ObjectIdentifier)) return " " + (value.ReadObjectIdentifier() is var oid && Names.TryGetValue(oid, out var name) ? name : oid);
        if (tag.HasSameClassAndValue(Asn1Tag.Null)) return "";
        if (tag.TagClass == TagClass.Universal && tag.TagValue is (int)UniversalTagNumber.UTF8String or (int)UniversalTagNumber.UtcTime or (int)UniversalTagNumber.GeneralizedTime) return " " + Encoding.UTF8.GetString(content.Span);
        return content.Length <= 40 ? " " + Convert.ToHexStringLower(content.Span) : string.Create(CultureInfo.InvariantCulture, $" ({content.Length} bytes)");
    }
}
