using Roos.Erofs.Writing;
using ZstdSharp.Unsafe;

namespace Roos.Erofs.Tests;

public sealed class ZstdParametersTests
{
    public static TheoryData<int> Levels => [.. Enumerable.Range(ZstdParameters.MinimumLevel, ZstdParameters.MaximumLevel)];

    [Theory]
    [MemberData(nameof(Levels))]
    public void Zstd_accepts_every_level_in_every_window(int level)
    {
        for (var windowLog = 10; windowLog <= 20; windowLog++)
        {
            var parameters = ZstdParameters.For(level, windowLog);
            Assert.Equal((uint)windowLog, parameters.windowLog);
            Assert.False(Methods.ZSTD_isError(Methods.ZSTD_checkCParams(parameters)), $"level {level}, window {windowLog}");
        }
    }

    [Theory]
    [MemberData(nameof(Levels))]
    public void Tables_are_not_larger_than_the_window_can_fill(int level)
    {
        for (var windowLog = 10; windowLog <= 20; windowLog++)
        {
            var parameters = ZstdParameters.For(level, windowLog);
            Assert.InRange(parameters.hashLog, 6u, windowLog + 1u);
            Assert.InRange(parameters.chainLog, 6u, windowLog + (parameters.strategy >= ZSTD_strategy.ZSTD_btlazy2 ? 1u : 0u));
        }
    }

    /// <summary>A higher level never has a weaker strategy, and within one strategy nothing is weaker and something is stronger.</summary>
    [Fact]
    public void Effort_rises_with_the_level()
    {
        for (var level = ZstdParameters.MinimumLevel; level < ZstdParameters.MaximumLevel; level++)
        {
            var lower = ZstdParameters.For(level, 20);
            var higher = ZstdParameters.For(level + 1, 20);
            Assert.True(higher.strategy >= lower.strategy, $"level {level + 1}");
            if (higher.strategy != lower.strategy) continue;

            Assert.True(higher.hashLog >= lower.hashLog && higher.chainLog >= lower.chainLog && higher.searchLog >= lower.searchLog
                && higher.minMatch <= lower.minMatch && higher.targetLength >= lower.targetLength, $"level {level + 1}");
            Assert.NotEqual(lower, higher);
        }
    }

    [Fact]
    public void Levels_out_of_range_are_the_nearest_ones()
    {
        Assert.Equal(ZstdParameters.For(1, 20), ZstdParameters.For(-5, 20));
        Assert.Equal(ZstdParameters.For(22, 20), ZstdParameters.For(99, 20));
    }
}
