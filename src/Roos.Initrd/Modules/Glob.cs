namespace Roos.Initrd.Modules;

/// <summary>Shell globs: <c>*</c> and <c>?</c> match any characters, slashes too; <c>[abc]</c>, <c>[a-z]</c>, <c>[!a-z]</c> one of a set.</summary>
internal static class Glob
{
    /// <summary>True where the whole of <paramref name="text"/> matches. Takes time proportional to the product of both lengths at most.</summary>
    public static bool Match(string glob, string text)
    {
        int g = 0, t = 0, starGlob = -1, starText = 0;
        while (t < text.Length)
        {
            if (g < glob.Length && glob[g] == '*')
            {
                starGlob = ++g;
                starText = t;
            }
            else if (g < glob.Length && MatchOne(glob, g, text[t], out var next))
            {
                g = next;
                t++;
            }
            else if (starGlob >= 0)
            {
                g = starGlob;
                t = ++starText;
            }
            else
            {
                return false;
            }
        }

        while (g < glob.Length && glob[g] == '*') g++;
        return g == glob.Length;
    }

    /// <summary>True where the text is not to be taken literally.</summary>
    public static bool HasMagic(string glob) => glob.AsSpan().IndexOfAny('*', '?', '[') >= 0;

    private static bool MatchOne(string glob, int at, char c, out int next)
    {
        next = at + 1;
        if (glob[at] == '?') return true;
        if (glob[at] != '[') return glob[at] == c;

        var i = at + 1;
        var negated = i < glob.Length && glob[i] == '!';
        if (negated) i++;

        // A bracket right after the opening one is of the set; an opening one that is never closed is a character.
        var close = i < glob.Length ? glob.IndexOf(']', i + 1) : -1;
        if (close < 0) return c == '[';
        var found = false;
        while (i < close)
        {
            if (i + 2 < close && glob[i + 1] == '-')
            {
                found |= glob[i] <= c && c <= glob[i + 2];
                i += 3;
            }
            else
            {
                found |= glob[i++] == c;
            }
        }

        next = close + 1;
        return found != negated;
    }
}
