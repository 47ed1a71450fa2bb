using System.Security.Cryptography;
using Roos.Core.Bytes;
using Roos.Core.Tree;

namespace Roos.Erofs.Writing;

/// <summary>Cuts files into runs and gathers runs into units.</summary>
internal static class CompressionUnits
{
    /// <summary>Parts of a large file.</summary>
    public const int FilePart = 8 << 20;

    private const int DeduplicatedPart = 1 << 20;
    private const int MostRuns = 128;
    private const int SmallUnit = 1 << 20;

    /// <summary>One in so many names ends a unit of small files, and after a change the units behind it are as before.</summary>
    private const uint SmallAnchor = 32;

    /// <summary>The extents of each file are its own.</summary>
    public static IEnumerable<CompressionUnit> OfFiles(IEnumerable<(InodePlan File, long Length, int ClusterSize)> files, int filePart = FilePart)
    {
        var runs = new List<CompressionRun>();
        var length = 0;
        foreach (var (file, fileLength, cluster) in files)
        {
            var content = ((RegularFile)file.Node).Content;
            if (fileLength > SmallUnit)
            {
                // The small ones before it first: extents are joined in the order of the files.
                if (runs.Count > 0) yield return Take();
                for (long offset = 0; offset < fileLength; offset += filePart)
                {
                    var part = (int)Math.Min(filePart, fileLength - offset);
                    yield return new CompressionUnit([new CompressionRun(file, [new Piece(content, offset, part)], part, cluster, offset + part == fileLength)], part);
                }

                continue;
            }

            if (runs.Count > 0 && (length + fileLength > SmallUnit || runs.Count == MostRuns || IsAnchor(file, SmallAnchor))) yield return Take();
            runs.Add(new CompressionRun(file, [new Piece(content, 0, (int)fileLength)], (int)fileLength, cluster, IsLast: true));
            length += (int)fileLength;
        }

        if (runs.Count > 0) yield return Take();

        CompressionUnit Take()
        {
            var unit = new CompressionUnit([.. runs], length);
            runs.Clear();
            length = 0;
            return unit;
        }
    }

    /// <summary>
    /// As <see cref="OfFiles"/>, with smaller parts of large files, so that parts that are equal can be stored once.
    /// </summary>
    public static IEnumerable<CompressionUnit> OfParts(IReadOnlyList<(InodePlan File, long Length, int ClusterSize)> files, CancellationToken cancellation)
    {
        var known = new Dictionary<(ByteString Digest, int ClusterSize), CompressionRun>();
        var buffer = new byte[DeduplicatedPart];
        foreach (var unit in OfFiles(files, DeduplicatedPart))
        {
            cancellation.ThrowIfCancellationRequested();
            var run = unit.Runs[0];
            if (unit.Runs.Count > 1 || run.Length != DeduplicatedPart || run.IsLast)
            {
                yield return unit;
                continue;
            }

            run.Pieces[0].Source.Read(run.Pieces[0].Offset, buffer);
            var key = (new ByteString(SHA256.HashData(buffer)), run.ClusterSize);
            if (known.TryAdd(key, run))
            {
                yield return unit;
                continue;
            }

            var same = known[key];
            same.Owner.IsReferenced = true;
            yield return new CompressionUnit([run with { Same = same }], run.Length);
        }
    }

    /// <summary>Whether a file begins a unit, by its path alone.</summary>
    public static bool IsAnchor(InodePlan file, uint oneIn) => file.PathHash % oneIn == 0;
}
