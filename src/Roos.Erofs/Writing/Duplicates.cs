using System.Security.Cryptography;
using Roos.Core.Bytes;
using Roos.Core.Tree;

namespace Roos.Erofs.Writing;

/// <summary>Finds files of equal content. Only files that share their length with another are read.</summary>
internal static class Duplicates
{
    private const int BufferSize = 1 << 16;

    /// <summary>Sets <see cref="InodePlan.Original"/> to the first file with the same content.</summary>
    public static void Find(IEnumerable<InodePlan> files, CancellationToken cancellation)
    {
        var byLength = files.GroupBy(file => file.Size).Where(group => group.Skip(1).Any());
        var originals = new Dictionary<ByteString, InodePlan>();
        var buffer = new byte[BufferSize];
        foreach (var group in byLength)
        {
            originals.Clear();
            foreach (var file in group)
            {
                cancellation.ThrowIfCancellationRequested();
                var digest = Digest(((RegularFile)file.Node).Content, buffer, cancellation);
                if (originals.TryAdd(digest, file)) continue;
                file.Original = originals[digest];
                file.Original.IsOriginal = true;
            }
        }
    }

    private static ByteString Digest(ByteSource content, byte[] buffer, CancellationToken cancellation)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (long offset = 0; offset < content.Length;)
        {
            cancellation.ThrowIfCancellationRequested();
            var part = buffer.AsSpan(0, (int)Math.Min(buffer.Length, content.Length - offset));
            content.Read(offset, part);
            hash.AppendData(part);
            offset += part.Length;
        }

        return new ByteString(hash.GetHashAndReset());
    }
}
