namespace Roos.Builder.Configuration;

/// <summary>A further profile of the unified kernel image: one file of mkosi.uki-profiles/.</summary>
/// <param name="Name">The file's name without .conf.</param>
/// <param name="Fields">The lines of the .profile section: ID, TITLE, ...</param>
/// <param name="CommandLine">What is added to the base profile's command line.</param>
/// <param name="SignExpectedPcr">Whether PCR 11 is signed for it.</param>
/// <param name="Location">Where its section begins.</param>
public sealed record UkiProfile(
    string Name, IReadOnlyList<(string Key, string Value)> Fields, IReadOnlyList<Setting<string>> CommandLine, bool SignExpectedPcr, SourceLocation Location)
{
    private const string SectionName = "UKIProfile";
    private static readonly string[] Settings = ["Profile", "Cmdline", "SignExpectedPcr"];

    /// <summary>The value of a field, or null.</summary>
    public string? Field(string key) => Fields.FirstOrDefault(field => field.Key == key).Value;

    /// <exception cref="ConfigurationException">The file is no profile.</exception>
    public static UkiProfile Parse(IniFile file)
    {
        foreach (var section in file.Sections.Where(section => section.Name != SectionName))
            throw section.Location.Error($"a UKI profile has one section, [{SectionName}]; this is [{section.Name}]");
        if (file.Sections.Count == 0) throw new UsageException($"{file.Path}: a UKI profile has a section [{SectionName}]; the file has none");
        var fields = new List<(string Key, string Value)>();
        var arguments = new List<Setting<string>>();
        var sign = true;
        foreach (var entry in file.Entries)
        {
            var lines = entry.Lines.Where(line => line.Text.Length > 0).Select(line => new Setting<string>(line.Text, SettingOrigin.At(line.Location))).ToArray();
            switch (entry.Key)
            {
                case "Profile":
                    if (lines.Length == 0) fields.Clear();
                    foreach (var line in lines) AddField(fields, line);
                    break;
                case "Cmdline":
                    if (lines.Length == 0) arguments.Clear();
                    arguments.AddRange(ValueSplitter.Split(lines, char.IsWhiteSpace));
                    break;
                case "SignExpectedPcr":
                    sign = SettingParser.TryBoolean(entry.Value) ?? throw entry.ValueLocation.Error($"SignExpectedPcr= is yes or no; found \"{entry.Value}\"");
                    break;
                default:
                    throw entry.KeyLocation.Error($"there is no setting {entry.Key}= in [{SectionName}]{NearestName.Suggest(entry.Key, Settings)}");
            }
        }

        if (!fields.Exists(field => field.Key == "ID"))
            throw file.Sections[0].Location.Error("a UKI profile needs an identifier: add ID=name to Profile=");
        return new UkiProfile(Path.GetFileNameWithoutExtension(file.Path), fields, arguments, sign, file.Sections[0].Location);
    }

    private static void AddField(List<(string Key, string Value)> fields, Setting<string> line)
    {
        var equals = line.Value.IndexOf('=', StringComparison.Ordinal);
        if (equals <= 0) throw line.Origin.Error($"Profile= has lines of KEY=VALUE, such as ID=factory-reset; found \"{line.Value}\"");
        var field = (Key: line.Value[..equals].TrimEnd(), Value: line.Value[(equals + 1)..].TrimStart());
        fields.RemoveAll(other => other.Key == field.Key);
        fields.Add(field);
    }
}
