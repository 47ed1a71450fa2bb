namespace Roos.Core.Tree;

/// <summary>Takes out of a tree what differs from build to build.</summary>
public static class Normalise
{
    /// <summary>
    /// No modification time after <paramref name="latest"/> (SOURCE_DATE_EPOCH): what is newer was made by the build itself.
    /// Older times stay. Hard links stay hard links.
    /// </summary>
    public static FileTree ClampTimes(FileTree tree, Timestamp latest) => tree.Map((_, node) => node.Metadata.ModificationTime <= latest
        ? node
        : node.WithMetadata(node.Metadata with { ModificationTime = latest }));
}
