using System.Globalization;
using System.Text;
using Roos.Builder.Configuration;
using Roos.Core.Bytes;
using Roos.Core.Tree;

namespace Roos.Builder.Repart;

/// <summary>The kinds of values that repart.d has.</summary>
internal static class RepartValues
{
    private const int Grain = 4096;

    /// <summary>A size with an optional suffix K, M, G, T, P or E (powers of 1024), in bytes.</summary>
    public static long Size(IniEntry entry)
    {
        var text = entry.Value;
        var suffix = text.Length == 0 ? -1 : "BKMGTPE".IndexOf(text[^1], StringComparison.Ordinal);
        var number = suffix < 0 ? text : text[..^1].TrimEnd();
        if (!decimal.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value)) throw Bad();
        for (var i = 0; i < suffix && value <= long.MaxValue; i++) value *= 1024;
        return value <= long.MaxValue - Grain ? (long)value : throw Bad();

        ConfigurationException Bad() => entry.ValueLocation.Error($"{entry.Key}= takes a size in bytes, or with K, M, G or T in powers of 1024 such as 512M; found \"{text}\"");
    }

    /// <summary>A lower bound is rounded down to the grain and an upper bound up, as systemd-repart does when it reads them.</summary>
    public static long Bound(IniEntry entry, bool upper, List<string> notes)
    {
        var size = Size(entry);
        var rounded = (upper ? size + Grain - 1 : size) / Grain * Grain;
        if (rounded != size) notes.Add($"{entry.ValueLocation}: {entry.Key}= is rounded from {size} to {rounded}, a multiple of {Grain}");
        return rounded;
    }

    public static bool Boolean(IniEntry entry) => ParseBoolean(entry.Value) ?? throw entry.ValueLocation.Error($"{entry.Key}= takes yes or no; found \"{entry.Value}\"");

    /// <summary>yes, no, or nothing (null).</summary>
    public static bool? Tristate(IniEntry entry) => entry.IsEmpty ? null : Boolean(entry);

    public static bool? ParseBoolean(string text) => text.ToLowerInvariant() switch
    {
        "1" or "yes" or "y" or "true" or "t" or "on" => true,
        "0" or "no" or "n" or "false" or "f" or "off" => false,
        _ => null,
    };

    public static int Integer(IniEntry entry, int least, int most) =>
        int.TryParse(entry.Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) && value >= least && value <= most
            ? value
            : throw entry.ValueLocation.Error($"{entry.Key}= takes a whole number from {least} to {most}; found \"{entry.Value}\"");

    /// <summary>64 bits, decimal or 0x….</summary>
    public static ulong Bits(IniEntry entry)
    {
        var hex = entry.Value.StartsWith("0x", StringComparison.OrdinalIgnoreCase);
        return ulong.TryParse(hex ? entry.Value.AsSpan(2) : entry.Value, hex ? NumberStyles.AllowHexSpecifier : NumberStyles.None, CultureInfo.InvariantCulture, out var value)
            ? value
            : throw entry.ValueLocation.Error($"{entry.Key}= takes a 64-bit number such as 0x1000000000000000; found \"{entry.Value}\"");
    }

    public static T OneOf<T>(IniEntry entry, params ReadOnlySpan<(string Name, T Value)> choices)
    {
        var names = new List<string>();
        foreach (var (name, value) in choices)
        {
            if (name == entry.Value) return value;
            names.Add(name);
        }

        throw entry.ValueLocation.Error($"{entry.Key}= takes {string.Join(", ", names)}; found \"{entry.Value}\"{NearestName.Suggest(entry.Value, names)}");
    }

    /// <summary>An absolute path without dots, doubled or (unless kept) trailing slashes, as the bytes of a tree path with a leading slash.</summary>
    public static ByteString AbsolutePath(string text, IniEntry entry, bool keepTrailingSlash = false)
    {
        if (!text.StartsWith('/')) throw entry.ValueLocation.Error($"{entry.Key}= takes absolute paths; \"{text}\" does not begin with a slash");
        if (text.Split('/').Contains("..") || text.Contains('\0', StringComparison.Ordinal)) throw entry.ValueLocation.Error($"{entry.Key}= takes paths without \"..\"; found \"{text}\"");
        var path = "/" + TreePath.Normalise(text);
        if (keepTrailingSlash && path.Length > 1 && text.EndsWith('/')) path += "/";
        return path;
    }

    /// <summary>Cuts at single colons; a backslash escapes as in C (<c>\x3a</c> is a colon that stays).</summary>
    public static IReadOnlyList<string> SplitAtColons(IniEntry entry)
    {
        var parts = new List<string>();
        var part = new StringBuilder();
        var text = entry.Value;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == ':')
            {
                parts.Add(part.ToString());
                part.Clear();
            }
            else if (text[i] == '\\') part.Append(Unescape(text, ref i, entry));
            else part.Append(text[i]);
        }

        parts.Add(part.ToString());
        return parts;
    }

    private static char Unescape(string text, ref int i, IniEntry entry)
    {
        if (i + 3 < text.Length && text[i + 1] == 'x' && byte.TryParse(text.AsSpan(i + 2, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code) && code is > 0 and < 0x80)
        {
            i += 3;
            return (char)code;
        }

        if (i + 1 < text.Length && text[i + 1] is '\\' or ':') return text[++i];
        throw entry.ValueLocation.Error($"{entry.Key}= knows the escapes \\\\, \\x20 and the like for ASCII; found \"{text[i..]}\"");
    }
}
