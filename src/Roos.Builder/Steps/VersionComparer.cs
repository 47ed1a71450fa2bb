namespace Roos.Builder.Steps;

/// <summary>
/// Orders versions as the UAPI version format specification does (UAPI.10), and with it systemd-boot and systemd-sysupdate: numbers by
/// value, <c>~</c> before everything, then the end, <c>-</c>, <c>^</c>, <c>.</c>, letters bytewise, numbers after letters.
/// </summary>
public sealed class VersionComparer : IComparer<string>
{
    public static VersionComparer Instance { get; } = new();

    public int Compare(string? x, string? y) => Compare(x.AsSpan(), y.AsSpan());

    private static int Compare(ReadOnlySpan<char> a, ReadOnlySpan<char> b)
    {
        while (true)
        {
            a = a.TrimStartUntilKnown();
            b = b.TrimStartUntilKnown();
            if (Separator('~', ref a, ref b) is var tilde and not 0) return tilde;
            if (a.IsEmpty || b.IsEmpty) return Math.Sign(a.Length.CompareTo(b.Length));
            if (Separator('-', ref a, ref b) is var dash and not 0) return dash;
            if (Separator('^', ref a, ref b) is var caret and not 0) return caret;
            if (Separator('.', ref a, ref b) is var dot and not 0) return dot;

            var numbers = StartsWithDigit(a) || StartsWithDigit(b);
            var first = Run(ref a, numbers);
            var second = Run(ref b, numbers);
            if (numbers)
            {
                // A number is newer than none, however small.
                if (first.IsEmpty != second.IsEmpty) return first.IsEmpty ? -1 : 1;
                first = first.TrimStart('0');
                second = second.TrimStart('0');
                if (first.Length != second.Length) return first.Length < second.Length ? -1 : 1;
            }

            var order = first.SequenceCompareTo(second);
            if (order != 0) return Math.Sign(order);
        }
    }

    /// <summary>The side that has the separator is the older one; where both have it, it is taken away.</summary>
    private static int Separator(char separator, ref ReadOnlySpan<char> a, ref ReadOnlySpan<char> b)
    {
        var (inA, inB) = (a is [var c, ..] && c == separator, b is [var d, ..] && d == separator);
        if (inA != inB) return inA ? -1 : 1;
        if (!inA) return 0;
        a = a[1..];
        b = b[1..];
        return 0;
    }

    private static bool StartsWithDigit(ReadOnlySpan<char> text) => text is [>= '0' and <= '9', ..];

    /// <summary>Takes the leading digits, or the leading letters.</summary>
    private static ReadOnlySpan<char> Run(ref ReadOnlySpan<char> text, bool digits)
    {
        var length = 0;
        while (length < text.Length && (digits ? char.IsAsciiDigit(text[length]) : char.IsAsciiLetter(text[length]))) length++;
        var run = text[..length];
        text = text[length..];
        return run;
    }
}

file static class VersionCharacters
{
    /// <summary>Without leading characters that have no meaning in a version.</summary>
    public static ReadOnlySpan<char> TrimStartUntilKnown(this ReadOnlySpan<char> text)
    {
        while (text is [var c, ..] && !char.IsAsciiLetterOrDigit(c) && c is not ('-' or '.' or '~' or '^')) text = text[1..];
        return text;
    }
}
