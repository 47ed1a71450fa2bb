using Roos.Core.Bytes;
using Roos.Core.Tree;

namespace Roos.Initrd.Modules;

/// <summary>
/// Collects firmware from usr/lib/firmware of a tree: the files that modules name, compressed or not, with every symbolic link on the
/// way to them, those of folders too.
/// </summary>
internal sealed class FirmwareFiles(FileTree root)
{
    private const string Folder = "usr/lib/firmware";
    private const int MaximumLinks = 40; // as the kernel

    private readonly SortedDictionary<string, FileNode> _nodes = new(StringComparer.Ordinal);
    private readonly SortedSet<string> _missing = new(StringComparer.Ordinal);

    /// <summary>Paths from the root to files and links.</summary>
    public IReadOnlyDictionary<string, FileNode> Nodes => _nodes;

    /// <summary>What modules name and the tree does not have: usual, for few install all firmware there is.</summary>
    public IReadOnlyCollection<string> Missing => _missing;

    /// <param name="value">Path below the folder, or a glob for some; FILE.xz and FILE.zst are found by FILE too.</param>
    public void Add(string value)
    {
        var found = TryAdd(value);
        foreach (var path in Matches(value.EndsWith('*') ? value : value + ".*")) found |= TryAdd(path);
        if (!found) _missing.Add(value);
    }

    private bool TryAdd(string path)
    {
        var links = new List<(string Path, FileNode Node)>();
        var pending = new Stack<string>(Names(Folder + "/" + path).Reverse());
        var trail = new List<string>();
        while (pending.TryPop(out var name))
        {
            if (name == ".") continue;
            if (name == "..")
            {
                if (trail.Count > 0) trail.RemoveAt(trail.Count - 1);
                continue;
            }

            trail.Add(name);
            if (Node(trail) is not SymbolicLink link) continue;
            if (links.Count == MaximumLinks) return false;
            links.Add((string.Join('/', trail), link));
            var target = ModuleName.Text(link.Target);
            trail.RemoveAt(trail.Count - 1);
            if (target.StartsWith('/')) trail.Clear();
            foreach (var part in Names(target).Reverse()) pending.Push(part);
        }

        if (Node(trail) is not RegularFile file) return false;
        foreach (var (linkPath, link) in links) _nodes[linkPath] = link;
        _nodes[string.Join('/', trail)] = file;
        return true;
    }

    /// <summary>Paths below the folder that a glob matches name by name.</summary>
    private IEnumerable<string> Matches(string glob)
    {
        IEnumerable<string> paths = [""];
        foreach (var name in Names(glob))
        {
            paths = paths.SelectMany(path => Glob.HasMagic(name)
                ? Entries(path).Where(entry => Glob.Match(name, entry)).Select(entry => Join(path, entry))
                : [Join(path, name)]).ToArray();
        }

        return paths;
    }

    private IEnumerable<string> Entries(string path) =>
        root.Resolve(ModuleName.ByteString(Join(Folder, path)))?.Node is DirectoryNode directory ? directory.Entries.Keys.Select(ModuleName.Text) : [];

    private FileNode? Node(IReadOnlyList<string> names)
    {
        FileNode node = root.Root;
        foreach (var name in names)
        {
            if (node is not DirectoryNode directory || !directory.Entries.TryGetValue(ModuleName.ByteString(name), out var next)) return null;
            node = next;
        }

        return node;
    }

    private static string[] Names(string path) => path.Split('/', StringSplitOptions.RemoveEmptyEntries);

    private static string Join(string folder, string name) => folder.Length == 0 ? name : name.Length == 0 ? folder : folder + "/" + name;
}
