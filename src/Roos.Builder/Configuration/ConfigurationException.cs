using System.Text;

namespace Roos.Builder.Configuration;

/// <summary>
/// A mistake in a configuration file. The message is <c>FILE:LINE:COLUMN: what is wrong</c>, then the line in question
/// with a mark under the column.
/// </summary>
public sealed class ConfigurationException(SourceLocation location, string problem)
    : UsageException(Format(location, problem))
{
    private const int LongestQuote = 100;

    public SourceLocation Location { get; } = location;

    /// <summary>The message without the place and the quoted line.</summary>
    public string Problem { get; } = problem;

    private static string Format(SourceLocation location, string problem)
    {
        if (string.IsNullOrWhiteSpace(location.LineText)) return $"{location}: {problem}";
        var (quote, mark) = Quote(location.LineText, location.Column - 1);
        var gutter = $"{location.Line,5} | ";
        return $"{location}: {problem}\n{gutter}{quote}\n{new string(' ', gutter.Length - 2)}| {new string(' ', mark)}^";
    }

    /// <summary>Makes a line fit for a terminal: no control characters, and only the part around the column when it is long.</summary>
    private static (string Text, int Mark) Quote(string line, int column)
    {
        column = Math.Clamp(column, 0, line.Length);
        var start = line.Length <= LongestQuote ? 0 : Math.Clamp(column - (LongestQuote / 2), 0, line.Length - LongestQuote);
        var end = Math.Min(line.Length, start + LongestQuote);
        var text = new StringBuilder();
        if (start > 0) text.Append("...");
        var mark = text.Length + column - start;
        for (var i = start; i < end; i++)
            text.Append(line[i] == '\t' ? ' ' : char.IsControl(line[i]) || char.IsSurrogate(line[i]) ? '?' : line[i]);
        if (end < line.Length) text.Append("...");
        return (text.ToString().TrimEnd(), mark);
    }
}
