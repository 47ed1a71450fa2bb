using Roos.Core.Tree;

namespace Roos.Builder.Steps.Units;

/// <summary>The folders that units are looked for in, in order of precedence, and the search itself (install.c of systemd).</summary>
internal sealed class UnitSearchPath
{
    private const int MaximumAliases = 64; // UNIT_FILE_FOLLOW_SYMLINK_MAX

    private readonly FileTree _tree;
    private readonly string[] _folders;

    private UnitSearchPath(FileTree tree, string kind, string[] folders)
    {
        _tree = tree;
        ConfigurationFolder = $"etc/systemd/{kind}";
        _folders = folders;
    }

    /// <summary>Where links are made.</summary>
    public string ConfigurationFolder { get; }

    /// <summary>Of the system. What generators and the running system write to /run is not in an image.</summary>
    public static UnitSearchPath ForSystem(FileTree tree) => new(tree, "system",
    [
        "etc/systemd/system.control", "etc/systemd/system", "etc/systemd/system.attached",
        "run/systemd/system", "usr/local/lib/systemd/system", "usr/lib/systemd/system",
    ]);

    /// <summary>Of all users' managers (<c>systemctl --global</c>).</summary>
    public static UnitSearchPath ForUsers(FileTree tree) => new(tree, "user",
    [
        "etc/systemd/user", "run/systemd/user", "usr/local/share/systemd/user", "usr/share/systemd/user", "usr/local/lib/systemd/user", "usr/lib/systemd/user",
    ]);

    /// <summary>The names of all units, aliases included, in byte order within each folder.</summary>
    public IEnumerable<string> Names()
    {
        foreach (var folder in _folders)
        {
            if (_tree.Resolve(folder)?.Node is not DirectoryNode directory) continue;
            foreach (var (name, node) in directory.Entries)
            {
                if (node is RegularFile or SymbolicLink && name.TryGetText(out var text) && UnitName.IsValid(text)) yield return text;
            }
        }
    }

    public bool Contains(string path) => _folders.Contains(FolderOf(path));

    /// <summary>Finds a unit, following aliases. An instance is found by its template too.</summary>
    public UnitFile Find(string name)
    {
        for (var i = 0; i < MaximumAliases; i++)
        {
            var (path, node) = FindEntry(name);
            if (path is null && UnitName.Classify(name) == UnitNameKind.Instance) (path, node) = FindEntry(UnitName.Template(name)!);
            if (path is null) return new UnitFile(name, i == 0 ? UnitFileKind.NotFound : UnitFileKind.Broken, "", new InstallSection());

            // Files of the same name, one linked to the other, are one unit; another name is an alias.
            for (var links = 0; node is SymbolicLink link; links++)
            {
                if (links > MaximumAliases) return new UnitFile(name, UnitFileKind.Broken, path, new InstallSection());
                var target = TargetOf(path, link);
                var next = _tree.Find(target);
                if (target == "dev/null" || next is RegularFile { Content.Length: 0 }) return new UnitFile(name, UnitFileKind.Masked, path, new InstallSection());
                var targetName = target[(target.LastIndexOf('/') + 1)..];
                if (Contains(target) && targetName != name && !IsOwnTemplate(name, targetName))
                {
                    name = UnitName.Classify(name) == UnitNameKind.Instance && UnitName.Classify(targetName) == UnitNameKind.Template
                        ? UnitName.WithInstance(targetName, UnitName.Instance(name))!
                        : targetName;
                    path = null;
                    break;
                }

                if (next is null) return new UnitFile(name, UnitFileKind.Broken, path, new InstallSection());
                (path, node) = (target, next);
            }

            if (path is null)
            {
                if (!UnitName.IsValid(name)) return new UnitFile(name, UnitFileKind.Broken, "", new InstallSection());
                continue;
            }

            if (node is not RegularFile file) return new UnitFile(name, UnitFileKind.Broken, path, new InstallSection());
            if (file.Content.Length == 0) return new UnitFile(name, UnitFileKind.Masked, path, new InstallSection());
            return new UnitFile(name, UnitFileKind.Regular, path, ReadInstall(name, file));
        }

        return new UnitFile(name, UnitFileKind.Broken, "", new InstallSection());
    }

    /// <summary>The path that a link in the tree points to: its folder resolved, its last name not.</summary>
    public string TargetOf(string path, SymbolicLink link)
    {
        var target = link.Target.ToString();
        var whole = target.StartsWith('/') ? target : $"{FolderOf(path)}/{target}";
        var slash = whole.LastIndexOf('/');
        var folder = _tree.Resolve(whole[..slash])?.Path.ToString() ?? whole[..slash].Trim('/');
        var name = whole[(slash + 1)..];
        return folder.Length == 0 ? name : $"{folder}/{name}";
    }

    private static bool IsOwnTemplate(string name, string targetName) =>
        UnitName.Classify(name) == UnitNameKind.Instance && UnitName.Template(name) == targetName;

    private static string FolderOf(string path)
    {
        var slash = path.LastIndexOf('/');
        return slash < 0 ? "" : path[..slash];
    }

    private (string? Path, FileNode? Node) FindEntry(string name)
    {
        foreach (var folder in _folders)
        {
            if (_tree.Resolve(folder) is { Node: DirectoryNode directory } && directory.Entries.TryGetValue(name, out var node)) return ($"{folder}/{name}", node);
        }

        return (null, null);
    }

    private InstallSection ReadInstall(string name, RegularFile file)
    {
        var result = new InstallSection();
        result.Read(file, name);
        var folders = _folders.Select(folder => $"{folder}/{name}.d");
        if (UnitName.Classify(name) == UnitNameKind.Instance) folders = folders.Concat(_folders.Select(folder => $"{folder}/{UnitName.Template(name)}.d"));
        foreach (var (_, dropIn) in ConfigurationFiles.Find(_tree, folders, ".conf")) result.Read(dropIn, name);
        return result;
    }
}
