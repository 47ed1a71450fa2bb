using System.Text;
using Roos.Core;

namespace Roos.Uki;

/// <summary>
/// os-release text as systemd-boot reads it from a UKI's <c>.osrel</c>: lines of <c>KEY=value</c>, the value optionally in
/// quotes; of several lines with one key the last counts. Source: os-release(5) and <c>line_get_key_value()</c> of sd-boot 257.
/// </summary>
public static class OsRelease
{
    /// <summary>The value of <paramref name="key"/> without its quotes, or null.</summary>
    public static string? Find(string text, string key) => Lines(text).Select(line => ValueOf(line, key)).LastOrDefault(value => value is not null);

    /// <summary>
    /// The os-release of a UKI profile other than the base: IMAGE_ID is the base's sort key, a dash and the profile's id; all
    /// other lines are those of the base.
    /// <para>
    /// Why: systemd-boot 257 sorts its menu by sort key (IMAGE_ID, or ID where there is none), then version, then by file
    /// name, and there profile 1 of a boot-counted UKI comes before profile 0, and is started. Where profile 1 is a factory
    /// reset it wipes the machine. A sort key that has the base's as a proper prefix always sorts after it, so the base of
    /// every installed version comes first. Where the base has only ID, an IMAGE_ID line is added, which takes ID's place as
    /// the sort key of that profile alone. Upstream's own fix is systemd's pull request 41681, after 257.
    /// </para>
    /// </summary>
    /// <exception cref="RoosException">The base has neither IMAGE_ID nor ID: systemd-boot sorts such an entry last, and no other could be put behind it.</exception>
    public static string ForProfile(string text, string profileId)
    {
        var sortKey = NotEmpty(Find(text, "IMAGE_ID")) ?? NotEmpty(Find(text, "ID"))
            ?? throw new RoosException("os-release has neither IMAGE_ID= nor ID=, so the profiles of a UKI cannot be kept behind its base in the boot menu: set ImageId= in the configuration");
        var line = $"IMAGE_ID=\"{sortKey}-{profileId}\"";
        var result = new StringBuilder();
        var replaced = false;
        foreach (var old in Lines(text))
        {
            var isImageId = ValueOf(old, "IMAGE_ID") is not null;
            replaced |= isImageId;
            result.Append(isImageId ? line : old).Append('\n');
        }

        if (!replaced) result.Append(line).Append('\n');
        return result.ToString();
    }

    /// <summary>Lines without their ends; a last line that has no end is a line too.</summary>
    private static string[] Lines(string text)
    {
        var lines = text.Split('\n');
        return lines[^1].Length == 0 ? lines[..^1] : lines;
    }

    private static string? ValueOf(string line, string key)
    {
        var trimmed = line.Trim(' ', '\t', '\r');
        if (!trimmed.StartsWith(key, StringComparison.Ordinal) || trimmed.Length == key.Length || trimmed[key.Length] != '=') return null;
        var value = trimmed[(key.Length + 1)..];
        return value.Length >= 2 && value[0] is '"' or '\'' && value[^1] == value[0] ? value[1..^1] : value;
    }

    private static string? NotEmpty(string? value) => string.IsNullOrEmpty(value) ? null : value;
}
