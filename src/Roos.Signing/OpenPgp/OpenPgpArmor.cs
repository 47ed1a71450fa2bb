using System.Text;
using Roos.Core;

namespace Roos.Signing.OpenPgp;

/// <summary>OpenPGP as text. Source: RFC 9580, 6.2 "Forming ASCII Armor".</summary>
internal static class OpenPgpArmor
{
    /// <summary>The binary form of what may be either.</summary>
    /// <exception cref="DamagedInputException">It is text, and no armour.</exception>
    public static byte[] Remove(ReadOnlySpan<byte> bytes, string name)
    {
        if (bytes.IsEmpty || (bytes[0] & 0x80) != 0) return bytes.ToArray();
        var lines = Encoding.Latin1.GetString(bytes).Split('\n').Select(line => line.TrimEnd()).ToList();
        var begin = lines.FindIndex(line => line.StartsWith("-----BEGIN PGP ", StringComparison.Ordinal));
        var blank = begin < 0 ? -1 : lines.FindIndex(begin, line => line.Length == 0);
        var end = blank < 0 ? -1 : lines.FindIndex(blank, line => line.StartsWith("-----END PGP ", StringComparison.Ordinal));
        if (end < 0) throw new DamagedInputException($"{name}: this is neither binary OpenPGP nor text from -----BEGIN PGP to -----END PGP");
        var base64 = lines.GetRange(blank + 1, end - blank - 1).Where(line => !line.StartsWith('=')); // a line with "=" has the checksum
        try
        {
            return Convert.FromBase64String(string.Concat(base64));
        }
        catch (FormatException e)
        {
            throw new DamagedInputException($"{name}: the text between -----BEGIN PGP and -----END PGP is not base64", e);
        }
    }
}
