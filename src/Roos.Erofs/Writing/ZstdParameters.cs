using ZstdSharp.Unsafe;

namespace Roos.Erofs.Writing;

/// <summary>
/// The parameters of zstd behind the levels 1 to 22, chosen for extents of 0.2 to 12 MiB in a window of at most 1 MiB.
/// </summary>
/// <remarks>
/// <para>
/// zstd's own tables (ZSTD_defaultCParameters in clevels.h) are made for windows of up to 128 MiB. In a window of 1 MiB most
/// of a large table costs without gain: it is cleared for every frame, and it does not stay in the processor's caches.
/// </para>
/// <para>
/// Measured on the files of a trixie minimal tree packed by kind, in clusters of 1 MiB, with ZstdSharp 0.8.8; sizes are exact,
/// times the least of three runs on a busy machine. zstd's level 3 takes 1.2 to 1.3 times as long as the row below and
/// gives 1.4 % less. Around its level 9 (lazy2) it takes 1.3 times as long as lazy in smaller tables, for 1 % less. Its
/// level 15 is, for inputs over 256 KiB, a binary tree with lazy parsing (btlazy2): three times as long as its level 12 for
/// 1 % less. Here lazy2 goes on to level 15, with blocks that are split after the search for matches (a whole tree: 37.8 MB in
/// 5.3 s, where level 9 gives 39.0 in 2.5), and optimal parsing (btopt) follows in small trees (37.0 MB in 17 s).
/// </para>
/// <para>
/// Shortest matches of 4 bytes instead of 5 gain 1 % with the lazy strategies (5 % in clusters of 64 KiB), of 3 bytes instead
/// of 4 gain 3 to 4 % with optimal parsing. Not every row was measured: 7, 8 and 13 are put between their neighbours.
/// </para>
/// </remarks>
internal static class ZstdParameters
{
    public const int MinimumLevel = 1;

    public const int MaximumLevel = 22;

    /// <summary>
    /// Parameters for a level and a window of 2^<paramref name="windowLog"/> bytes, 10 to 20. Levels out of range are
    /// taken as the nearest one. Tables are never larger than the window can fill.
    /// </summary>
    public static ZSTD_compressionParameters For(int level, int windowLog)
    {
        var row = Level(Math.Clamp(level, MinimumLevel, MaximumLevel));
        var window = (uint)windowLog;
        var pairs = row.strategy >= ZSTD_strategy.ZSTD_btlazy2 ? 1u : 0u; // a node of a binary tree has two entries
        row.windowLog = window;
        row.hashLog = Math.Min(row.hashLog, window + 1);
        row.chainLog = Math.Min(row.chainLog, window + pairs);
        return row;
    }

    /// <summary>
    /// Whether blocks are split once more where their statistics change: 1 to 2 % less, for a time that only the slower levels
    /// do not feel.
    /// </summary>
    public static bool SplitsBlocks(int level) => level >= 10;

    /// <summary>The chain table is used by dfast (as its table of short matches) and by the binary trees only.</summary>
    private static ZSTD_compressionParameters Level(int level) => level switch
    {
        1 => Row(ZSTD_strategy.ZSTD_fast, hash: 15, chain: 15, search: 1, match: 5, target: 0),
        2 => Row(ZSTD_strategy.ZSTD_dfast, hash: 15, chain: 14, search: 1, match: 5, target: 0),
        3 => Row(ZSTD_strategy.ZSTD_dfast, hash: 16, chain: 15, search: 1, match: 5, target: 0),
        4 => Row(ZSTD_strategy.ZSTD_dfast, hash: 17, chain: 16, search: 1, match: 5, target: 0),
        5 => Row(ZSTD_strategy.ZSTD_greedy, hash: 18, chain: 18, search: 2, match: 5, target: 8),
        6 => Row(ZSTD_strategy.ZSTD_lazy, hash: 18, chain: 18, search: 2, match: 5, target: 8),
        7 => Row(ZSTD_strategy.ZSTD_lazy, hash: 18, chain: 18, search: 3, match: 5, target: 8),
        8 => Row(ZSTD_strategy.ZSTD_lazy, hash: 18, chain: 18, search: 3, match: 4, target: 8),
        9 => Row(ZSTD_strategy.ZSTD_lazy, hash: 19, chain: 19, search: 3, match: 4, target: 8),
        10 => Row(ZSTD_strategy.ZSTD_lazy2, hash: 19, chain: 19, search: 3, match: 4, target: 16),
        11 => Row(ZSTD_strategy.ZSTD_lazy2, hash: 19, chain: 19, search: 4, match: 4, target: 16),
        12 => Row(ZSTD_strategy.ZSTD_lazy2, hash: 19, chain: 19, search: 5, match: 4, target: 16),
        13 => Row(ZSTD_strategy.ZSTD_lazy2, hash: 20, chain: 20, search: 5, match: 4, target: 32),
        14 => Row(ZSTD_strategy.ZSTD_lazy2, hash: 20, chain: 20, search: 6, match: 4, target: 32),
        15 => Row(ZSTD_strategy.ZSTD_lazy2, hash: 21, chain: 20, search: 6, match: 4, target: 32),
        16 => Row(ZSTD_strategy.ZSTD_btopt, hash: 17, chain: 17, search: 2, match: 3, target: 16),
        17 => Row(ZSTD_strategy.ZSTD_btopt, hash: 18, chain: 18, search: 3, match: 3, target: 24),
        18 => Row(ZSTD_strategy.ZSTD_btopt, hash: 19, chain: 19, search: 4, match: 3, target: 64),
        19 => Row(ZSTD_strategy.ZSTD_btultra2, hash: 19, chain: 20, search: 6, match: 3, target: 128),
        20 => Row(ZSTD_strategy.ZSTD_btultra2, hash: 20, chain: 21, search: 6, match: 3, target: 256),
        21 => Row(ZSTD_strategy.ZSTD_btultra2, hash: 20, chain: 21, search: 7, match: 3, target: 256),
        _ => Row(ZSTD_strategy.ZSTD_btultra2, hash: 20, chain: 21, search: 8, match: 3, target: 512),
    };

    private static ZSTD_compressionParameters Row(ZSTD_strategy strategy, uint hash, uint chain, uint search, uint match, uint target) =>
        new() { strategy = strategy, hashLog = hash, chainLog = chain, searchLog = search, minMatch = match, targetLength = target };
}
