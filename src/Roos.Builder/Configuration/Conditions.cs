using System.IO.Enumeration;

namespace Roos.Builder.Configuration;

/// <summary>
/// [Match], [TriggerMatch], [Assert] and [TriggerAssert] as mkosi evaluates them: all conditions without a pipe must hold, and
/// one of those with a pipe; one of the trigger sections must hold; an exclamation mark negates.
/// </summary>
internal static class Conditions
{
    /// <exception cref="ConfigurationException">An assertion does not hold, or a condition makes no sense.</exception>
    public static bool Hold(IniFile file, ImageReader reader, string folder)
    {
        if (!SectionsHold(file, "Match", "TriggerMatch", reader, folder, out _)) return false;
        if (!SectionsHold(file, "Assert", "TriggerAssert", reader, folder, out var broken))
            throw broken.Error("this assertion does not hold");
        return true;
    }

    private static bool SectionsHold(IniFile file, string all, string any, ImageReader reader, string folder, out SourceLocation broken)
    {
        bool? anyHolds = null;
        broken = file.Sections.Count > 0 ? file.Sections[0].Location : new SourceLocation(file.Path, 1, 1, "");
        foreach (var section in file.Sections)
        {
            if (section.Name != all && section.Name != any) continue;
            var failed = FirstFailure(section, reader, folder);
            if (section.Name == any) anyHolds = anyHolds == true || failed is null;
            if (failed is null) continue;
            broken = failed;
            if (section.Name == all) return false;
        }

        return anyHolds != false;
    }

    /// <summary>Where a section fails, or null if it holds.</summary>
    private static SourceLocation? FirstFailure(IniSection section, ImageReader reader, string folder)
    {
        bool? triggered = null;
        foreach (var entry in section.Entries)
        {
            var (raw, shift) = (entry.Value.Trim(), 0);
            var isTrigger = raw.StartsWith('|');
            if (isTrigger) (raw, shift) = (raw[1..], shift + 1);
            var negated = raw.StartsWith('!');
            if (negated) (raw, shift) = (raw[1..], shift + 1);
            var origin = SettingOrigin.At(entry.ValueLocation.Shift(shift));
            var text = reader.Expand(new Setting<string>(raw, origin), folder, entry.KeyLocation.File);
            var holds = Holds(entry, text, origin, reader, folder) != negated;
            if (!isTrigger && !holds) return entry.KeyLocation;
            if (isTrigger) triggered = triggered == true || holds;
        }

        return triggered == false ? section.Location : null;
    }

    private static bool Holds(IniEntry entry, string text, SettingOrigin origin, ImageReader reader, string folder)
    {
        switch (entry.Key)
        {
            case "Image":
                return text == reader.Image;
            case "HostArchitecture":
                return SettingParser.TryChoice(SettingTable.Get("Architecture"), text) == Defaults.HostArchitecture;
            case "PathExists":
                return text.Length > 0 && Path.Exists(Path.GetFullPath(text, folder));
            case "SystemdVersion":
                throw entry.KeyLocation.Error("SystemdVersion= asks for the build host's systemd, which has no part in a build; remove the condition");
        }

        if (!SettingTable.TryGet(entry.Key, out var setting) || !setting.CanMatch)
        {
            var known = SettingTable.All.Where(other => other.CanMatch).Select(other => other.Name).Concat(SettingTable.Conditions);
            throw entry.KeyLocation.Error($"{entry.Key}= cannot stand in [{entry.Section}]{NearestName.Suggest(entry.Key, known)}");
        }

        return Matches(setting, text, reader.Current(setting), origin);
    }

    private static bool Matches(SettingDefinition setting, string text, SettingValue value, SettingOrigin origin)
    {
        if (setting.Kind == SettingKind.Words) return text.Length == 0 ? value.Items.Count == 0 : value.Items.Any(item => item.Value == text);
        if (setting.Kind == SettingKind.Assignments)
            return value.Items.Any(item => text.Contains('=', StringComparison.Ordinal) ? item.Value == text : item.Value.StartsWith(text + "=", StringComparison.Ordinal));
        if (value.Text is not { } current) return false;
        if (setting.Name == "Architecture" && text == "uefi") return current is "x86" or "x86-64" or "arm" or "arm64" or "riscv64" or "loongarch64";
        return setting.Kind switch
        {
            SettingKind.Choice => current == (SettingParser.TryChoice(setting, text) ?? throw origin.Error($"\"{text}\" is no {setting.Name}{NearestName.Suggest(text, setting.Choices)}")),
            SettingKind.Feature => current == (SettingParser.TryFeature(text) ?? throw origin.Error($"{setting.Name}= is yes, no or auto; found \"{text}\"")),
            _ when setting.Name == "ImageVersion" => VersionCondition.Fits(current, text),
            _ when setting.Name == "ImageId" => FileSystemName.MatchesSimpleExpression(text, current, ignoreCase: false),
            _ => current == text,
        };
    }
}
