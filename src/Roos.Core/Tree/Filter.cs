using Roos.Core.Bytes;

namespace Roos.Core.Tree;

/// <summary>Drops files by patterns, as RemoveFiles= of mkosi does.</summary>
public static class Filter
{
    /// <summary>
    /// <paramref name="tree"/> without what the patterns match, everything below included. A pattern is a path from the root in
    /// which <c>*</c>, <c>?</c>, <c>[a-z]</c> and <c>[!a-z]</c> stand for characters of one name (leading dots too) and
    /// <c>**</c> for any number of directories. Symbolic links to directories are followed but for the last name and under
    /// <c>**</c>. A pattern that matches nothing is no error.
    /// </summary>
    /// <exception cref="RoosException">A pattern has "..", ends in "**" or means the root itself.</exception>
    public static FileTree Remove(FileTree tree, IReadOnlyList<ByteString> patterns)
    {
        var found = new SortedSet<ByteString>();
        foreach (var pattern in patterns)
        {
            var names = Names(pattern);
            if (names.Count == 0) throw new RoosException($"the pattern \"{pattern}\" would remove the root of the tree");
            Match(tree, ByteString.Empty, tree.Root, names, 0, found);
        }

        if (found.Count == 0) return tree;
        var builder = tree.ToBuilder();
        foreach (var path in found) builder.Remove(path);
        return builder.Build();
    }

    private static void Match(FileTree tree, ByteString path, DirectoryNode directory, IReadOnlyList<ByteString> pattern, int at, SortedSet<ByteString> found)
    {
        var isLast = at == pattern.Count - 1;
        if (pattern[at].Equals("**"u8))
        {
            if (isLast) throw new RoosException($"the pattern \"{string.Join('/', pattern)}\" ends in \"**\": say \"*\" for everything in a directory");
            Match(tree, path, directory, pattern, at + 1, found);
            foreach (var (name, node) in directory.Entries)
            {
                if (node is DirectoryNode child) Match(tree, TreePath.Join(path, name), child, pattern, at, found);
            }

            return;
        }

        foreach (var (name, node) in directory.Entries)
        {
            if (!GlobPattern.IsMatch(pattern[at].Span, name.Span)) continue;
            var next = TreePath.Join(path, name);
            if (isLast) found.Add(next);
            else if (node is DirectoryNode child) Match(tree, next, child, pattern, at + 1, found);
            else if (node is SymbolicLink && tree.Resolve(next) is (var real, DirectoryNode target)) Match(tree, real, target, pattern, at + 1, found);
        }
    }

    /// <summary>The names of a pattern; "**" twice in a row is "**" once, and would cost squared time.</summary>
    private static List<ByteString> Names(ByteString pattern)
    {
        var result = new List<ByteString>();
        foreach (var name in TreePath.Split(pattern))
        {
            if (result.Count == 0 || !name.Equals("**"u8) || name != result[^1]) result.Add(name);
        }

        return result;
    }
}
