using System.Text;
using Roos.Core.Bytes;
using Roos.Core.Tree;

namespace Roos.Builder.Steps;

/// <summary>
/// The files that systemd's tools read for a subject (<c>sysusers.d/*.conf</c>, <c>system-preset/*.preset</c>): sorted by file name
/// over all folders; of equal names the file in the first folder counts; an empty one and a link to /dev/null mask the others.
/// </summary>
internal static class ConfigurationFiles
{
    /// <summary>In order of precedence.</summary>
    public static readonly string[] Roots = ["etc", "run", "usr/local/lib", "usr/lib"];

    /// <summary>The lines of every file in order, blank lines and comments (<c>#</c>, <c>;</c>) left out, white space trimmed.</summary>
    public static IEnumerable<ConfigurationLine> Lines(FileTree tree, string folder, string suffix)
    {
        foreach (var (path, file) in Find(tree, Roots.Select(root => $"{root}/{folder}"), suffix))
        {
            var number = 0;
            foreach (var raw in Text(file).Split('\n'))
            {
                number++;
                var text = raw.Trim();
                if (text.Length > 0 && text[0] is not ('#' or ';')) yield return new ConfigurationLine(path, number, text);
            }
        }
    }

    /// <summary>The files with this suffix in <paramref name="folders"/>, the folders in order of precedence.</summary>
    public static IEnumerable<(string Path, RegularFile File)> Find(FileTree tree, IEnumerable<string> folders, string suffix)
    {
        var end = Encoding.UTF8.GetBytes(suffix);
        var found = new SortedDictionary<ByteString, (string Path, RegularFile? File)>();
        foreach (var folder in folders)
        {
            if (tree.Resolve(folder)?.Node is not DirectoryNode directory) continue;
            foreach (var (name, node) in directory.Entries)
            {
                if (!name.EndsWith(end) || found.ContainsKey(name)) continue;
                var path = $"{folder}/{name}";
                if (node is RegularFile file) found.Add(name, (path, file));
                else if (node is SymbolicLink link) found.Add(name, (path, link.Target == "/dev/null" ? null : tree.FindFile(TreePath.Join(folder, name))));
            }
        }

        foreach (var (path, file) in found.Values)
        {
            if (file is not null) yield return (path, file);
        }
    }

    /// <summary>What a file says; bytes that are not UTF-8 become replacement characters.</summary>
    public static string Text(RegularFile file) => Encoding.UTF8.GetString(file.Content.ToArray());
}

/// <summary>A line of a configuration file in the tree.</summary>
internal readonly record struct ConfigurationLine(string Path, int Number, string Text)
{
    public string Place => $"/{Path}:{Number}";
}
