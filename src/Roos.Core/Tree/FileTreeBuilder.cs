using System.Collections.Immutable;
using Roos.Core.Bytes;

namespace Roos.Core.Tree;

/// <summary>A <see cref="FileTree"/> while it is made or changed, by path. Symbolic links are never followed.</summary>
public sealed class FileTreeBuilder
{
    private static readonly FileMetadata DefaultDirectory = new(0x1ed); // 0755

    private readonly MutableDirectory _root;

    public FileTreeBuilder()
        : this(FileTree.Empty)
    {
    }

    public FileTreeBuilder(FileTree tree) => _root = MutableDirectory.From(tree.Root);

    /// <summary>The node at <paramref name="path"/>, or null. A directory is returned as it is now; later changes do not show in it.</summary>
    public FileNode? Find(ByteString path)
    {
        var names = TreePath.Split(path);
        if (names.Count == 0) return _root.Freeze();
        var parent = Descend(names, names.Count - 1, create: false);
        return parent is not null && parent.Entries.TryGetValue(names[^1], out var entry) ? entry.Freeze() : null;
    }

    /// <summary>True where there is a directory at <paramref name="path"/>.</summary>
    public bool IsDirectory(ByteString path)
    {
        var names = TreePath.Split(path);
        return Descend(names, names.Count, create: false) is not null;
    }

    /// <summary>
    /// Puts <paramref name="node"/> at <paramref name="path"/>, replacing what is there. Missing parents are made (0755, root).
    /// A directory over a directory takes over the metadata and replaces all entries.
    /// </summary>
    /// <exception cref="RoosException">A parent is not a directory, or the path leaves the root.</exception>
    public FileTreeBuilder Set(ByteString path, FileNode node)
    {
        var names = TreePath.Split(path);
        if (names.Count == 0)
        {
            if (node is not DirectoryNode root) throw new RoosException("the root of a tree must be a directory");
            var fresh = MutableDirectory.From(root);
            _root.Metadata = fresh.Metadata;
            _root.Entries = fresh.Entries;
            return this;
        }

        var parent = Descend(names, names.Count - 1, create: true)!;
        parent.Entries[names[^1]] = node is DirectoryNode directory ? MutableDirectory.From(directory) : new Leaf(node);
        return this;
    }

    /// <summary>Makes a directory, or gives an existing one this metadata and keeps its entries.</summary>
    /// <exception cref="RoosException">A parent is not a directory, or the path leaves the root.</exception>
    public FileTreeBuilder SetDirectory(ByteString path, FileMetadata metadata)
    {
        var names = TreePath.Split(path);
        if (names.Count == 0)
        {
            _root.Metadata = metadata;
            return this;
        }

        var parent = Descend(names, names.Count - 1, create: true)!;
        if (parent.Entries.TryGetValue(names[^1], out var entry) && entry is MutableDirectory existing) existing.Metadata = metadata;
        else parent.Entries[names[^1]] = new MutableDirectory(metadata);
        return this;
    }

    /// <summary>Removes what is at <paramref name="path"/>, with everything below; false where there was nothing.</summary>
    public bool Remove(ByteString path)
    {
        var names = TreePath.Split(path);
        if (names.Count == 0) throw new RoosException("the root directory of a tree cannot be removed");
        return Descend(names, names.Count - 1, create: false)?.Entries.Remove(names[^1]) ?? false;
    }

    public FileTree Build() => new((DirectoryNode)_root.Freeze());

    private MutableDirectory? Descend(IReadOnlyList<ByteString> names, int count, bool create)
    {
        var directory = _root;
        for (var i = 0; i < count; i++)
        {
            if (!directory.Entries.TryGetValue(names[i], out var entry))
            {
                if (!create) return null;
                directory.Entries.Add(names[i], entry = new MutableDirectory(DefaultDirectory));
            }

            if (entry is not MutableDirectory next)
            {
                if (!create) return null;
                var path = string.Join('/', names.Take(i + 1));
                throw new RoosException($"\"{path}\" is not a directory, so \"{string.Join('/', names)}\" cannot be below it");
            }

            directory = next;
        }

        return directory;
    }

    private abstract class Entry
    {
        public abstract FileNode Freeze();
    }

    private sealed class Leaf(FileNode node) : Entry
    {
        public override FileNode Freeze() => node;
    }

    private sealed class MutableDirectory(FileMetadata metadata) : Entry
    {
        public FileMetadata Metadata { get; set; } = metadata;

        public Dictionary<ByteString, Entry> Entries { get; set; } = [];

        public static MutableDirectory From(DirectoryNode directory)
        {
            var result = new MutableDirectory(directory.Metadata);
            foreach (var (name, node) in directory.Entries)
            {
                result.Entries.Add(name, node is DirectoryNode child ? From(child) : new Leaf(node));
            }

            return result;
        }

        /// <summary>Children first and the dictionary afterwards: a hostile depth must not nest its making on the stack.</summary>
        public override FileNode Freeze()
        {
            var frozen = new KeyValuePair<ByteString, FileNode>[Entries.Count];
            var count = 0;
            foreach (var (name, entry) in Entries) frozen[count++] = new KeyValuePair<ByteString, FileNode>(name, entry.Freeze());
            return new DirectoryNode(Metadata, frozen.ToImmutableSortedDictionary());
        }
    }
}
