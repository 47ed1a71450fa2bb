namespace Roos.Builder.Configuration;

/// <summary>
/// Reads all images of a tree: the main image, then those of mkosi.images/, which get from the main image what their settings'
/// scopes say, then the default initrd if an image wants it. (<c>parse_config()</c> of mkosi's config.py.)
/// </summary>
internal sealed class TreeReader(string directory, CommandLineOverrides overrides, Func<string, string?> environment)
{
    private readonly TreeFolder _tree = new(directory);
    private readonly List<ParsedImage> _images = [];

    public ApplianceConfiguration Read()
    {
        if (!Directory.Exists(_tree.Root)) throw new UsageException($"{directory}: there is no such directory");
        var mainNotes = new NoteBook();
        var reader = new ImageReader(_tree, ImageNames.Main, mainNotes, environment);
        foreach (var (option, setting, values) in overrides.Settings) reader.Override(setting, values, option, Directory.GetCurrentDirectory());
        if (!File.Exists(Path.Combine(_tree.Root, "mkosi.conf")) && !Directory.Exists(Path.Combine(_tree.Root, "mkosi.conf.d")))
            throw new UsageException($"{_tree.Display(_tree.Root)}: no appliance tree is here (no mkosi.conf and no mkosi.conf.d/); 'roos init DIR' writes one, 'roos -C DIR' goes to one");
        if (!reader.Read(_tree.Root, _tree.Root, withProfiles: true, withLocal: true))
            throw new UsageException($"{_tree.Display(Path.Combine(_tree.Root, "mkosi.conf"))}: the conditions of the main image do not hold, so there is nothing to build");
        var main = new ParsedImage(ImageNames.Main, reader, reader.Finish(), mainNotes);

        ReadSubImages(main);
        var order = Order(main);
        if (order.Append(main).Any(image => image.Values["Initrds"].Items.Any(item => item.Value == ImageNames.DefaultInitrdReference)))
            order = [ReadDefaultInitrd(main), .. order];
        List<ParsedImage> all = [.. order, main];
        var composer = new ImageComposer(_tree, all, environment);
        var images = all.Select(composer.Compose).ToList();
        return new ApplianceConfiguration(
            _tree.Root, images, [.. all.SelectMany(image => image.Notes.Notes).Distinct()],
            [.. all.SelectMany(image => image.Notes.Obstacles).DistinctBy(obstacle => obstacle.Message)]);
    }

    private void ReadSubImages(ParsedImage main)
    {
        var folder = Path.Combine(_tree.Root, "mkosi.images");
        if (!Directory.Exists(folder)) return;
        foreach (var path in Directory.EnumerateFileSystemEntries(folder).OrderBy(Path.GetFileName, StringComparer.Ordinal))
        {
            var isFolder = Directory.Exists(path);
            var name = Path.GetFileName(path);
            if (!isFolder && !name.EndsWith(".conf", StringComparison.Ordinal)) continue;
            if (name.EndsWith(".conf", StringComparison.Ordinal)) name = name[..^5];
            if (name.Length == 0 || name == ImageNames.Main) throw new UsageException($"{_tree.Display(path)}: an image needs a name, and \"{ImageNames.Main}\" is the tree's own");
            if (_images.Exists(image => image.Name == name)) throw new UsageException($"{_tree.Display(path)}: there are two images called {name}");
            var notes = new NoteBook();
            var reader = new ImageReader(_tree, name, notes, environment);
            Inherit(reader, main.Values, forDefaultInitrd: false);
            if (reader.Read(path, isFolder ? path : folder, withProfiles: isFolder, withLocal: true))
                _images.Add(new ParsedImage(name, reader, reader.Finish(), notes));
        }
    }

    /// <summary>Passes the main image's settings on as their scopes say.</summary>
    private static void Inherit(ImageReader reader, Dictionary<string, SettingValue> main, bool forDefaultInitrd)
    {
        foreach (var setting in SettingTable.All)
        {
            var value = main[setting.Name];
            if (setting.Scope is SettingScope.Universal or SettingScope.Multiversal) reader.Overrides[setting.Name] = value;
            else if (value.Items.Count > 0 && (setting.Scope == SettingScope.Inherit || (forDefaultInitrd && setting.Scope == SettingScope.InitrdInherit))) reader.Values[setting.Name] = value;
        }

        var passed = main["PassEnvironment"].Items.Select(item => item.Value).ToArray();
        Setting<string>[] variables = [.. main["Environment"].Items.Where(item => passed.Contains(item.Value.Split('=')[0]))];
        if (variables.Length > 0) reader.Values["Environment"] = new SettingValue(variables, variables[^1].Origin);
    }

    private ParsedImage ReadDefaultInitrd(ParsedImage main)
    {
        var notes = new NoteBook();
        var reader = new ImageReader(_tree, ImageNames.DefaultInitrd, notes, environment);
        Inherit(reader, main.Values, forDefaultInitrd: true);
        foreach (var (name, value) in DefaultInitrd.Settings(main.Values)) reader.Values[name] = value;
        var path = Path.Combine(_tree.Root, "mkosi.initrd.conf");
        if (Path.Exists(path)) reader.Read(path, Directory.Exists(path) ? path : _tree.Root, withProfiles: Directory.Exists(path), withLocal: Directory.Exists(path));
        return new ParsedImage(ImageNames.DefaultInitrd, reader, reader.Finish(), notes);
    }

    /// <summary>The images that the main image needs, each after those that it needs itself.</summary>
    private List<ParsedImage> Order(ParsedImage main)
    {
        var order = new List<ParsedImage>();
        var open = new List<string>();
        var wanted = main.Values["Dependencies"];
        if (wanted.Origin.IsDefault) foreach (var image in _images) Visit(image);
        else foreach (var item in wanted.Items) Visit(Find(item));
        return order;

        ParsedImage Find(Setting<string> item) => _images.Find(image => image.Name == item.Value)
            ?? throw item.Origin.Error($"there is no image {item.Value} in mkosi.images/{NearestName.Suggest(item.Value, _images.Select(image => image.Name))}");

        void Visit(ParsedImage image, Setting<string>? because = null)
        {
            if (order.Contains(image)) return;
            if (open.Contains(image.Name)) throw because!.Origin.Error($"images depend on each other in a circle: {string.Join(" -> ", open.SkipWhile(name => name != image.Name).Append(image.Name))}");
            open.Add(image.Name);
            foreach (var item in image.Values["Dependencies"].Items) Visit(Find(item), item);
            open.Remove(image.Name);
            order.Add(image);
        }
    }
}

/// <summary>An image as its files describe it.</summary>
internal sealed record ParsedImage(string Name, ImageReader Reader, Dictionary<string, SettingValue> Values, NoteBook Notes);
