using Roos.Core.Bytes;
using Roos.Core.Tree;
using Roos.Erofs.Writing;

namespace Roos.Erofs;

/// <summary>Writes EroFS, Linux's read-only file system, for Linux 6.12 and newer.</summary>
public static class ErofsImage
{
    /// <summary>
    /// Plans an image of <paramref name="tree"/>. Compresses here, into a spool, because sizes are only known then;
    /// memory grows with the number of inodes and not with their contents.
    /// </summary>
    /// <param name="tree">The tree; its contents are read here and again when the image is written.</param>
    /// <param name="options">What decides the bytes.</param>
    /// <param name="spools">Makes the place for compressed data, which the plan disposes.</param>
    /// <param name="progress">Bytes compressed so far.</param>
    /// <param name="cancellation">Stops between units of 1 MiB.</param>
    /// <exception cref="Roos.Core.RoosException">Options out of range, or something in the tree that EroFS cannot hold.</exception>
    public static ErofsPlan Plan(FileTree tree, ErofsOptions options, SpoolFactory spools, IProgress<long>? progress = null, CancellationToken cancellation = default)
    {
        options.Check();
        return new TreePlanner(options, spools, progress, cancellation).Plan(tree);
    }
}
