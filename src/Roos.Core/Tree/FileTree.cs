using System.Collections.Immutable;
using Roos.Core.Bytes;

namespace Roos.Core.Tree;

/// <summary>
/// A file system tree as metadata with slices into where the bytes are. Immutable: a step takes a tree and gives a tree.
/// </summary>
public sealed class FileTree(DirectoryNode root)
{
    private const int MaximumLinks = 40; // as the kernel (MAXSYMLINKS)

    public DirectoryNode Root { get; } = root;

    /// <summary>A tree with nothing in it but its root (0755, root:root).</summary>
    public static FileTree Empty { get; } = new(new DirectoryNode(new FileMetadata(0x1ed), ImmutableSortedDictionary<ByteString, FileNode>.Empty));

    /// <summary>The node at <paramref name="path"/>, or null. Symbolic links are not followed.</summary>
    public FileNode? Find(ByteString path)
    {
        FileNode node = Root;
        foreach (var name in TreePath.Split(path))
        {
            if (node is not DirectoryNode directory || !directory.Entries.TryGetValue(name, out var next)) return null;
            node = next;
        }

        return node;
    }

    /// <summary>
    /// The node at <paramref name="path"/> with symbolic links followed inside the tree (absolute targets start at its root,
    /// ".." stops there), and its real path; null where it does not exist or links go round in circles.
    /// </summary>
    public (ByteString Path, FileNode Node)? Resolve(ByteString path)
    {
        var trail = new List<(ByteString Name, FileNode Node)>();
        var pending = new Stack<ByteString>(RawNames(path).Reverse());
        var links = 0;
        while (pending.TryPop(out var name))
        {
            if (name.Equals("."u8)) continue;
            if (name.Equals(".."u8))
            {
                if (trail.Count > 0) trail.RemoveAt(trail.Count - 1);
                continue;
            }

            var here = trail.Count > 0 ? trail[^1].Node : Root;
            if (here is not DirectoryNode directory || !directory.Entries.TryGetValue(name, out var next)) return null;
            if (next is SymbolicLink link)
            {
                if (++links > MaximumLinks) return null;
                if (link.Target.StartsWith("/"u8)) trail.Clear();
                foreach (var part in RawNames(link.Target).Reverse()) pending.Push(part);
                continue;
            }

            trail.Add((name, next));
        }

        var real = ByteString.Empty;
        foreach (var (name, _) in trail) real = TreePath.Join(real, name);
        return (real, trail.Count > 0 ? trail[^1].Node : Root);
    }

    /// <summary>The regular file at <paramref name="path"/>, links followed, or null.</summary>
    public RegularFile? FindFile(ByteString path) => Resolve(path)?.Node as RegularFile;

    /// <summary>Every node with its path: parents before children, entries in byte order, the root (empty path) first.</summary>
    public IEnumerable<(ByteString Path, FileNode Node)> Walk()
    {
        var pending = new Stack<(ByteString Path, FileNode Node)>();
        pending.Push((ByteString.Empty, Root));
        while (pending.TryPop(out var item))
        {
            yield return item;
            if (item.Node is not DirectoryNode directory) continue;
            foreach (var (name, node) in directory.Entries.Reverse()) pending.Push((TreePath.Join(item.Path, name), node));
        }
    }

    /// <summary>
    /// A new tree from <paramref name="change"/> of every node: null drops it (and all below). Names of one hard-linked
    /// inode that are not dropped stay names of one inode: the change is asked once per name but the first answer counts.
    /// Directories are asked before their children; the node returned for one must be a directory and its entries are ignored.
    /// </summary>
    public FileTree Map(Func<ByteString, FileNode, FileNode?> change)
    {
        var linked = new Dictionary<FileNode, FileNode>(ReferenceEqualityComparer.Instance);
        return new FileTree(MapDirectory(ByteString.Empty, Root) ?? throw new RoosException("the root directory of a tree cannot be dropped"));

        DirectoryNode? MapDirectory(ByteString path, DirectoryNode directory)
        {
            if (change(path, directory) is not { } changed) return null;
            var entries = ImmutableSortedDictionary.CreateBuilder<ByteString, FileNode>();
            var same = ReferenceEquals(changed, directory);
            foreach (var (name, node) in directory.Entries)
            {
                var next = MapNode(TreePath.Join(path, name), node);
                same &= ReferenceEquals(next, node);
                if (next is not null) entries.Add(name, next);
            }

            return same ? directory : new DirectoryNode(changed.Metadata, entries.ToImmutable());
        }

        FileNode? MapNode(ByteString path, FileNode node)
        {
            if (node is DirectoryNode directory) return MapDirectory(path, directory);
            if (change(path, node) is not { } changed) return null;
            if (linked.TryGetValue(node, out var earlier)) return earlier;
            linked.Add(node, changed);
            return changed;
        }
    }

    /// <summary>A mutable copy.</summary>
    public FileTreeBuilder ToBuilder() => new(this);

    private static IEnumerable<ByteString> RawNames(ByteString path)
    {
        var start = 0;
        for (var i = 0; i <= path.Length; i++)
        {
            if (i < path.Length && path.Span[i] != (byte)'/') continue;
            if (i > start) yield return new ByteString(path.Span[start..i]);
            start = i + 1;
        }
    }
}
