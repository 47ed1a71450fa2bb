using System.Text;

namespace Roos.Builder.Configuration;

/// <summary>Cuts the lines of a value into the items of a list, keeping the place of each.</summary>
internal static class ValueSplitter
{
    /// <summary>Items between the separators; empty ones are dropped.</summary>
    public static IEnumerable<Setting<string>> Split(IEnumerable<Setting<string>> lines, Func<char, bool> isSeparator)
    {
        foreach (var line in lines)
        {
            var start = -1;
            for (var i = 0; i <= line.Value.Length; i++)
            {
                if (i < line.Value.Length && !isSeparator(line.Value[i]))
                {
                    if (start < 0) start = i;
                }
                else if (start >= 0)
                {
                    yield return new Setting<string>(line.Value[start..i], Shift(line.Origin, start));
                    start = -1;
                }
            }
        }
    }

    /// <summary>Items as a shell would cut them: quotes keep white space, a backslash takes the next character as it is.</summary>
    public static IEnumerable<Setting<string>> SplitQuoted(IEnumerable<Setting<string>> lines)
    {
        foreach (var line in lines)
        {
            var text = line.Value;
            for (var i = 0; i < text.Length;)
            {
                if (char.IsWhiteSpace(text[i]))
                {
                    i++;
                    continue;
                }

                var start = i;
                var word = ReadWord(text, ref i, line.Origin);
                yield return new Setting<string>(word, Shift(line.Origin, start));
            }
        }
    }

    private static string ReadWord(string text, ref int position, SettingOrigin origin)
    {
        var word = new StringBuilder();
        var quote = '\0';
        var opened = 0;
        for (; position < text.Length; position++)
        {
            var c = text[position];
            if (quote == '\0' && char.IsWhiteSpace(c)) break;
            if (c == quote) quote = '\0';
            else if (quote == '\0' && c is '"' or '\'') (quote, opened) = (c, position);
            else if (c == '\\' && quote != '\'' && position + 1 < text.Length) word.Append(text[++position]);
            else word.Append(c);
        }

        return quote == '\0' ? word.ToString() : throw Shift(origin, opened).Error("the closing quote is missing");
    }

    private static SettingOrigin Shift(SettingOrigin origin, int characters) =>
        origin.Location is { } location && characters > 0 ? SettingOrigin.At(location.Shift(characters)) : origin;
}
