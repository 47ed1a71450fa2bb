using Roos.Builder.Configuration;
using Roos.Core.Bytes;
using Roos.Core.Tree;
using Roos.Gpt;

namespace Roos.Builder.Repart;

/// <summary>
/// The files of a partition: what CopyFiles=, ExcludeFiles=, ExcludeFilesTarget= and MakeDirectories= take from the tree of the image,
/// with systemd-repart's own exceptions (<c>make_copy_files_denylist()</c>): never what lies in /proc, /sys, /dev, /run, /tmp and /var/tmp,
/// and in a root partition nothing of what other partitions are mounted over; the directories themselves stay.
/// </summary>
public static class PartitionTree
{
    private static readonly ByteString[] Transient = ["/proc", "/sys", "/dev", "/tmp", "/run", "/var/tmp"];

    /// <summary>Makes the tree of a partition.</summary>
    /// <param name="definition">The partition.</param>
    /// <param name="all">All partitions of the disk.</param>
    /// <param name="tree">The image.</param>
    /// <exception cref="ConfigurationException">A source is neither file nor directory.</exception>
    public static FileTree Select(RepartDefinition definition, IReadOnlyList<RepartDefinition> all, FileTree tree)
    {
        var builder = new FileTreeBuilder();
        var isEmpty = true;
        foreach (var rule in definition.CopyFiles)
        {
            if (tree.Resolve(Relative(rule.Source)) is not { } found) continue; // as systemd-repart: /efi need not be there
            var target = Relative(rule.Target);
            if (found.Node is DirectoryNode directory)
            {
                var part = new Exclusions(definition, all, tree, rule).Apply(found.Path, directory);
                if (isEmpty && target.IsEmpty) builder = new FileTreeBuilder(part);
                else Merge(builder, target, part.Root);
            }
            else if (found.Node is RegularFile && !target.IsEmpty) builder.Set(target, found.Node);
            else throw rule.Location.Error($"CopyFiles= copies regular files to a name and directories; {rule.Source} is neither");
            isEmpty = false;
        }

        foreach (var directory in definition.MakeDirectories)
        {
            if (!builder.IsDirectory(Relative(directory))) builder.SetDirectory(Relative(directory), new FileMetadata(0x1ed)); // 0755
        }

        return builder.Build();
    }

    /// <summary>Where a partition of this type is mounted; null for nowhere.</summary>
    internal static IReadOnlyList<ByteString> MountPoints(PartitionType type) => type.Designator switch
    {
        PartitionDesignator.Usr => ["/usr"],
        PartitionDesignator.Home => ["/home"],
        PartitionDesignator.Srv => ["/srv"],
        PartitionDesignator.Esp => ["/efi", "/boot"],
        PartitionDesignator.ExtendedBootLoader => ["/boot"],
        PartitionDesignator.Tmp => ["/var/tmp"],
        PartitionDesignator.Var => ["/var"],
        _ => [],
    };

    private static ByteString Relative(ByteString path) => TreePath.Normalise(path);

    /// <summary>Later files replace earlier ones; directories grow together and keep their first owner and mode.</summary>
    private static void Merge(FileTreeBuilder builder, ByteString path, DirectoryNode directory)
    {
        if (!builder.IsDirectory(path))
        {
            builder.Set(path, directory);
            return;
        }

        foreach (var (name, node) in directory.Entries)
        {
            if (node is DirectoryNode below) Merge(builder, TreePath.Join(path, name), below);
            else builder.Set(TreePath.Join(path, name), node);
        }
    }

    /// <summary>What one CopyFiles= leaves out, as real paths of the image's tree.</summary>
    private sealed class Exclusions
    {
        private readonly HashSet<ByteString> _nodes = [];
        private readonly HashSet<ByteString> _contents = [];
        private readonly FileTree _tree;

        public Exclusions(RepartDefinition definition, IReadOnlyList<RepartDefinition> all, FileTree tree, CopyFilesRule rule)
        {
            _tree = tree;
            foreach (var path in Transient) Add(path, contentsOnly: true);
            foreach (var path in definition.ExcludeFiles) Add(path, EndsWithSlash(path));
            foreach (var path in definition.ExcludeFilesTarget)
            {
                if (Below(rule.Target, path) is { } rest) Add(TreePath.Join(Relative(rule.Source), rest), EndsWithSlash(path));
            }

            if (definition.Type.Designator != PartitionDesignator.Root || !Relative(rule.Target).IsEmpty) return;
            var mounted = all.Where(other => other.Type.Designator != PartitionDesignator.Root).SelectMany(other => MountPoints(other.Type));
            foreach (var path in mounted.Concat(Transient)) Add(TreePath.Join(Relative(rule.Source), Relative(path)), contentsOnly: true);
        }

        public FileTree Apply(ByteString start, DirectoryNode directory) =>
            new FileTree(directory).Map((path, node) =>
            {
                if (path.IsEmpty) return node;
                var full = TreePath.Join(start, path);
                return _nodes.Contains(full) || _contents.Contains(Parent(full)) ? null : node;
            });

        private void Add(ByteString path, bool contentsOnly)
        {
            if (_tree.Resolve(Relative(path)) is { } found) (contentsOnly ? _contents : _nodes).Add(found.Path);
        }

        private static bool EndsWithSlash(ByteString path) => path.Span[^1] == (byte)'/';

        private static ByteString Parent(ByteString path)
        {
            var slash = path.Span.LastIndexOf((byte)'/');
            return slash < 0 ? ByteString.Empty : new ByteString(path.Span[..slash]);
        }

        /// <summary>The rest of a path below a directory, or null.</summary>
        private static ByteString? Below(ByteString directory, ByteString path)
        {
            var above = TreePath.Split(directory);
            var names = TreePath.Split(path);
            if (names.Count < above.Count || !names.Take(above.Count).SequenceEqual(above)) return null;
            return names.Skip(above.Count).Aggregate(ByteString.Empty, TreePath.Join);
        }
    }
}
