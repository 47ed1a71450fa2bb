using System.Text;
using System.Text.Json;
using Roos.Builder.Inspection;

namespace Roos.Builder.Verification;

/// <summary>Reports as text for people and as JSON for programs.</summary>
internal static class VerificationFormat
{
    /// <summary>Loud, because an image that was not checked must not be taken for one that was.</summary>
    public const string SignaturesNotChecked = "SIGNATURES WERE NOT CHECKED: anybody can have made this image. Give --certificate.";

    /// <summary>One check, one line.</summary>
    public static string Text(CheckLine line) => $"{Word(line.Outcome),-9}  {FindingFormat.Clean(line.Part)}: {FindingFormat.Clean(line.Detail)}\n";

    /// <summary>What comes after the last check of an image that has no broken one.</summary>
    public static string Verdict(string path, VerificationReport report) => report.SignaturesChecked
        ? $"{FindingFormat.Clean(path)}: the chain of trust holds\n"
        : $"{FindingFormat.Clean(path)}: nothing is broken, but {SignaturesNotChecked}\n";

    /// <summary>The sentence of the error.</summary>
    public static string Failure(string path, CheckLine broken) => FindingFormat.Clean($"{path}: the chain of trust is broken at {broken.Part} ({broken.Check}): {broken.Detail}");

    public static string Json(string path, VerificationReport report)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true, NewLine = "\n" }))
        {
            writer.WriteStartObject();
            writer.WriteString("file", path);
            writer.WriteBoolean("good", report.FirstBroken is null && report.SignaturesChecked);
            writer.WriteBoolean("signaturesChecked", report.SignaturesChecked);
            writer.WritePropertyName("firstBroken");
            if (report.FirstBroken is { } broken) Write(writer, broken);
            else writer.WriteNullValue();
            writer.WriteStartArray("checks");
            foreach (var line in report.Lines) Write(writer, line);
            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(stream.ToArray()) + "\n";
    }

    private static void Write(Utf8JsonWriter writer, CheckLine line)
    {
        writer.WriteStartObject();
        writer.WriteString("check", line.Check);
        writer.WriteString("part", line.Part);
        writer.WriteString("result", Word(line.Outcome).ToLowerInvariant());
        writer.WriteString("detail", line.Detail);
        writer.WriteEndObject();
    }

    private static string Word(CheckOutcome outcome) => outcome switch
    {
        CheckOutcome.Good => "good",
        CheckOutcome.Broken => "BROKEN",
        CheckOutcome.Unchecked => "unchecked",
        CheckOutcome.Absent => "none",
        _ => throw new ArgumentOutOfRangeException(nameof(outcome)),
    };
}
