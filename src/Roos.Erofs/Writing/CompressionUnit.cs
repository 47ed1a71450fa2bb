using Roos.Core.Bytes;
using Roos.Erofs.Format;

namespace Roos.Erofs.Writing;

/// <summary>A range of a source.</summary>
internal readonly record struct Piece(ByteSource Source, long Offset, int Length);

/// <summary>
/// Bytes that are compressed together: a part of a file, or contents packed one after another. Its extents know nothing of
/// what is outside of it.
/// </summary>
/// <param name="Owner">The inode whose extents they are.</param>
/// <param name="Pieces">What it is made of.</param>
/// <param name="Length">Bytes of all pieces.</param>
/// <param name="ClusterSize">Most compressed bytes of an extent.</param>
/// <param name="IsLast">It ends its owner's extents.</param>
/// <param name="Same">An earlier run with the same content, whose extents serve for this one too.</param>
internal sealed record CompressionRun(InodePlan Owner, IReadOnlyList<Piece> Pieces, int Length, int ClusterSize, bool IsLast, CompressionRun? Same = null)
{
    /// <summary>Most bytes of a run: what one thread holds in memory.</summary>
    public const int MaximumLength = ErofsFormat.MaximumDecodedCluster;
}

/// <summary>
/// Runs that one thread compresses in one go, and the cache remembers as one: a large run, or a few dozen small files. What
/// belongs to a unit is decided by names and format constants, so that most units stay as they are when files change.
/// </summary>
internal sealed record CompressionUnit(IReadOnlyList<CompressionRun> Runs, int Length);
