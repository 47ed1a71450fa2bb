using System.Runtime.InteropServices;
using Roos.Erofs.Format;

namespace Roos.Erofs.Writing;

/// <summary>The index with 8 bytes per cluster: header, 8 unused bytes, entries; aligned to 8 (Z_EROFS_FULL_INDEX_ALIGN).</summary>
internal static class FullIndex
{
    private const int Unused = 8;

    /// <summary>Bytes after an inode and xattrs of <paramref name="headSize"/> bytes.</summary>
    public static long Measure(int headSize, long fileSize) =>
        ErofsFormat.AlignUp(headSize, 8) - headSize + RawMapHeader.Size + Unused + ErofsFormat.BlocksFor(fileSize) * RawLogicalCluster.Size;

    public static void Write(InodePlan file, Span<byte> destination)
    {
        destination.Clear();
        var at = (int)ErofsFormat.AlignUp(file.HeadSize, 8) - file.HeadSize;
        MemoryMarshal.Write(destination[at..], LogicalClusters.Header(file));
        at += RawMapHeader.Size + Unused;
        foreach (var cluster in LogicalClusters.Enumerate(file))
        {
            var entry = new RawLogicalCluster
            {
                Advice = (ushort)cluster.Type,
                BlockOrDeltas = cluster.Type == LogicalClusterType.NonHead ? (uint)(cluster.Lookback | cluster.Lookahead << 16) : cluster.Block,
            };
            MemoryMarshal.Write(destination[at..], entry);
            at += RawLogicalCluster.Size;
        }
    }
}
