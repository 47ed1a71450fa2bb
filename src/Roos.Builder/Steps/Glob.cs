namespace Roos.Builder.Steps;

/// <summary>Patterns of fnmatch(3) without flags but FNM_NOESCAPE: <c>*</c>, <c>?</c>, <c>[a-z]</c>, <c>[!a-z]</c>; a slash is like any other.</summary>
internal static class Glob
{
    public static bool IsMatch(ReadOnlySpan<char> pattern, ReadOnlySpan<char> text)
    {
        int p = 0, t = 0, starPattern = -1, starText = 0;
        while (t < text.Length)
        {
            if (p < pattern.Length && pattern[p] == '*')
            {
                starPattern = ++p;
                starText = t;
            }
            else if (p < pattern.Length && MatchesOne(pattern, ref p, text[t]))
            {
                t++;
            }
            else if (starPattern >= 0)
            {
                p = starPattern;
                t = ++starText;
            }
            else
            {
                return false;
            }
        }

        while (p < pattern.Length && pattern[p] == '*') p++;
        return p == pattern.Length;
    }

    private static bool MatchesOne(ReadOnlySpan<char> pattern, ref int p, char c)
    {
        if (pattern[p] == '?')
        {
            p++;
            return true;
        }

        if (pattern[p] == '[' && Bracket(pattern[p..], c) is var (length, matches) && length > 0)
        {
            if (matches) p += length;
            return matches;
        }

        if (pattern[p] != c) return false;
        p++;
        return true;
    }

    /// <summary>The length of a bracket expression, 0 where it is not closed and so stands for itself.</summary>
    private static (int Length, bool Matches) Bracket(ReadOnlySpan<char> pattern, char c)
    {
        var i = 1;
        var negated = i < pattern.Length && pattern[i] is '!' or '^';
        if (negated) i++;
        var matches = false;
        for (var first = true; i < pattern.Length; first = false)
        {
            if (pattern[i] == ']' && !first) return (i + 1, matches != negated);
            if (i + 2 < pattern.Length && pattern[i + 1] == '-' && pattern[i + 2] != ']')
            {
                matches |= c >= pattern[i] && c <= pattern[i + 2];
                i += 3;
            }
            else
            {
                matches |= c == pattern[i++];
            }
        }

        return (0, false);
    }
}
