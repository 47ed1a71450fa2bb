namespace Roos.Builder.Configuration;

/// <summary>
/// Connects images. <c>BaseTrees=%O/NAME</c> and <c>Initrds=%O/NAME</c> name outputs of other images; what mkosi finds in the
/// output folder is found in the configuration here.
/// </summary>
internal sealed class ImageComposer(TreeFolder tree, IReadOnlyList<ParsedImage> images, Func<string, string?> environment)
{
    private static readonly string[] Extensions = ["", ".raw", ".cpio", ".cpio.zst", ".tar", ".efi"];
    private readonly Dictionary<string, Dictionary<string, SettingValue>> _composed = new(StringComparer.Ordinal);

    public ImageConfiguration Compose(ParsedImage image)
    {
        var bases = image.Values["BaseTrees"].Items.Select(item => BaseOf(image, item)).ToList();
        var values = new Dictionary<string, SettingValue>(image.Values, StringComparer.Ordinal);
        foreach (var setting in SettingTable.All.Where(setting => setting.FromBase))
            foreach (var name in Enumerable.Reverse(bases)) values[setting.Name] = Merge(setting, _composed[name][setting.Name], values[setting.Name]);
        _composed[image.Name] = values;
        return new ImageConfiguration(
            image.Name, image.Values, values, image.Reader.Files, bases, [.. image.Values["Initrds"].Items.Select(item => InitrdOf(image, item))],
            [.. image.Values["UnifiedKernelImageProfiles"].Items.Select(item => UkiProfile.Parse(IniFile.Load(tree.Display(item.Value), file: item.Value)))], EnvironmentOf(image));
    }

    private static SettingValue Merge(SettingDefinition setting, SettingValue lower, SettingValue own)
    {
        if (setting.IsList) return new SettingValue([.. lower.Items, .. own.Items], own.Items.Count > 0 ? own.Origin : lower.Origin);
        return own.Origin.IsDefault ? lower : own;
    }

    private string BaseOf(ParsedImage image, Setting<string> item)
    {
        var found = FindImage(image, item.Value)
            ?? throw item.Origin.Error($"BaseTrees= names no image of this tree: {tree.Display(item.Value)}; write %O/NAME and list NAME in Dependencies=, or use ExtraTrees= for a folder");
        return _composed.ContainsKey(found.Name) ? found.Name : throw item.Origin.Error($"image {image.Name} is built upon {found.Name}, which is built later; list {found.Name} in Dependencies=");
    }

    private InitrdReference InitrdOf(ParsedImage image, Setting<string> item)
    {
        if (item.Value == ImageNames.DefaultInitrdReference) return new InitrdReference(ImageNames.DefaultInitrd, null, item.Origin);
        if (FindImage(image, item.Value) is { } found) return new InitrdReference(found.Name, null, item.Origin);
        return File.Exists(item.Value)
            ? new InitrdReference(null, item.Value, item.Origin)
            : throw item.Origin.Error($"Initrds= names neither an image of this tree nor a file: {tree.Display(item.Value)}; write %O/NAME and list NAME in Dependencies=");
    }

    /// <summary>The image whose output a path is.</summary>
    private ParsedImage? FindImage(ParsedImage user, string path)
    {
        var folder = user.Values["OutputDirectory"].Text ?? Directory.GetCurrentDirectory();
        if (!string.Equals(Path.GetDirectoryName(path), folder, StringComparison.Ordinal)) return null;
        var name = Path.GetFileName(path);
        return images.FirstOrDefault(image => image != user && Extensions.Any(extension => name == image.Name + extension || name == image.Values["Output"].Text + extension));
    }

    private List<Setting<(string Key, string Value)>> EnvironmentOf(ParsedImage image)
    {
        var result = new List<Setting<(string Key, string Value)>>();
        foreach (var file in image.Values["EnvironmentFiles"].Items)
            foreach (var item in EnvironmentFile.Read(tree.Display(file.Value), file.Value, environment)) Set(item);
        foreach (var item in image.Values["Environment"].Items)
        {
            var equals = item.Value.IndexOf('=', StringComparison.Ordinal);
            Set(new Setting<(string Key, string Value)>((item.Value[..equals], item.Value[(equals + 1)..]), item.Origin));
        }

        return result;

        void Set(Setting<(string Key, string Value)> item)
        {
            result.RemoveAll(other => other.Value.Key == item.Value.Key);
            result.Add(item);
        }
    }
}
