using Roos.Erofs.Format;

namespace Roos.Erofs.Writing;

/// <summary>What an index says of 4 KiB of a file, before it is packed.</summary>
/// <param name="Type">Where an extent begins, or that it goes on.</param>
/// <param name="Block">HEAD and PLAIN: first block of the extent.</param>
/// <param name="Lookback">NONHEAD: distance to the HEAD, or the extent's blocks with BlockCountFlag in its first.</param>
/// <param name="Lookahead">NONHEAD: distance to the next HEAD or the end.</param>
internal readonly record struct LogicalCluster(LogicalClusterType Type, uint Block, int Lookback, int Lookahead)
{
    public bool HasBlockCount => Type == LogicalClusterType.NonHead && (Lookback & ErofsFormat.BlockCountFlag) != 0;
}

internal static class LogicalClusters
{
    private const int FarthestLookback = ErofsFormat.BlockCountFlag - 1; // more takes several hops

    /// <summary>The clusters of a file whose extents lie one after another from <paramref name="firstBlock"/>.</summary>
    public static IEnumerable<LogicalCluster> Enumerate(IReadOnlyList<Extent> extents, uint firstBlock)
    {
        var block = firstBlock;
        foreach (var extent in extents)
        {
            var count = (int)ErofsFormat.BlocksFor(extent.Length);
            if (extent.IsPlain)
            {
                for (var i = 0; i < count; i++) yield return new LogicalCluster(LogicalClusterType.Plain, block + (uint)i, 0, 0);
            }
            else
            {
                // An extent that saves a block has at least two clusters, so there is a second one for its length.
                yield return new LogicalCluster(LogicalClusterType.Head1, block, 0, 0);
                yield return new LogicalCluster(LogicalClusterType.NonHead, 0, (int)extent.Blocks | ErofsFormat.BlockCountFlag, count - 1);
                for (var i = 2; i < count; i++) yield return new LogicalCluster(LogicalClusterType.NonHead, 0, Math.Min(i, FarthestLookback), count - i);
            }

            block += (uint)extent.Blocks;
        }
    }

    /// <summary>The header before either index.</summary>
    public static RawMapHeader Header(ErofsIndex index)
    {
        var advice = CompressionAdvice.BigPhysicalCluster1;
        if (index == ErofsIndex.Compact) advice |= CompressionAdvice.BigPhysicalCluster2 | CompressionAdvice.Compacted2B;
        return new RawMapHeader { Advice = (ushort)advice, Algorithms = ErofsFormat.ZstdAlgorithm };
    }
}
