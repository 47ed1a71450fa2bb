namespace Roos.Builder.Configuration;

/// <summary>Finds what somebody meant who misspelt a name.</summary>
public static class NearestName
{
    private const int LongestWord = 64;

    /// <summary>"; did you mean NAME?" or nothing, to be put at the end of a sentence.</summary>
    public static string Suggest(string word, IEnumerable<string> known) =>
        Find(word, known) is { } name ? $"; did you mean {name}?" : "";

    /// <summary>The known name at the least edit distance, if it is near enough to be a misspelling; the earlier one of equals.</summary>
    public static string? Find(string word, IEnumerable<string> known)
    {
        if (word.Length is 0 or > LongestWord) return null;
        string? best = null;
        var least = Math.Max(1, word.Length / 3) + 1;
        foreach (var name in known)
        {
            if (Math.Abs(name.Length - word.Length) >= least) continue;
            var distance = Distance(word.ToUpperInvariant(), name.ToUpperInvariant());
            if (distance >= least) continue;
            (best, least) = (name, distance);
        }

        return best;
    }

    /// <summary>Edits (insert, delete, replace, swap of neighbours) that make one word of the other.</summary>
    private static int Distance(string from, string to)
    {
        int[] beforeLast, last = new int[to.Length + 1], current = [.. Enumerable.Range(0, to.Length + 1)];
        for (var i = 1; i <= from.Length; i++)
        {
            (beforeLast, last, current) = (last, current, new int[to.Length + 1]);
            current[0] = i;
            for (var j = 1; j <= to.Length; j++)
            {
                var replace = last[j - 1] + (from[i - 1] == to[j - 1] ? 0 : 1);
                current[j] = Math.Min(replace, Math.Min(last[j], current[j - 1]) + 1);
                if (i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1])
                    current[j] = Math.Min(current[j], beforeLast[j - 2] + 1);
            }
        }

        return current[to.Length];
    }
}
