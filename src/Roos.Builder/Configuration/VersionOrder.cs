namespace Roos.Builder.Configuration;

/// <summary>Compares versions as the UAPI Group's Version Format Specification (UAPI.10) says.</summary>
public static class VersionOrder
{
    public static int Compare(string left, string right)
    {
        ReadOnlySpan<char> a = left, b = right;
        while (true)
        {
            a = a[Skipped(a)..];
            b = b[Skipped(b)..];
            if (Mark(ref a, ref b, '~') is { } tilde) return tilde;
            if (a.IsEmpty || b.IsEmpty) return a.IsEmpty ? b.IsEmpty ? 0 : -1 : 1;
            if ((Mark(ref a, ref b, '-') ?? Mark(ref a, ref b, '^') ?? Mark(ref a, ref b, '.')) is { } mark) return mark;
            var digits = char.IsAsciiDigit(First(a)) || char.IsAsciiDigit(First(b));
            var x = Take(ref a, digits);
            var y = Take(ref b, digits);
            var order = digits ? Numbers(x, y) : x.CompareTo(y, StringComparison.Ordinal);
            if (order != 0) return Math.Sign(order);
        }
    }

    /// <summary>Whether a version fits an operator and a version: <c>&gt;=2.1</c>; without operator they must be equal.</summary>
    public static bool Fits(string version, string condition)
    {
        foreach (var (sign, holds) in Operators)
            if (condition.StartsWith(sign, StringComparison.Ordinal)) return holds(Compare(version, condition[sign.Length..].Trim()));
        return Compare(version, condition) == 0;
    }

    private static readonly (string Sign, Func<int, bool> Holds)[] Operators =
    [
        ("==", order => order == 0), ("!=", order => order != 0), ("<=", order => order <= 0), (">=", order => order >= 0), (">", order => order > 0), ("<", order => order < 0),
    ];

    /// <summary>How many characters at the start mean nothing.</summary>
    private static int Skipped(ReadOnlySpan<char> text)
    {
        var count = 0;
        while (count < text.Length && !IsKnown(text[count])) count++;
        return count;
    }

    private static bool IsKnown(char c) => char.IsAsciiLetterOrDigit(c) || c is '~' or '-' or '^' or '.';

    private static char First(ReadOnlySpan<char> text) => text.IsEmpty ? '\0' : text[0];

    /// <summary>A side that has the mark alone is the older one.</summary>
    private static int? Mark(ref ReadOnlySpan<char> a, ref ReadOnlySpan<char> b, char mark)
    {
        var (left, right) = (First(a) == mark, First(b) == mark);
        if (left != right) return left ? -1 : 1;
        if (left)
        {
            a = a[1..];
            b = b[1..];
        }

        return null;
    }

    private static ReadOnlySpan<char> Take(ref ReadOnlySpan<char> text, bool digits)
    {
        var count = 0;
        while (count < text.Length && (digits ? char.IsAsciiDigit(text[count]) : char.IsAsciiLetter(text[count]))) count++;
        var taken = text[..count];
        text = text[count..];
        return taken;
    }

    private static int Numbers(ReadOnlySpan<char> x, ReadOnlySpan<char> y)
    {
        x = x.TrimStart('0');
        y = y.TrimStart('0');
        return x.Length != y.Length ? x.Length.CompareTo(y.Length) : x.CompareTo(y, StringComparison.Ordinal);
    }
}
