using Roos.Core;
using Roos.Core.Bytes;
using Roos.Core.Tree;

namespace Roos.Builder.Steps;

/// <summary>One CopyFiles= of a partition definition.</summary>
/// <param name="Source">Path in the image's tree.</param>
/// <param name="Target">Path in the partition.</param>
public sealed record CopiedPath(ByteString Source, ByteString Target);

/// <summary>
/// The tree of one partition, cut out of the image's tree as systemd-repart's CopyFiles=, ExcludeFiles=, ExcludeFilesTarget= and
/// MakeDirectories= say. A path with a trailing slash excludes what is in a directory and keeps the directory.
/// </summary>
public static class PartitionTree
{
    /// <param name="tree">The image's tree.</param>
    /// <param name="copies">What goes where; later ones are merged over earlier ones.</param>
    /// <param name="excludedSources">ExcludeFiles=: paths of <paramref name="tree"/>.</param>
    /// <param name="excludedTargets">ExcludeFilesTarget=: paths of the partition.</param>
    /// <param name="directories">MakeDirectories=: paths of the partition.</param>
    public static FileTree Select(
        FileTree tree, IReadOnlyList<CopiedPath> copies, IReadOnlyList<ByteString> excludedSources, IReadOnlyList<ByteString> excludedTargets, IReadOnlyList<ByteString> directories)
    {
        var sources = Exclusions.Parse(excludedSources);
        var targets = Exclusions.Parse(excludedTargets);
        var kept = tree.Map((path, node) => path.IsEmpty || !sources.Excludes(path) ? node : null);
        var result = new FileTreeBuilder();
        foreach (var copy in copies)
        {
            var target = TreePath.Normalise(copy.Target);
            if (kept.Find(copy.Source) is not { } node) continue; // as repart: what a package set does not have is not copied
            Merge(result, target, node);
        }

        foreach (var directory in directories)
        {
            if (!result.IsDirectory(directory)) result.SetDirectory(directory, new FileMetadata(0x1ed));
        }

        return result.Build().Map((path, node) => path.IsEmpty || !targets.Excludes(path) ? node : null);
    }

    private static void Merge(FileTreeBuilder result, ByteString path, FileNode node)
    {
        if (node is not DirectoryNode directory || (!path.IsEmpty && result.Find(path) is null))
        {
            if (path.IsEmpty) throw new RoosException("CopyFiles= puts a single file where the root directory of the partition is: name a target behind a colon, CopyFiles=/file:/file");
            result.Set(path, node);
            return;
        }

        result.SetDirectory(path, directory.Metadata);
        foreach (var (name, child) in directory.Entries) Merge(result, TreePath.Join(path, name), child);
    }

    private sealed class Exclusions(HashSet<ByteString> paths, HashSet<ByteString> contents)
    {
        public static Exclusions Parse(IReadOnlyList<ByteString> exclusions) => new(
            [.. exclusions.Where(path => !path.EndsWith("/"u8)).Select(TreePath.Normalise)],
            [.. exclusions.Where(path => path.EndsWith("/"u8)).Select(TreePath.Normalise)]);

        public bool Excludes(ByteString path)
        {
            if (paths.Contains(path)) return true;
            var slash = path.Span.LastIndexOf((byte)'/');
            return contents.Contains(slash < 0 ? ByteString.Empty : new ByteString(path.Span[..slash]));
        }
    }
}
