using System.Buffers.Text;

namespace Roos.Core.Tar;

/// <summary>Numbers as tar headers and PAX records write them.</summary>
internal static class TarNumber
{
    /// <summary>
    /// A number field: octal digits ended by a blank or NUL, or (first bit set) base 256, two's complement, big-endian, as GNU
    /// tar and star write what octal cannot hold. An empty field is 0.
    /// </summary>
    public static bool TryParse(ReadOnlySpan<byte> field, out long value)
    {
        value = 0;
        return (field[0] & 0x80) != 0 ? TryParseBase256(field, out value) : TryParseOctal(field, ref value);
    }

    public static long Parse(ReadOnlySpan<byte> field, string name, TarPlace place) => TryParse(field, out var value)
        ? value
        : throw place.Damaged($"its {name} field is no number that fits 64 bits (0x{Convert.ToHexStringLower(field)})");

    /// <summary>A decimal number of a PAX record: digits only.</summary>
    public static long ParseDecimal(ReadOnlySpan<byte> text, string name, TarPlace place) =>
        !text.IsEmpty && !text.ContainsAnyExceptInRange((byte)'0', (byte)'9') && Utf8Parser.TryParse(text, out long value, out var used) && used == text.Length
            ? value
            : throw place.Damaged($"\"{name}\" must be a decimal number, not \"{new Bytes.ByteString(text)}\"");

    private static bool TryParseBase256(ReadOnlySpan<byte> field, out long value)
    {
        value = field[0] & 0x3f;
        if ((field[0] & 0x40) != 0) value -= 0x40;
        foreach (var b in field[1..])
        {
            if (value is > (long.MaxValue >> 8) or < (long.MinValue >> 8)) return false;
            value = (value << 8) | b;
        }

        return true;
    }

    private static bool TryParseOctal(ReadOnlySpan<byte> field, ref long value)
    {
        var digits = field.TrimStart(" \0"u8);
        for (var i = 0; i < digits.Length && digits[i] is not ((byte)' ' or 0); i++)
        {
            if (digits[i] is < (byte)'0' or > (byte)'7') return false;
            value = (value << 3) | (uint)(digits[i] - '0');
        }

        return true;
    }
}
