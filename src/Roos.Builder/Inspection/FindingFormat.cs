using System.Globalization;
using System.Text;
using System.Text.Json;
using Roos.Gpt;

namespace Roos.Builder.Inspection;

/// <summary>Findings as text for people and as JSON for programs.</summary>
public static class FindingFormat
{
    public static string Text(string path, Finding finding)
    {
        var text = new StringBuilder();
        text.Append(Clean(path)).Append(": ");
        Append(text, finding, "");
        return text.ToString();
    }

    public static string Json(string path, Finding finding)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true, NewLine = "\n" }))
        {
            writer.WriteStartObject();
            writer.WriteString("file", path);
            Write(writer, finding);
            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(stream.ToArray()) + "\n";
    }

    private static void Append(StringBuilder text, Finding finding, string indent)
    {
        text.Append(CultureInfo.InvariantCulture, $"{finding.Title}, {ByteCount.Text(finding.Length)} ({finding.Length} bytes)\n");
        indent += "  ";
        AppendFields(text, finding.Fields, indent);
        foreach (var problem in finding.Problems) text.Append(indent).Append("PROBLEM: ").Append(Clean(problem)).Append('\n');
        foreach (var part in finding.Parts)
        {
            text.Append(indent).Append(Clean(part.Name)).Append('\n');
            AppendFields(text, part.Fields, indent + "  ");
            if (part.Content is null) continue;
            text.Append(indent).Append("  ").Append("content  ");
            Append(text, part.Content, indent + "  ");
        }
    }

    private static void AppendFields(StringBuilder text, IReadOnlyList<(string Name, string Value)> fields, string indent)
    {
        var width = fields.Count == 0 ? 0 : fields.Max(field => field.Name.Length);
        foreach (var (name, value) in fields) text.Append(indent).Append(name.PadRight(width)).Append("  ").Append(Clean(value)).Append('\n');
    }

    /// <summary>What comes from an image may hold anything; a terminal must not obey it.</summary>
    internal static string Clean(string text) => string.Concat(text.Select(c => char.IsControl(c) || c is '\u2028' or '\u2029' ? '?' : c));

    private static void Write(Utf8JsonWriter writer, Finding finding)
    {
        writer.WriteString("format", finding.Format);
        writer.WriteNumber("length", finding.Length);
        WriteFields(writer, finding.Fields);
        if (finding.Problems.Count > 0)
        {
            writer.WriteStartArray("problems");
            foreach (var problem in finding.Problems) writer.WriteStringValue(problem);
            writer.WriteEndArray();
        }

        if (finding.Parts.Count == 0) return;
        writer.WriteStartArray("parts");
        foreach (var part in finding.Parts)
        {
            writer.WriteStartObject();
            writer.WriteString("name", part.Name);
            WriteFields(writer, part.Fields);
            if (part.Content is not null)
            {
                writer.WriteStartObject("content");
                Write(writer, part.Content);
                writer.WriteEndObject();
            }

            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void WriteFields(Utf8JsonWriter writer, IReadOnlyList<(string Name, string Value)> fields)
    {
        foreach (var (name, value) in fields) writer.WriteString(name.Replace(' ', '-'), value);
    }
}
