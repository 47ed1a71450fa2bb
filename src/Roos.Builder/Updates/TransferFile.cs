using System.Text.RegularExpressions;
using Roos.Builder.Configuration;
using Roos.Builder.Repart;
using Roos.Gpt;

namespace Roos.Builder.Updates;

/// <summary>
/// A template of roos.resources/sysupdate: a transfer file of sysupdate.d(5) in which <c>@NAME@</c> stands for a value of
/// mkosi.env, or for <c>@VERIFY@</c> (yes where SHA256SUMS is signed).
/// </summary>
internal sealed partial class TransferFile
{
    private TransferFile(string name, string text, IniFile file) => (Name, Text, Ini) = (name, text, file);

    /// <summary>The file name, which decides the order: what is last in it becomes visible last.</summary>
    public string Name { get; }

    /// <summary>The template filled in: what goes into /usr/lib/sysupdate.d.</summary>
    public string Text { get; }

    private IniFile Ini { get; }

    /// <summary>From Type= of [Target]: a partition, or a file.</summary>
    public bool TargetIsPartition => Required("Target", "Type").Value == "partition";

    public IniEntry SourcePatterns => Required("Source", "MatchPattern");

    public IniEntry TargetPatterns => Required("Target", "MatchPattern");

    /// <summary>Reads a template and fills it in.</summary>
    /// <param name="path">The name that errors show.</param>
    /// <param name="text">Its text.</param>
    /// <param name="values">What a name stands for; null for a name that nobody knows.</param>
    /// <exception cref="ConfigurationException">The file breaks the rules, or has a name that nobody knows.</exception>
    public static TransferFile Read(string path, string text, Func<string, string?> values)
    {
        var lines = text.ReplaceLineEndings("\n").Split('\n');
        for (var i = 0; i < lines.Length; i++)
        {
            var (number, line) = (i + 1, lines[i]);
            if (line.TrimStart() is ['#' or ';', ..]) continue;
            lines[i] = Placeholder().Replace(line, match => values(match.Groups[1].Value)
                ?? throw new SourceLocation(path, number, match.Index + 1, line).Error($"{match.Value} stands for a value of mkosi.env, and there is no {match.Groups[1].Value}= in it"));
        }

        var filled = string.Join('\n', lines);
        var file = new TransferFile(Path.GetFileName(path), filled, IniFile.Parse(path, filled, IniDialect.Systemd));
        file.Check();
        return file;
    }

    /// <summary>The patterns of a MatchPattern=, with their percent signs expanded and the place of each.</summary>
    public static IReadOnlyList<(SysupdatePattern Pattern, SourceLocation Location)> Patterns(IniEntry entry, RepartSpecifiers specifiers)
    {
        var result = new List<(SysupdatePattern, SourceLocation)>();
        foreach (var line in entry.Lines)
        {
            foreach (Match word in Word().Matches(line.Text))
            {
                var location = line.Location.Shift(word.Index);
                var pattern = SysupdatePattern.Parse(specifiers.Expand(word.Value, location), out var problem) ?? throw location.Error($"\"{word.Value}\" is no pattern of systemd-sysupdate: {problem}");
                result.Add((pattern, location));
            }
        }

        return result.Count > 0 ? result : throw entry.KeyLocation.Error("MatchPattern= needs a pattern, such as %M_@v.efi");
    }

    /// <summary>MatchPartitionType= for an architecture.</summary>
    public PartitionType PartitionType(string architecture)
    {
        var entry = Required("Target", "MatchPartitionType");
        return Roos.Gpt.PartitionType.Find(entry.Value, architecture) ?? throw entry.ValueLocation.Error($"\"{entry.Value}\" is no partition type{NearestName.Suggest(entry.Value, Roos.Gpt.PartitionType.Identifiers())}");
    }

    private void Check()
    {
        if (Required("Source", "Type") is { Value: not "url-file" } source) throw source.ValueLocation.Error($"machines get their updates from a web server: Type=url-file; found \"{source.Value}\"");
        if (Required("Target", "Type") is { Value: not ("partition" or "regular-file") } target) throw target.ValueLocation.Error($"an update goes into a partition or a regular-file; found \"{target.Value}\"");
        foreach (var line in SourcePatterns.Lines)
        {
            foreach (Match word in Word().Matches(line.Text))
            {
                if (word.Value.EndsWith(".zst", StringComparison.Ordinal))
                    throw line.Location.Shift(word.Index).Error("systemd-sysupdate 257 does not decompress .zst: it would install the compressed bytes and report success; use .xz, or no compression");
            }
        }

        _ = TargetPatterns;
    }

    private IniEntry Required(string section, string key) =>
        Ini.SectionsNamed(section).Select(one => one.Last(key)).LastOrDefault(entry => entry is { IsEmpty: false })
        ?? throw (Ini.SectionsNamed(section).LastOrDefault()?.Location ?? new SourceLocation(Ini.Path, 1, 1, "")).Error($"a transfer file needs {key}= in [{section}]");

    [GeneratedRegex("@([A-Z][A-Z0-9_]+)@", RegexOptions.CultureInvariant)]
    private static partial Regex Placeholder();

    [GeneratedRegex(@"\S+", RegexOptions.CultureInvariant)]
    private static partial Regex Word();
}
