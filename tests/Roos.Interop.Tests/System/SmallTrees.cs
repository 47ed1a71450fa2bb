using System.Text;
using Roos.Core.Tree;

namespace Roos.Interop.Tests.Settings;

/// <summary>Small systems written for a test, and folders told in lines that can be compared.</summary>
internal static class SmallTrees
{
    /// <summary>Writes files; a content that begins with an arrow is the target of a link.</summary>
    public static void Write(string folder, IReadOnlyDictionary<string, string> files)
    {
        foreach (var (name, content) in files)
        {
            var path = Path.Combine(folder, name);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            if (content.StartsWith("-> ", StringComparison.Ordinal)) File.CreateSymbolicLink(path, content[3..]);
            else File.WriteAllText(path, content.ReplaceLineEndings("\n"), new UTF8Encoding(false));
        }
    }

    /// <summary>Every path below a folder of a tree with what it is: a line each, to be compared.</summary>
    public static string Describe(FileTree tree, string folder)
    {
        var lines = new List<string>();
        foreach (var (path, node) in tree.Walk())
        {
            if (!path.StartsWith(Encoding.UTF8.GetBytes(folder + "/"))) continue;
            lines.Add(node switch
            {
                SymbolicLink link => $"{path} -> {link.Target}",
                DirectoryNode => $"{path}/",
                _ => path.ToString(),
            });
        }

        return string.Join('\n', lines);
    }
}
