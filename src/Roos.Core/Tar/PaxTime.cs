using Roos.Core.Bytes;
using Roos.Core.Tree;

namespace Roos.Core.Tar;

/// <summary>Times of PAX records: signed decimal seconds with a fraction of any length ("-1.5" is 1.5 s before the epoch).</summary>
internal static class PaxTime
{
    public static Timestamp Parse(ReadOnlySpan<byte> text, TarPlace place)
    {
        var negative = text.StartsWith("-"u8);
        var number = negative ? text[1..] : text;
        var point = number.IndexOf((byte)'.');
        var whole = point < 0 ? number : number[..point];
        var fraction = point < 0 ? default : number[(point + 1)..];
        if (fraction.ContainsAnyExceptInRange((byte)'0', (byte)'9')) throw place.Damaged($"mtime must be a decimal number, not \"{new ByteString(text)}\"");
        var seconds = TarNumber.ParseDecimal(whole, "mtime", place);
        uint nanoseconds = 0;
        for (var i = 0; i < 9; i++) nanoseconds = (nanoseconds * 10) + (i < fraction.Length ? (uint)(fraction[i] - '0') : 0);
        if (!negative) return new Timestamp(seconds, nanoseconds);

        // Times count forward from the second below; digits past the ninth push a negative time further down.
        var below = fraction.Length > 9 && fraction[9..].ContainsAnyExcept((byte)'0') ? nanoseconds + 1 : nanoseconds;
        return below == 0 ? new Timestamp(-seconds, 0) : new Timestamp(-seconds - 1, 1_000_000_000 - below);
    }
}
