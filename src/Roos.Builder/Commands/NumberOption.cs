using System.Globalization;

namespace Roos.Builder.Commands;

/// <summary>Numbers on the command line, as mkfs.erofs takes them: decimal, or hexadecimal after 0x.</summary>
internal static class NumberOption
{
    /// <summary>A whole number in a range; null where the option is not given.</summary>
    /// <exception cref="UsageException">It is none, or out of range.</exception>
    public static long? Integer(string option, string? text, long least, long most)
    {
        if (text is null) return null;
        if (Parse(text) is { } number && number >= least && number <= most) return number;
        var range = (least, most) is (long.MinValue, long.MaxValue) ? "a whole number" : string.Create(CultureInfo.InvariantCulture, $"a number from {least} to {most}");
        throw new UsageException($"{option} takes {range}; found \"{text}\"");
    }

    /// <summary>A number of bytes; K, M and G after it are powers of 1024. Null where the option is not given.</summary>
    /// <exception cref="UsageException">It is none.</exception>
    public static long? Bytes(string option, string? text)
    {
        if (text is null) return null;
        var shift = text.Length == 0 ? 0 : text[^1] switch { 'k' or 'K' => 10, 'm' or 'M' => 20, 'g' or 'G' => 30, _ => 0 };
        var number = Parse(shift == 0 ? text : text[..^1]);
        if (number is >= 0 and <= (long.MaxValue >> 30)) return number << shift;
        throw new UsageException($"{option} takes a number of bytes such as 65536 or 64K; found \"{text}\"");
    }

    private static long? Parse(string text)
    {
        var isHex = text.StartsWith("0x", StringComparison.OrdinalIgnoreCase);
        var style = isHex ? NumberStyles.AllowHexSpecifier : NumberStyles.AllowLeadingSign;
        return long.TryParse(isHex ? text.AsSpan(2) : text, style, CultureInfo.InvariantCulture, out var number) && (!isHex || number >= 0) ? number : null;
    }
}
