using System.Globalization;
using Roos.Core.Identity;

namespace Roos.Builder.Configuration;

/// <summary>Makes canonical items of the text that was assigned to a setting, or says what is wrong with it.</summary>
internal static class SettingParser
{
    private static readonly string[] Yes = ["1", "true", "yes", "y", "t", "on", "always"];
    private static readonly string[] SplitYes = ["uki", "kernel", "initrd", "partitions"], SplitNo = ["uki", "kernel", "initrd"];
    private static readonly string[] No = ["0", "false", "no", "n", "f", "off", "never"];

    /// <param name="setting">Whose text it is.</param>
    /// <param name="lines">The lines of the value, not all empty.</param>
    /// <param name="expand">Replaces %-specifiers in one item.</param>
    /// <param name="folder">What relative paths are relative to; absolute.</param>
    public static IReadOnlyList<Setting<string>> Parse(SettingDefinition setting, IEnumerable<Setting<string>> lines, Func<Setting<string>, string> expand, string folder)
    {
        var items = setting.Kind switch
        {
            SettingKind.Words or SettingKind.Paths or SettingKind.Trees or SettingKind.Choices => ValueSplitter.Split(lines, c => c == ',' || char.IsWhiteSpace(c)),
            SettingKind.Arguments => ValueSplitter.Split(lines, char.IsWhiteSpace),
            SettingKind.Assignments => ValueSplitter.SplitQuoted(lines),
            _ => Single(setting, lines),
        };
        return [.. items.SelectMany(item => Items(setting, item with { Value = expand(item) }, folder))];
    }

    public static bool? TryBoolean(string text)
    {
        if (Yes.Contains(text, StringComparer.OrdinalIgnoreCase)) return true;
        return No.Contains(text, StringComparer.OrdinalIgnoreCase) ? false : null;
    }

    /// <summary>The canonical spelling of a choice, or null.</summary>
    public static string? TryChoice(SettingDefinition setting, string text)
    {
        if (setting.Synonyms.TryGetValue(text, out var synonym)) return synonym;
        if (setting.Choices.Contains(text)) return text;
        return setting.Boolean is { } words && TryBoolean(text) is { } boolean ? boolean ? words.Yes : words.No : null;
    }

    public static string? TryFeature(string text) =>
        text is "auto" or "enabled" or "disabled" ? text : TryBoolean(text) switch { true => "enabled", false => "disabled", null => null };

    private static Setting<string>[] Single(SettingDefinition setting, IEnumerable<Setting<string>> lines)
    {
        var filled = lines.Where(line => line.Value.Length > 0).ToArray();
        if (filled.Length > 1) throw filled[1].Origin.Error($"{setting.Name}= takes one line; this is a second one");
        return filled;
    }

    private static IEnumerable<Setting<string>> Items(SettingDefinition setting, Setting<string> item, string folder)
    {
        // SplitArtifacts= was a boolean once.
        if (setting is { Kind: SettingKind.Choices, Name: "SplitArtifacts" } && TryBoolean(item.Value) is { } boolean)
            return (boolean ? SplitYes : SplitNo).Select(word => item with { Value = word });
        return [item with { Value = Canonical(setting, item, folder) }];
    }

    private static string Canonical(SettingDefinition setting, Setting<string> item, string folder)
    {
        var (text, name) = (item.Value, setting.Name);
        UsageException Wrong(string rule) => item.Origin.Error($"{name}= {rule}; found \"{text}\"");
        switch (setting.Kind)
        {
            case SettingKind.Boolean:
                return (TryBoolean(text) ?? throw Wrong("is yes or no")) ? "yes" : "no";
            case SettingKind.Feature:
                return TryFeature(text) ?? throw Wrong("is yes, no or auto");
            case SettingKind.Choice or SettingKind.Choices:
                var known = setting.Boolean is null ? setting.Choices : setting.Choices.Concat(["yes", "no"]).Distinct();
                return TryChoice(setting, text) ?? throw Wrong($"is one of {string.Join(", ", known)}{NearestName.Suggest(text, setting.Choices).Replace("; did", " (did", StringComparison.Ordinal).Replace("?", "?)", StringComparison.Ordinal)}");
            case SettingKind.FileName:
                return text is "." or ".." || text.AsSpan().ContainsAny('/', '\\') ? throw Wrong("is a file name without folders") : text;
            case SettingKind.Uuid:
                if (text == "random") throw Wrong("is a UUID: builds are reproducible, so nothing in them is random");
                return Uuid.TryParse(text, out var uuid) ? uuid.ToString() : throw Wrong("is a UUID of 32 hex digits");
            case SettingKind.Integer:
                return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number.ToString(CultureInfo.InvariantCulture) : throw Wrong("is a whole number");
            case SettingKind.Mode:
                return text.Length is > 0 and <= 4 && text.All(c => c is >= '0' and <= '7') ? text : throw Wrong("is an access mode in octal digits");
            case SettingKind.Size:
                return (TrySize(text) ?? throw Wrong("is a number of bytes, with K, M or G")).ToString(CultureInfo.InvariantCulture);
            case SettingKind.Path or SettingKind.Paths or SettingKind.Trees:
                return Place(setting, item, folder);
            case SettingKind.Assignments:
                return text.IndexOf('=', StringComparison.Ordinal) is -1 or > 0 ? text : throw Wrong("is a list of KEY=VALUE");
            default:
                return text;
        }
    }

    private static long? TrySize(string text)
    {
        var factor = text.Length == 0 ? 0 : text[^1] switch { 'K' => 1L << 10, 'M' => 1L << 20, 'G' => 1L << 30, _ => 1L };
        var digits = factor > 1 ? text[..^1] : text;
        if (!long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number == 0 || number > (1L << 50) / factor) return null;
        return ((number * factor) + 4095) / 4096 * 4096;
    }

    private static string Place(SettingDefinition setting, Setting<string> item, string folder)
    {
        var source = item.Value;
        var target = "";
        if (setting.Kind == SettingKind.Trees && TargetColon(source) is >= 0 and var colon)
        {
            target = source[colon..];
            source = source[..colon];
            if (!target.StartsWith(":/", StringComparison.Ordinal)) throw item.Origin.Error($"{setting.Name}= is SOURCE:TARGET with a target that begins with a slash; found \"{item.Value}\"");
        }

        var path = Path.GetFullPath(source, folder);
        if (setting.MustExist && !Path.Exists(path)) throw item.Origin.Error($"{setting.Name}= names {source}, which does not exist ({path})");
        return path + target;
    }

    /// <summary>The colon before the target; that of a Windows drive is none.</summary>
    private static int TargetColon(string text) =>
        text.IndexOf(':', OperatingSystem.IsWindows() && text.Length > 2 && char.IsAsciiLetter(text[0]) && text[1] == ':' && text[2] is '\\' or '/' ? 2 : 0);
}
