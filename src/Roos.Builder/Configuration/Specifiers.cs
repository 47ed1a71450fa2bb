using System.Text;

namespace Roos.Builder.Configuration;

/// <summary>Replaces %-specifiers in values.</summary>
internal static class Specifiers
{
    /// <param name="item">The text and where it stands.</param>
    /// <param name="lookup">The value of a letter; null if nobody set it; false if there is no such specifier.</param>
    /// <param name="notes">Is told of a specifier whose setting nobody set; it stands for nothing then, as in mkosi.</param>
    public static string Expand(Setting<string> item, Func<char, (bool Known, string? Value)> lookup, NoteBook notes)
    {
        var text = item.Value;
        if (!text.Contains('%', StringComparison.Ordinal)) return text;
        var result = new StringBuilder();
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != '%' || i == text.Length - 1)
            {
                result.Append(text[i]);
                continue;
            }

            var letter = text[++i];
            if (letter == '%')
            {
                result.Append('%');
                continue;
            }

            var (known, value) = lookup(letter);
            var origin = item.Origin.Location is { } location ? SettingOrigin.At(location.Shift(i - 1)) : item.Origin;
            if (!known) throw origin.Error($"%{letter} is no specifier; write %% for a percent sign");
            if (value is null) notes.Note(origin, $"%{letter} stands for {(SettingTable.TryGetSpecifier(letter, out var setting) ? setting.Name + "=" : "a value")}, which is not set before this line; it is left out");
            result.Append(value);
        }

        return result.ToString();
    }
}
