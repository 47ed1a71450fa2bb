namespace Roos.Core.Tree;

/// <summary>Shell patterns for one name, on bytes: <c>*</c>, <c>?</c>, <c>[a-z]</c>, <c>[!a-z]</c>; nothing is escaped.</summary>
public static class GlobPattern
{
    /// <summary>True where the whole of <paramref name="name"/> fits. <c>?</c> and brackets take one byte, or one whole UTF-8 sequence where they meet its first byte.</summary>
    public static bool IsMatch(ReadOnlySpan<byte> pattern, ReadOnlySpan<byte> name)
    {
        int p = 0, n = 0, afterStar = -1, starAt = 0;
        while (n < name.Length)
        {
            if (p < pattern.Length && pattern[p] == '*')
            {
                afterStar = ++p;
                starAt = n;
            }
            else if (p < pattern.Length && TakeOne(pattern[p..], name[n..], out var patternLength, out var nameLength))
            {
                p += patternLength;
                n += nameLength;
            }
            else if (afterStar >= 0)
            {
                p = afterStar;
                n = ++starAt;
            }
            else
            {
                return false;
            }
        }

        return !pattern[p..].ContainsAnyExcept((byte)'*');
    }

    private static bool TakeOne(ReadOnlySpan<byte> pattern, ReadOnlySpan<byte> name, out int patternLength, out int nameLength)
    {
        (patternLength, nameLength) = (1, 1);
        if (pattern[0] == '?')
        {
            nameLength = CharacterLength(name);
            return true;
        }

        var end = pattern[0] == '[' ? EndOfBracket(pattern) : 0;
        if (end == 0) return pattern[0] == name[0];
        nameLength = CharacterLength(name);
        patternLength = end + 1;
        var set = pattern[1..end];
        var negated = set[0] is (byte)'!' or (byte)'^';
        return IsInSet(negated ? set[1..] : set, name[..nameLength]) != negated;
    }

    /// <summary>The place of the closing bracket, or 0 where there is none and "[" means itself. "]" in first place is a member.</summary>
    private static int EndOfBracket(ReadOnlySpan<byte> pattern)
    {
        var first = pattern.Length > 1 && pattern[1] is (byte)'!' or (byte)'^' ? 3 : 2;
        if (first >= pattern.Length) return 0;
        var end = pattern[first..].IndexOf((byte)']');
        return end < 0 ? 0 : first + end;
    }

    private static bool IsInSet(ReadOnlySpan<byte> set, ReadOnlySpan<byte> character)
    {
        while (!set.IsEmpty)
        {
            var low = set[..CharacterLength(set)];
            set = set[low.Length..];
            if (set.Length < 2 || set[0] != '-')
            {
                if (low.SequenceEqual(character)) return true;
                continue;
            }

            var high = set.Slice(1, CharacterLength(set[1..]));
            set = set[(1 + high.Length)..];
            if (Compare(low, character) <= 0 && Compare(character, high) <= 0) return true; // UTF-8 sorts as code points do
        }

        return false;

        static int Compare(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right) => left.SequenceCompareTo(right);
    }

    private static int CharacterLength(ReadOnlySpan<byte> text) =>
        System.Text.Rune.DecodeFromUtf8(text, out _, out var length) == System.Buffers.OperationStatus.Done ? length : 1;
}
