using System.Security.Cryptography;

namespace Roos.Signing;

/// <summary>Finds what is wanted in a text of several PEM blocks (RFC 7468).</summary>
internal static class PemText
{
    /// <summary>Finding takes time that grows with the square of what is there to be found: no longer text is looked through.</summary>
    public const int MostCharacters = 65536;

    /// <summary>The first complete block with one of the labels; null where there is none.</summary>
    public static (string Label, byte[] Bytes)? Find(ReadOnlySpan<char> text, params ReadOnlySpan<string> labels)
    {
        if (text.Length > MostCharacters) return null;
        while (PemEncoding.TryFind(text, out var fields))
        {
            foreach (var label in labels)
            {
                if (text[fields.Label].SequenceEqual(label)) return (label, Decode(text[fields.Base64Data], fields.DecodedDataLength));
            }

            text = text[fields.Location.End..];
        }

        return null;
    }

    // It has been found to be Base64 already.
    private static byte[] Decode(ReadOnlySpan<char> base64, int length)
    {
        var bytes = new byte[length];
        return Convert.TryFromBase64Chars(base64, bytes, out var written) && written == length ? bytes : [];
    }
}
