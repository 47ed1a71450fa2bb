using Roos.Core.Bytes;
using Roos.Core.Tree;

namespace Roos.Erofs.Writing;

/// <summary>Finds files of equal content. Only files that share their length with another are read.</summary>
internal static class Duplicates
{
    /// <summary>Sets <see cref="InodePlan.Original"/> to the first file with the same content.</summary>
    public static void Find(IEnumerable<InodePlan> files, CancellationToken cancellation)
    {
        var byLength = files.GroupBy(file => file.Size).Where(group => group.Skip(1).Any());
        var originals = new Dictionary<ByteString, InodePlan>();
        foreach (var group in byLength)
        {
            originals.Clear();
            foreach (var file in group)
            {
                cancellation.ThrowIfCancellationRequested();
                var digest = Digest(((RegularFile)file.Node).Content, cancellation);
                if (originals.TryAdd(digest, file)) continue;
                file.Original = originals[digest];
                file.Original.IsOriginal = true;
            }
        }
    }

    private static ByteString Digest(ByteSource content, CancellationToken cancellation)
    {
        using var digest = new Sha256Sink();
        content.CopyTo(digest, cancellation);
        return new ByteString(digest.GetDigest());
    }
}
