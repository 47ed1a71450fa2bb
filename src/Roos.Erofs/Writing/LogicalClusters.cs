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

    /// <summary>The clusters of a file whose own extents lie one after another from its first block.</summary>
    public static IEnumerable<LogicalCluster> Enumerate(InodePlan file)
    {
        var block = file.FirstBlock;
        foreach (var extent in file.Compressed!.Extents)
        {
            var count = (int)ErofsFormat.BlocksFor(extent.Length);
            var first = extent.Origin is null ? block : extent.Origin.FirstBlock + (uint)extent.OriginBlock;
            if (extent.IsPlain)
            {
                for (var i = 0; i < count; i++) yield return new LogicalCluster(LogicalClusterType.Plain, first + (uint)i, 0, 0);
            }
            else
            {
                foreach (var cluster in Compressed(first, (int)extent.Blocks, count)) yield return cluster;
            }

            if (extent.Origin is null) block += (uint)extent.Blocks;
        }

        if (file.PackedLength == 0) yield break;
        // What is packed is the last extent, of no blocks; a full index has the upper half of its offset as the block.
        var upper = file.Layout == DataLayout.CompressedFull ? (uint)(file.PackedOffset!.Value >> 32) : block;
        foreach (var cluster in Compressed(upper, 0, (int)ErofsFormat.BlocksFor(file.PackedLength))) yield return cluster;
    }

    private static IEnumerable<LogicalCluster> Compressed(uint block, int blocks, int count)
    {
        // An extent that saves a block has at least two clusters, so there is a second one for its length.
        yield return new LogicalCluster(LogicalClusterType.Head1, block, 0, 0);
        if (count > 1) yield return new LogicalCluster(LogicalClusterType.NonHead, 0, blocks | ErofsFormat.BlockCountFlag, count - 1);
        for (var i = 2; i < count; i++) yield return new LogicalCluster(LogicalClusterType.NonHead, 0, Math.Min(i, FarthestLookback), count - i);
    }

    /// <summary>The header before either index.</summary>
    public static RawMapHeader Header(InodePlan file)
    {
        var advice = CompressionAdvice.BigPhysicalCluster1;
        if (file.Layout == DataLayout.CompressedCompact) advice |= CompressionAdvice.BigPhysicalCluster2 | CompressionAdvice.Compacted2B;
        if (file.PackedLength > 0) advice |= CompressionAdvice.FragmentPhysicalCluster;
        if (file.InlineSize > 0) advice |= CompressionAdvice.InlinePhysicalCluster;
        return new RawMapHeader
        {
            FragmentOffset = file.InlineSize > 0 ? (uint)file.InlineSize << 16 : unchecked((uint)(file.PackedOffset ?? 0)), // h_idata_size is its upper half
            Advice = (ushort)advice,
            Algorithms = ErofsFormat.ZstdAlgorithm,
        };
    }
}
