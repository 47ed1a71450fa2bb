using Roos.Erofs.Reading;

namespace Roos.Erofs.Tests;

/// <summary>Blocks of LZ4 made by hand from the description of the format, and broken ones.</summary>
public sealed class Lz4BlockTests
{
    [Theory]
    [InlineData("00", "")]
    [InlineData("30616263", "abc")] // 3 literals
    [InlineData("1061", "a")]
    [InlineData("1461010050" + "6262626262", "aaaaaaaaabbbbb")] // a, then 8 from 1 back; 5 literals
    [InlineData("306162630300" + "00", "abcabca")] // a match of 4, then no literals
    [InlineData("306162630300", null)] // a match at the end
    [InlineData("32616263030010" + "78", "abcabcabcx")] // 6 from 3 back: a match into itself
    [InlineData("f0006161616161616161616161616161" + "61", "aaaaaaaaaaaaaaa")] // 15 + 0 literals
    [InlineData("1f61010000" + "1062", "aaaaaaaaaaaaaaaaaaaab")] // 4 + 15 + 0 from 1 back
    public void Are_decoded(string block, string? expected)
    {
        var bytes = Convert.FromHexString(block);
        if (expected is null)
        {
            Assert.Throws<InvalidDataException>(() => Lz4Block.Decode(bytes, new byte[100], Lz4Block.MaximumDistance, isPartial: false));
            return;
        }

        var destination = new byte[100];
        Assert.Equal(expected.Length, Lz4Block.Decode(bytes, destination, Lz4Block.MaximumDistance, isPartial: false));
        Assert.Equal(expected, System.Text.Encoding.ASCII.GetString(destination, 0, expected.Length));
        for (var length = 1; length < expected.Length; length++)
        {
            // Only the beginning is wanted; without saying so it is an error.
            Assert.Equal(length, Lz4Block.Decode(bytes, destination.AsSpan(0, length), Lz4Block.MaximumDistance, isPartial: true));
            Assert.Equal(expected[..length], System.Text.Encoding.ASCII.GetString(destination, 0, length));
            Assert.Throws<InvalidDataException>(() => Lz4Block.Decode(bytes, new byte[length], Lz4Block.MaximumDistance, isPartial: false));
        }
    }

    [Theory]
    [InlineData("", "ends within")]
    [InlineData("40616263", "beyond the block")]
    [InlineData("f0", "ends within")]
    [InlineData("f0ff", "ends within")]
    [InlineData("106101", "ends within")]
    [InlineData("10610000", "0 bytes back")]
    [InlineData("10610200", "2 bytes back")]
    [InlineData("000100", "beyond the block|bytes back")]
    [InlineData("1f610100ffffff", "ends within")]
    [InlineData("1f610100ffffff0000", "longer")]
    public void That_are_damaged_are_refused(string block, string reason)
    {
        var error = Assert.Throws<InvalidDataException>(() => Lz4Block.Decode(Convert.FromHexString(block), new byte[64], Lz4Block.MaximumDistance, isPartial: false));
        Assert.Matches(reason, error.Message);
    }

    [Fact]
    public void Matches_go_no_further_back_than_the_superblock_says()
    {
        var block = Convert.FromHexString("306162630300" + "1078");
        Assert.Equal(8, Lz4Block.Decode(block, new byte[8], 3, isPartial: false));
        Assert.Throws<InvalidDataException>(() => Lz4Block.Decode(block, new byte[8], 2, isPartial: false));
    }

    [Fact]
    public void Any_bytes_are_decoded_or_refused()
    {
        var random = new Random(4);
        var destination = new byte[5000];
        var refused = 0;
        for (var round = 0; round < 100_000; round++)
        {
            var block = new byte[random.Next(1, 80)];
            random.NextBytes(block);
            if (random.Next(2) == 0) block[0] = (byte)(random.Next(1, 16) << 4 | random.Next(16));
            try
            {
                Assert.InRange(Lz4Block.Decode(block, destination.AsSpan(0, random.Next(5000)), 65535, random.Next(2) == 0), 0, 5000);
            }
            catch (InvalidDataException)
            {
                refused++;
            }
        }

        Assert.InRange(refused, 10_000, 99_999);
    }
}
