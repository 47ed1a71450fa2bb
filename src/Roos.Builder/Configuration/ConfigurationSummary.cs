using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Roos.Builder.Configuration;

/// <summary>Shows a resolved configuration: as text with the origin of every value, or as JSON with mkosi's keys.</summary>
public static class ConfigurationSummary
{
    private const int NameWidth = 28;

    /// <summary>One block per image, one line per value. Settings that nobody set are left out unless <paramref name="all"/>.</summary>
    public static string ToText(ApplianceConfiguration configuration, bool all)
    {
        var text = new StringBuilder();
        foreach (var image in configuration.Images)
        {
            text.Append($"IMAGE: {image.Name}\n");
            if (image.Bases.Count > 0) text.Append($"{"built upon",NameWidth}: {string.Join(", ", image.Bases)}\n");
            var section = "";
            foreach (var setting in SettingTable.All)
            {
                var value = image[setting.Name];
                var matters = setting.Effect == SettingEffect.Supported && setting.Name != "Include" && (value.Items.Count > 0 || !value.Origin.IsDefault);
                if (!all && (!matters || value.Origin.IsDefault)) continue;
                if (setting.Section != section) text.Append($"\n  [{section = setting.Section}]\n");
                AppendValue(text, configuration, setting.Name, value);
            }

            foreach (var (variable, origin) in image.Environment.Select(item => (item.Value, item.Origin)))
                if (!origin.IsDefault) AppendLine(text, "(environment)", $"{variable.Key}={variable.Value}", origin.ToString());
            text.Append('\n');
        }

        foreach (var note in configuration.Notes) text.Append($"note: {note}\n");
        foreach (var obstacle in configuration.Obstacles) text.Append($"cannot be built: {obstacle}\n");
        return text.ToString();
    }

    /// <summary>
    /// <c>{"Images": [{...}]}</c> as <c>mkosi --json summary</c> writes it: mkosi's names of settings, null for what is not set, absolute paths.
    /// The main image is the last.
    /// </summary>
    public static string ToJson(ApplianceConfiguration configuration)
    {
        var images = new JsonArray();
        foreach (var image in configuration.Images)
        {
            var node = new JsonObject { ["Image"] = image.Name, ["Files"] = Strings(image.Files) };
            foreach (var setting in SettingTable.All)
                if (setting.Name != "Include" && setting.Effect != SettingEffect.None) node[setting.Name] = ValueNode(setting, image.Own[setting.Name], image);
            JoinPatterns(node, image, "KernelModulesInclude", "KernelModules");
            JoinPatterns(node, image, "KernelModulesInitrdInclude", "KernelInitrdModules");
            JoinPatterns(node, image, "FirmwareInclude", "FirmwareFiles");
            if (image == configuration.Main) node["Dependencies"] = Strings(DependenciesOf(configuration));
            images.Add((JsonNode)Sorted(node));
        }

        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true, IndentSize = 4 })) new JsonObject { ["Images"] = images }.WriteTo(writer);
        return Encoding.UTF8.GetString(stream.ToArray()) + "\n";
    }

    private static void AppendValue(StringBuilder text, ApplianceConfiguration configuration, string name, SettingValue value)
    {
        if (value.Items.Count == 0) AppendLine(text, name, "(none)", value.Origin.ToString());
        for (var i = 0; i < value.Items.Count; i++)
            AppendLine(text, i == 0 ? name : "", Shorten(configuration, value.Items[i].Value), value.Items[i].Origin.ToString());
    }

    private static void AppendLine(StringBuilder text, string name, string value, string origin) =>
        text.Append($"{name,NameWidth}{(name.Length > 0 ? ':' : ' ')} {Printable(value),-40} {origin}\n");

    private static string Shorten(ApplianceConfiguration configuration, string value) =>
        value.StartsWith(configuration.Directory + Path.DirectorySeparatorChar, StringComparison.Ordinal) ? value[(configuration.Directory.Length + 1)..].Replace('\\', '/') : value;

    private static string Printable(string text) => text.Any(char.IsControl) ? string.Concat(text.Select(c => char.IsControl(c) ? '?' : c)) : text;

    private static JsonNode? ValueNode(SettingDefinition setting, SettingValue value, ImageConfiguration image)
    {
        switch (setting.Name)
        {
            case "UnifiedKernelImageProfiles":
                return new JsonArray([.. image.UkiProfiles.Select(profile => new JsonObject
                {
                    ["Cmdline"] = Strings(profile.CommandLine.Select(item => item.Value)),
                    ["Profile"] = new JsonObject(profile.Fields.Select(field => KeyValuePair.Create(field.Key, (JsonNode?)field.Value))),
                    ["SignExpectedPcr"] = profile.SignExpectedPcr,
                })]);
            case "SecureBootKeySource" or "SecureBootCertificateSource" or "VerityKeySource" or "VerityCertificateSource" or "SignExpectedPcrKeySource" or "SignExpectedPcrCertificateSource":
                return Source(value.Text ?? "file");
            case "Initrds":
                var folder = image.OutputDirectory.Value ?? Directory.GetCurrentDirectory();
                return Strings(value.Items.Select(item => item.Value == ImageNames.DefaultInitrdReference ? Path.Combine(folder, "initrd") : item.Value));
            case "RootPassword" when value.Text is { } password:
                return new JsonArray(password.StartsWith("hashed:", StringComparison.Ordinal) ? password[7..] : password, password.StartsWith("hashed:", StringComparison.Ordinal));
        }

        return setting.Kind switch
        {
            SettingKind.Trees => new JsonArray([.. value.Items.Select(item => Tree(item.Value))]),
            SettingKind.Assignments => new JsonObject(value.Items.Select(item => KeyValuePair.Create(item.Value.Split('=')[0], (JsonNode?)item.Value[(item.Value.IndexOf('=', StringComparison.Ordinal) + 1)..]))),
            _ when setting.IsList => Strings(value.Items.Select(item => item.Value)),
            SettingKind.Boolean => value.Text == "yes",
            SettingKind.Integer or SettingKind.Size when value.Text is { } number => long.Parse(number, System.Globalization.CultureInfo.InvariantCulture),
            SettingKind.Mode when value.Text is { } mode => Convert.ToInt32(mode, 8),
            _ => value.Text,
        };
    }

    /// <summary>mkosi keeps the older settings, which are regular expressions, and the newer, which are globs, in one list.</summary>
    private static void JoinPatterns(JsonObject node, ImageConfiguration image, string expressions, string globs)
    {
        node.Remove(expressions);
        node[globs] = Strings(image.Own[expressions].Items.Select(item => item.Value is "default" or "host" ? item.Value : "re:" + item.Value).Concat(image.Own[globs].Items.Select(item => item.Value)));
    }

    private static IEnumerable<string> DependenciesOf(ApplianceConfiguration configuration)
    {
        var main = configuration.Main.Own["Dependencies"];
        var images = configuration.Images.SkipLast(1).Select(image => image.Name).ToArray();
        if (main.Origin.IsDefault) return images.Where(name => name != ImageNames.DefaultInitrd).Order(StringComparer.Ordinal).Concat(images.Where(name => name == ImageNames.DefaultInitrd));
        return main.Items.Select(item => item.Value).Concat(images.Where(name => name == ImageNames.DefaultInitrd));
    }

    /// <summary>TYPE or TYPE:SOURCE of a key or certificate.</summary>
    private static JsonObject Source(string text)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        return new JsonObject { ["Type"] = colon < 0 ? text : text[..colon], ["Source"] = colon < 0 ? "" : text[(colon + 1)..] };
    }

    private static JsonObject Tree(string text)
    {
        var colon = text.LastIndexOf(":/", StringComparison.Ordinal);
        return colon <= 1 ? new JsonObject { ["Source"] = text, ["Target"] = null } : new JsonObject { ["Source"] = text[..colon], ["Target"] = text[(colon + 1)..] };
    }

    private static JsonArray Strings(IEnumerable<string> items) => new([.. items.Select(item => (JsonNode)item)]);

    private static JsonObject Sorted(JsonObject node) =>
        new(node.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => KeyValuePair.Create(pair.Key, pair.Value?.DeepClone())));
}
