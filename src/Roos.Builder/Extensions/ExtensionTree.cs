using System.Text;
using Roos.Builder.Configuration;
using Roos.Builder.Steps;
using Roos.Core.Bytes;
using Roos.Core.Tree;

namespace Roos.Builder.Extensions;

/// <summary>
/// The tree of an extension: checked for what systemd would ignore or refuse on the machine, where nobody looks, and with the release file that
/// ties it to its system (os-release(5), extension-release).
/// </summary>
internal static class ExtensionTree
{
    private const uint SetUserId = 0x800, SetGroupId = 0x400;

    /// <summary>Checks a tree and gives it a release file where it has none.</summary>
    /// <param name="kind">What it extends.</param>
    /// <param name="name">Its name: that of the image file, and of the release file.</param>
    /// <param name="tree">As the user has it.</param>
    /// <param name="host">The system that it belongs to.</param>
    /// <param name="time">Of the release file.</param>
    /// <param name="place">The folder as the user would type it.</param>
    /// <exception cref="UsageException">It cannot be an extension of that system; why.</exception>
    public static FileTree Complete(ExtensionKind kind, string name, FileTree tree, ExtensionHost host, Timestamp time, string place)
    {
        CheckName(name, place);
        CheckPlaces(kind, tree, place);
        foreach (var (path, node) in tree.Walk()) CheckNode(kind, path, node, place);
        var file = ReleaseFile(kind, name);
        if (tree.Find(kind.ReleaseFolder) is DirectoryNode folder)
        {
            if (folder.Entries.Keys.FirstOrDefault(entry => entry != Name(name)) is { IsEmpty: false } other)
                throw new UsageException($"{place}/{kind.ReleaseFolder}/{other}: systemd looks for {Name(name)}, because the extension is called {name}; rename one of them");
        }

        if (tree.FindFile(file) is { } own)
        {
            CheckRelease(kind, ConfigurationFiles.Text(own), host, $"{place}/{file}");
            return tree;
        }

        if (host.Level.Length == 0) throw new UsageException($"{place}: an extension belongs to a version of the image, and there is no ImageVersion=; set it, or write {file} yourself");
        var builder = tree.ToBuilder();
        if (!builder.IsDirectory(kind.ReleaseFolder)) builder.SetDirectory(kind.ReleaseFolder, new FileMetadata(0x1ed) { ModificationTime = time });
        return builder.Set(file, new RegularFile(new FileMetadata(0x1a4) { ModificationTime = time }, ByteSource.FromMemory(Encoding.UTF8.GetBytes(Release(kind, name, tree, host))))).Build();
    }

    /// <summary>The path of the release file.</summary>
    public static ByteString ReleaseFile(ExtensionKind kind, string name) => TreePath.Join(kind.ReleaseFolder, Name(name));

    private static ByteString Name(string name) => "extension-release." + name;

    private static string Release(ExtensionKind kind, string name, FileTree tree, ExtensionHost host)
    {
        var lines = new List<string> { $"ID={host.Id}", $"{kind.Prefix}_LEVEL={host.Level}", $"ARCHITECTURE={host.Architecture}", $"{kind.Prefix}_ID={name}", $"{kind.Prefix}_VERSION_ID={host.Level}" };

        // Or systemd would not see its units before something else makes it look.
        if (tree.Find(kind.UnitFolder) is DirectoryNode) lines.Add("EXTENSION_RELOAD_MANAGER=1");
        return string.Join('\n', lines) + "\n";
    }

    /// <summary>What image_name_is_valid() of systemd takes, but for what shells and file systems of other systems stumble over.</summary>
    private static void CheckName(string name, string place)
    {
        if (name.Length is > 0 and <= 128 && char.IsAsciiLetterOrDigit(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-' or '+')) return;
        throw new UsageException($"{place}: the name of an extension is made of letters, digits and . _ - + and begins with a letter or digit; found \"{name}\"");
    }

    private static void CheckPlaces(ExtensionKind kind, FileTree tree, string place)
    {
        foreach (var (name, node) in tree.Root.Entries)
        {
            if (!kind.Places.Contains(name))
            {
                var other = ExtensionKind.All.FirstOrDefault(one => one.Places.Contains(name));
                throw new UsageException($"{place}/{name}: a {kind.Name} extends {kind.PlacesText}, and anything else in it would be ignored; {(other is null ? "take it out" : $"what extends /{name} goes into {other.Folder}/, as a {other.Name}")}");
            }

            if (node is not DirectoryNode) throw new UsageException($"{place}/{name} must be a folder");
        }

        if (!tree.Walk().Any(item => item.Node is not DirectoryNode)) throw new UsageException($"{place}: there is no file in it; a {kind.Name} has files for {kind.PlacesText}");
    }

    private static void CheckNode(ExtensionKind kind, ByteString path, FileNode node, string place)
    {
        if (path == "usr/lib/os-release" || path == "etc/os-release") throw new UsageException($"{place}/{path}: an extension must not say which system this is; what ties it to the system is {kind.ReleaseFolder}/");
        if (kind != ExtensionKind.Confext) return;

        // systemd-confext mounts with nosuid, nodev and noexec.
        if (node is DeviceNode) throw new UsageException($"{place}/{path}: devices do not work in a confext");
        if (node is RegularFile && (node.Metadata.Permissions & (SetUserId | SetGroupId)) != 0) throw new UsageException($"{place}/{path}: set-user-ID and set-group-ID have no effect in a confext");
    }

    private static void CheckRelease(ExtensionKind kind, string text, ExtensionHost host, string place)
    {
        var values = new Dictionary<string, (string Value, int Line)>(StringComparer.Ordinal);
        var number = 0;
        foreach (var line in text.Split('\n'))
        {
            number++;
            var trimmed = line.Trim();
            if (trimmed.Length == 0 || trimmed[0] == '#') continue;
            var equals = trimmed.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0) throw Error(number, line, "a line of a release file is KEY=VALUE");
            values[trimmed[..equals]] = (string.Concat(QuotedWords.Split(trimmed[(equals + 1)..].Trim(), $"{place}:{number}")), number);
        }

        if (!values.TryGetValue("ID", out var id)) throw Error(1, "", $"ID= must be there: {host.Id}, or _any");
        if (id.Value != "_any" && id.Value != host.Id) throw Error(id.Line, "", $"ID= is {id.Value}, and the image is {host.Id}: it would be ignored");
        if (values.TryGetValue("ARCHITECTURE", out var architecture) && architecture.Value is not "_any" && architecture.Value != host.Architecture) throw Error(architecture.Line, "", $"ARCHITECTURE= is {architecture.Value}, and the image is {host.Architecture}: it would be ignored");
        if (values.TryGetValue(kind.Prefix + "_SCOPE", out var scope) && !scope.Value.Split(' ').Contains("system")) throw Error(scope.Line, "", $"{kind.Prefix}_SCOPE= must have \"system\" in it, or the machine does not look at it");
        if (id.Value == "_any") return;
        if (values.TryGetValue(kind.Prefix + "_LEVEL", out var level))
        {
            if (level.Value != host.Level) throw Error(level.Line, "", $"{kind.Prefix}_LEVEL= is {level.Value}, and the image has {(host.Level.Length == 0 ? "none (ImageVersion=)" : host.Level)}: it would be ignored");
        }
        else if (!values.ContainsKey("VERSION_ID")) throw Error(id.Line, "", $"{kind.Prefix}_LEVEL= must be there ({host.Level}), or VERSION_ID=: it would be ignored");

        UsageException Error(int line, string source, string problem) => new SourceLocation(place, line, 1, source).Error(problem);
    }
}
