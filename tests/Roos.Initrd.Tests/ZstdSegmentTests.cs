using Roos.Core;
using Roos.Core.Bytes;
using Roos.Initrd.Compression;

namespace Roos.Initrd.Tests;

public sealed class ZstdSegmentTests
{
    [Fact]
    public void The_number_of_workers_does_not_change_the_bytes()
    {
        var data = Compressible(20 << 20);
        var image = new SourceImage(ByteSource.FromMemory(data));
        using var one = ZstdSegment.Compress(image, 3, 1, () => new MemorySpool());
        foreach (var workers in (int[])[2, 5])
        {
            using var many = ZstdSegment.Compress(image, 3, workers, () => new MemorySpool());
            Assert.True(one.ToArray().AsSpan().SequenceEqual(many.ToArray()), $"{workers} workers");
        }

        using var plain = new ZstdSharp.DecompressionStream(one.OpenRead());
        using var result = new MemoryStream();
        plain.CopyTo(result);
        Assert.True(result.ToArray().AsSpan().SequenceEqual(data));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(511)]
    [InlineData((512 << 10) - 1)]
    [InlineData(512 << 10)]
    [InlineData((8 << 20) - 1)]
    [InlineData(8 << 20)]
    [InlineData((8 << 20) + 1)]
    public void It_is_one_frame_at_every_size(int size)
    {
        var data = Compressible(size);
        using var spool = ZstdSegment.Compress(new SourceImage(ByteSource.FromMemory(data)), 1, 2, () => new MemorySpool());
        var bytes = spool.ToArray();
        Assert.Equal([0x28, 0xb5, 0x2f, 0xfd], bytes[..4]);
        Assert.Equal(bytes.Length, FrameLength(bytes));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(23)]
    public void Levels_that_do_not_exist_are_refused(int level) =>
        Assert.Contains("must be 1 to 22", Assert.Throws<RoosException>(() => ZstdSegment.Compress(new SourceImage(ByteSource.Empty), level, 1, () => new MemorySpool())).Message, StringComparison.Ordinal);

    [Fact]
    public void The_window_is_never_larger_than_8_MiB()
    {
        var data = Compressible(9 << 20);
        using var spool = ZstdSegment.Compress(new SourceImage(ByteSource.FromMemory(data)), 22, 2, () => new MemorySpool());
        var bytes = spool.ToArray();
        Assert.Equal(0, bytes[4] & 0x20); // not a single segment, so there is a window descriptor (RFC 8878, 3.1.1.1.2)
        var exponent = bytes[5] >> 3;
        Assert.True((1L << (10 + exponent)) / 8 * (8 + (bytes[5] & 7)) <= 8 << 20);
    }

    /// <summary>Length of the first frame: RFC 8878, 3.1.1.</summary>
    private static int FrameLength(byte[] bytes)
    {
        var descriptor = bytes[4];
        var singleSegment = (descriptor & 0x20) != 0;
        var at = 5 + (singleSegment ? 0 : 1) + ((int[])[0, 1, 2, 4])[descriptor & 3] + ((int[])[singleSegment ? 1 : 0, 2, 4, 8])[descriptor >> 6];
        while (true)
        {
            var header = bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16);
            at += 3 + (((header >> 1) & 3) == 1 ? 1 : header >> 3);
            if ((header & 1) != 0) return at + ((descriptor & 4) != 0 ? 4 : 0);
        }
    }

    private static byte[] Compressible(int size)
    {
        var result = new byte[size];
        var random = new Random(7);
        for (var i = 0; i < size; i++) result[i] = (byte)(i % 97 < 40 ? random.Next(16) : i / 1000 % 256);
        return result;
    }
}
