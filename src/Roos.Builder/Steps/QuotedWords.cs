using System.Text;
using Roos.Core;

namespace Roos.Builder.Steps;

/// <summary>Words as systemd's <c>extract_first_word()</c> splits them with EXTRACT_UNQUOTE: by white space, outside of single and double quotes.</summary>
internal static class QuotedWords
{
    /// <exception cref="RoosException">A quote is not closed.</exception>
    public static List<string> Split(string text, string place)
    {
        var words = new List<string>();
        var word = new StringBuilder();
        var begun = false;
        var quote = '\0';
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (quote != '\0')
            {
                if (c == quote) quote = '\0';
                else if (c == '\\' && i + 1 < text.Length) word.Append(text[++i]);
                else word.Append(c);
            }
            else if (c is '"' or '\'')
            {
                quote = c;
                begun = true;
            }
            else if (c == '\\' && i + 1 < text.Length)
            {
                word.Append(text[++i]);
                begun = true;
            }
            else if (!char.IsWhiteSpace(c))
            {
                word.Append(c);
                begun = true;
            }
            else if (begun)
            {
                words.Add(word.ToString());
                word.Clear();
                begun = false;
            }
        }

        if (quote != '\0') throw new RoosException($"{place}: a quote must be closed; found \"{text}\"");
        if (begun) words.Add(word.ToString());
        return words;
    }
}
