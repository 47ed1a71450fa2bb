namespace Roos.Builder.Configuration;

/// <summary>
/// Reads the configuration of one image in mkosi's order: conditions; mkosi.local.conf (whose values then count as if from the
/// command line); files picked up by name; mkosi.conf; mkosi.conf.d in the order of names; profiles.
/// (<c>ParseContext.parse_config_one()</c> of mkosi's config.py.)
/// </summary>
internal sealed class ImageReader(TreeFolder tree, string image, NoteBook notes, Func<string, string?> environment)
{
    private const int DeepestInclude = 32;
    private readonly HashSet<string> _included = new(StringComparer.Ordinal);
    private int _depth;

    /// <summary>Values that win over everything in files: the command line's, and what the main image prescribes.</summary>
    public Dictionary<string, SettingValue> Overrides { get; } = new(StringComparer.Ordinal);

    /// <summary>What the files say.</summary>
    public Dictionary<string, SettingValue> Values { get; } = new(StringComparer.Ordinal);

    public string Image => image;

    /// <summary>The environment of the command.</summary>
    public Func<string, string?> Environment => environment;

    /// <summary>The configuration files that were read, in order.</summary>
    public List<string> Files { get; } = [];

    /// <summary>
    /// Reads a folder or a file (an absolute path) with all that belongs to it; false if its conditions do not hold.
    /// Relative paths in it are relative to <paramref name="folder"/>.
    /// </summary>
    public bool Read(string path, string folder, bool withProfiles = false, bool withLocal = false)
    {
        if (++_depth > DeepestInclude) throw new UsageException($"{tree.Display(path)}: configuration files nest more than {DeepestInclude} deep");
        try
        {
            var isFolder = Directory.Exists(path);
            var file = isFolder ? Path.Combine(path, "mkosi.conf") : path;
            var ini = File.Exists(file) ? IniFile.Load(tree.Display(file), file: file) : null;
            if (ini is not null)
            {
                CheckSections(ini);
                if (!Conditions.Hold(ini, this, folder)) return false;
            }

            if (isFolder)
            {
                if (withLocal) ReadLocal(path);
                foreach (var setting in SettingTable.All.Where(setting => !IsProhibited(setting))) PickUp(setting, path);
            }

            if (ini is not null)
            {
                Files.Add(file);
                foreach (var entry in ini.Entries.Where(entry => !SettingTable.ConditionSections.Contains(entry.Section) && !IsForeign(entry.Section))) Assign(entry, folder);
            }

            if (isFolder) ReadDropIns(Path.Combine(path, "mkosi.conf.d"), path);
            if (withProfiles) ReadProfiles(path);
            return true;
        }
        finally
        {
            _depth--;
        }
    }

    /// <summary>The value as it stands now: command line over files over default; lists of both are joined.</summary>
    public SettingValue Current(SettingDefinition setting)
    {
        var fromFiles = Values.GetValueOrDefault(setting.Name);
        if (Overrides.TryGetValue(setting.Name, out var forced))
        {
            if (!setting.IsList || fromFiles is null || forced.Items.Count == 0) return forced.Items.Count == 0 && !setting.CanBeEmpty ? Defaults.Of(setting, this) : forced;
            return new SettingValue(Append(setting with { Sorted = false }, fromFiles.Items, forced.Items), forced.Origin);
        }

        if (fromFiles is not null && (fromFiles.Items.Count > 0 || setting.CanBeEmpty)) return fromFiles;
        return Defaults.Of(setting, this);
    }

    public string? Text(string name) => Current(SettingTable.Get(name)).Text;

    /// <summary>The values of all settings; what Roos cannot do goes into the notes.</summary>
    public Dictionary<string, SettingValue> Finish()
    {
        var result = new Dictionary<string, SettingValue>(StringComparer.Ordinal);
        foreach (var setting in SettingTable.All)
        {
            var value = Current(setting);
            result[setting.Name] = value;
            foreach (var item in value.Items)
                if (setting.Obstacle(item.Value) is { } obstacle) notes.Obstacle(item.Origin, obstacle);
        }

        return result;
    }

    /// <summary>Takes values of the command line, in its order.</summary>
    public void Override(SettingDefinition setting, IReadOnlyList<string> texts, string option, string folder)
    {
        var origin = SettingOrigin.CommandLine(option);
        foreach (var text in texts) Store(Overrides, setting, [new Setting<string>(text.Trim(), origin)], origin, folder, folder);
    }

    public string Expand(Setting<string> item, string folder, string file) => Specifiers.Expand(item, letter => letter switch
    {
        'C' => (true, Path.GetDirectoryName(file)),
        'P' => (true, folder),
        'D' => (true, tree.Root),
        'I' => (true, image),
        'F' => (true, Text("Distribution") is "fedora" or "opensuse" or "centos" or "rhel" or "rocky" or "alma" ? "xfs" : "ext4"),
        _ => SettingTable.TryGetSpecifier(letter, out var setting) ? (true, Current(setting).Text) : (false, null),
    }, notes);

    private static bool IsForeign(string section) => section.StartsWith("X-", StringComparison.Ordinal);

    private static void CheckSections(IniFile ini)
    {
        var known = SettingTable.Sections.Concat(SettingTable.ConditionSections).ToArray();
        foreach (var section in ini.Sections)
        {
            if (known.Contains(section.Name) || IsForeign(section.Name)) continue;
            throw section.Location.Error($"there is no section [{section.Name}] in a configuration file{NearestName.Suggest(section.Name, known)}");
        }
    }

    private bool IsProhibited(SettingDefinition setting) => image != ImageNames.Main && setting.Scope is not (SettingScope.Local or SettingScope.Inherit or SettingScope.InitrdInherit);

    private void ReadLocal(string path)
    {
        var found = false;
        if (Path.Combine(path, "mkosi.local") is var folder && Directory.Exists(folder)) found |= Read(folder, folder);
        if (Path.Combine(path, "mkosi.local.conf") is var file && File.Exists(file)) found |= Read(file, path);
        if (!found) return;
        foreach (var setting in SettingTable.All.Where(setting => Values.ContainsKey(setting.Name)))
        {
            Overrides[setting.Name] = Current(setting);
            Values.Remove(setting.Name);
        }
    }

    private void PickUp(SettingDefinition setting, string folder)
    {
        foreach (var suffix in setting.PickedUp)
        {
            foreach (var path in tree.Find(folder, $"mkosi.{suffix}"))
            {
                var origin = new SettingOrigin(tree.Display(path));
                var text = setting.PickedUpText ? ReadText(path, origin) : path;
                var item = new Setting<string>(text, origin);
                var items = setting.PickedUpText ? SettingParser.Parse(setting, [item], value => value.Value, folder) : [item];
                var old = Values.GetValueOrDefault(setting.Name);
                Values[setting.Name] = new SettingValue(setting.IsList && old is not null ? Append(setting, old.Items, items) : items, origin);
            }
        }
    }

    private static string ReadText(string path, SettingOrigin origin)
    {
        if (new FileInfo(path).Length > 4096) throw origin.Error("holds one short line of text; this file is larger than 4096 bytes");
        var text = File.ReadAllText(path).Trim();
        if (text.StartsWith("#!", StringComparison.Ordinal)) throw origin.Error("is a script; Roos runs nothing to find out its configuration: write the value into the file");
        return text.Contains('\n', StringComparison.Ordinal) || text.Contains('\0', StringComparison.Ordinal) ? throw origin.Error("holds one line of text; this file has more") : text;
    }

    private void Assign(IniEntry entry, string folder)
    {
        var name = entry.Key.TrimStart('@');
        if (!SettingTable.TryGet(name, out var setting)) throw Unknown(entry, name);
        var at = SettingOrigin.At(entry.KeyLocation);
        if (IsProhibited(setting)) throw at.Error($"{setting.Name}= belongs to the main image; image {image} cannot set it");
        if (setting.Section != entry.Section && !(setting.Section == "Runtime" && entry.Section == "Host"))
            notes.Note(at, $"{setting.Name}= belongs into [{setting.Section}], not into [{entry.Section}]; it is used all the same");
        if (setting.Name != name) notes.Note(at, $"{name}= is an old name; write {setting.Name}=");
        var lines = entry.Lines.Select(line => new Setting<string>(line.Text, SettingOrigin.At(line.Location)));
        Store(Values, setting, lines, SettingOrigin.At(entry.ValueLocation), folder, Path.GetFullPath(entry.KeyLocation.File, tree.DisplayRoot));
        if (setting.Effect == SettingEffect.None && !entry.IsEmpty) notes.Note(at, $"{setting.Name}= has no effect: {setting.Remark}");
    }

    private static ConfigurationException Unknown(IniEntry entry, string name)
    {
        if (SettingTable.Conditions.Contains(name)) return entry.KeyLocation.Error($"{name}= is a condition; it stands in [Match]");
        return entry.KeyLocation.Error($"there is no setting {name}={NearestName.Suggest(name, SettingTable.Names)}");
    }

    private void Store(Dictionary<string, SettingValue> target, SettingDefinition setting, IEnumerable<Setting<string>> lines, SettingOrigin origin, string folder, string file)
    {
        var given = lines.ToArray();
        if (given.All(line => line.Value.Length == 0))
        {
            target[setting.Name] = new SettingValue([], origin);
            return;
        }

        var items = SettingParser.Parse(setting, given, item => Expand(item, folder, file), folder);
        if (setting.Kind == SettingKind.Assignments)
            items = [.. items.Select(item => item.Value.Contains('=', StringComparison.Ordinal) ? item : item with { Value = $"{item.Value}={environment(item.Value)}" })];
        var old = setting.IsList ? target.GetValueOrDefault(setting.Name)?.Items ?? [] : [];
        target[setting.Name] = new SettingValue(Append(setting, old, items), items.Count > 0 ? items[^1].Origin : origin);
        if (setting.Name == "Include") ReadIncludes(items, folder);
    }

    private static List<Setting<string>> Append(SettingDefinition setting, IReadOnlyList<Setting<string>> old, IReadOnlyList<Setting<string>> added)
    {
        if (setting.Kind == SettingKind.Assignments)
        {
            var result = old.ToList();
            foreach (var item in added)
            {
                var key = item.Value.Split('=')[0];
                var place = result.FindIndex(other => other.Value.Split('=')[0] == key);
                if (place >= 0) result[place] = item;
                else result.Add(item);
            }

            return result;
        }

        return setting.Sorted ? [.. old.Concat(added).OrderBy(item => item.Value, PackageOrder.Instance)] : [.. old, .. added];
    }

    private void ReadIncludes(IEnumerable<Setting<string>> includes, string folder)
    {
        foreach (var include in includes.Where(include => _included.Add(include.Value)))
            Read(include.Value, Directory.Exists(include.Value) ? include.Value : folder, withProfiles: Directory.Exists(include.Value));
    }

    private void ReadDropIns(string dropIns, string folder)
    {
        if (!Directory.Exists(dropIns)) return;
        foreach (var path in Directory.EnumerateFileSystemEntries(dropIns).OrderBy(Path.GetFileName, StringComparer.Ordinal))
        {
            if (Directory.Exists(path)) Read(path, path);
            else if (path.EndsWith(".conf", StringComparison.Ordinal)) Read(path, folder);
        }
    }

    private void ReadProfiles(string path)
    {
        var profiles = Path.Combine(path, "mkosi.profiles");
        foreach (var profile in Current(SettingTable.Get("Profiles")).Items)
        {
            if (profile.Value is "." or ".." || profile.Value.AsSpan().ContainsAny('/', '\\')) throw profile.Origin.Error($"a profile is a name without folders; found \"{profile.Value}\"");
            var (folder, file) = (Path.Combine(profiles, profile.Value), Path.Combine(profiles, profile.Value + ".conf"));
            if (Directory.Exists(folder)) Read(folder, folder);
            if (File.Exists(file)) Read(file, path);
            if (image == ImageNames.Main && !Directory.Exists(folder) && !File.Exists(file) && path == tree.Root)
                throw profile.Origin.Error($"there is no profile {profile.Value} in {tree.Display(profiles)}{NearestName.Suggest(profile.Value, TreeFolder.Names(profiles))}");
        }
    }
}
