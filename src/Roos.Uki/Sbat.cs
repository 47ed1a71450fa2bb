using System.Text;
using Roos.Core.Bytes;

namespace Roos.Uki;

/// <summary>
/// SBAT: the generation numbers by which shim revokes boot programs. Format: shim's SBAT.md, lines of comma-separated
/// values of which the first describes SBAT itself. A UKI carries the lines of its stub, of its kernel, and its own.
/// </summary>
internal static class Sbat
{
    public const string SectionName = ".sbat";

    private const int MaximumLength = 1 << 20;
    private const string Header = "sbat,1,SBAT Version,sbat,1,https://github.com/rhboot/shim/blob/main/SBAT.md";
    private const string Uki = "uki,1,UKI,uki,1,https://uapi-group.org/specifications/specs/unified_kernel_image/";
    private const string Addon = "uki-addon,1,UKI Addon,addon,1,https://www.freedesktop.org/software/systemd/man/latest/systemd-stub.html";

    /// <summary>The section of an addon, with the NUL at its end: that of its stub, which does nothing, has no part in it.</summary>
    public static byte[] OfAddon() => Encoding.UTF8.GetBytes($"{Header}\n{Addon}\n\0");

    /// <summary>The merged section, with the NUL at its end.</summary>
    public static byte[] Merge(params IEnumerable<PeImage?> images)
    {
        var lines = new List<string> { Header };
        foreach (var image in images)
        {
            foreach (var section in image?.Sections.Where(section => section.Name == SectionName) ?? []) lines.AddRange(Entries(image!, section.Content));
        }

        lines.Add(Uki);

        return Encoding.UTF8.GetBytes(string.Join('\n', lines) + "\n\0");
    }

    /// <summary>All lines but the first; none where the section is not SBAT.</summary>
    private static string[] Entries(PeImage image, ByteSource content)
    {
        if (content.Length > MaximumLength) throw image.Damaged($"its {SectionName} section has {content.Length} bytes");
        if (!new ByteString(content.ToArray()).TryGetText(out var text)) throw image.Damaged($"its {SectionName} section is not UTF-8");
        var lines = text.TrimEnd('\0').ReplaceLineEndings("\n").Split('\n');
        if (lines[^1].Length == 0) lines = lines[..^1];
        return lines.Length > 0 && lines[0].StartsWith("sbat,", StringComparison.Ordinal) ? lines[1..] : [];
    }
}
