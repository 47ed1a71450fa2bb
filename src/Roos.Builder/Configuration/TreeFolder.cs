using System.IO.Enumeration;

namespace Roos.Builder.Configuration;

/// <summary>The folder of an appliance, and how its files are called in messages.</summary>
internal sealed class TreeFolder(string directory)
{

    /// <summary>Absolute.</summary>
    public string Root { get; } = Path.TrimEndingDirectorySeparator(Path.GetFullPath(directory));

    /// <summary>What displayed paths are relative to.</summary>
    public string DisplayRoot { get; } = Directory.GetCurrentDirectory();

    /// <summary>A path as the user would type it: relative to where he is if it is below, with slashes.</summary>
    public string Display(string path)
    {
        var relative = Path.GetRelativePath(DisplayRoot, path);
        var outside = relative == ".." || relative.StartsWith(".." + Path.DirectorySeparatorChar, StringComparison.Ordinal) || Path.IsPathRooted(relative);
        return (outside ? path : relative).Replace('\\', '/');
    }

    /// <summary>What exists in a folder under a name, which may end in a star component: <c>mkosi.uki-profiles/*.conf</c>. Sorted by name.</summary>
    public IEnumerable<string> Find(string folder, string name)
    {
        var slash = name.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0) return Path.Exists(Path.Combine(folder, name)) ? [Path.Combine(folder, name)] : [];
        var inner = Path.Combine(folder, name[..slash]);
        if (File.Exists(inner)) throw new UsageException($"{Display(inner)}: this is a folder of configuration files; here it is a file");
        if (!Directory.Exists(inner)) return [];
        return Directory.EnumerateFiles(inner).Where(path => FileSystemName.MatchesSimpleExpression(name.AsSpan(slash + 1), Path.GetFileName(path.AsSpan()), ignoreCase: false))
            .OrderBy(Path.GetFileName, StringComparer.Ordinal);
    }

    /// <summary>The names of the folders and .conf files in a folder.</summary>
    public static IEnumerable<string> Names(string folder) => !Directory.Exists(folder) ? [] :
        Directory.EnumerateFileSystemEntries(folder).Select(path => Path.GetFileName(path)).Select(name => name.EndsWith(".conf", StringComparison.Ordinal) ? name[..^5] : name).Order(StringComparer.Ordinal);
}

/// <summary>Collects what a user should know about a configuration: notes, and what stops a build.</summary>
internal sealed class NoteBook
{
    private readonly List<string> _notes = [];
    private readonly List<UsageException> _obstacles = [];

    public IReadOnlyList<string> Notes => _notes;

    public IReadOnlyList<UsageException> Obstacles => _obstacles;

    public void Note(SettingOrigin origin, string text)
    {
        var note = $"{origin}: {text}";
        if (!_notes.Contains(note)) _notes.Add(note);
    }

    public void Obstacle(SettingOrigin origin, string problem)
    {
        var obstacle = origin.Error(problem);
        if (_obstacles.All(other => other.Message != obstacle.Message)) _obstacles.Add(obstacle);
    }
}

/// <summary>mkosi's order of packages: names, then paths, then conditional ones; bytewise within each.</summary>
internal sealed class PackageOrder : IComparer<string>
{
    public static PackageOrder Instance { get; } = new();

    public int Compare(string? x, string? y) => (Rank(x), x) is var a && (Rank(y), y) is var b && a.Item1 != b.Item1 ? a.Item1.CompareTo(b.Item1) : string.CompareOrdinal(x, y);

    private static int Rank(string? name) => name switch { ['(', ..] => 2, ['/', ..] => 1, _ => 0 };
}
