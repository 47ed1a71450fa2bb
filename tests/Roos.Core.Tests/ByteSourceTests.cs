using CsCheck;
using Roos.Core.Bytes;
using Roos.Testing;

namespace Roos.Core.Tests;

public sealed class ByteSourceTests
{
    [Fact]
    public void A_slice_of_a_concatenation_of_slices_has_the_bytes_that_an_array_would_have() =>
        Gen.Select(Gen.Byte.Array[0, 50].Array[1, 6], Gen.Double[0, 1], Gen.Double[0, 1]).Sample((parts, a, b) =>
        {
            var whole = parts.SelectMany(part => part).ToArray();
            var source = ByteSource.Concat([.. parts.Select(part => ByteSource.FromMemory(part))]);
            Assert.Equal(whole.Length, source.Length);
            var start = (int)(a * whole.Length);
            var length = (int)(b * (whole.Length - start));
            Assert.Equal(whole.AsSpan(start, length).ToArray(), source.Slice(start, length).ToArray());
        });

    [Theory]
    [InlineData(-1, 1)]
    [InlineData(0, 5)]
    [InlineData(4, 1)]
    [InlineData(long.MaxValue, 1)]
    public void Reading_outside_is_refused(long offset, int count) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => ByteSource.FromMemory(new byte[4]).Read(offset, new byte[count]));

    [Fact]
    public void Holes_are_known_through_slices_and_concatenations()
    {
        var source = ByteSource.Concat([ByteSource.FromMemory(new byte[10]), ByteSource.Zeros(1L << 40), ByteSource.FromMemory(new byte[1])]);
        Assert.True(source.IsHole(10, 1L << 40));
        Assert.False(source.IsHole(9, 5));
        Assert.False(source.IsHole(10, (1L << 40) + 1));
        Assert.True(source.Slice(20, 100).IsHole(0, 100));
    }

    [Fact]
    public void A_file_is_read_at_any_offset_and_a_missing_one_is_named()
    {
        using var scratch = new ScratchFolder();
        File.WriteAllBytes(scratch["data"], [1, 2, 3, 4, 5]);
        using var source = FileSource.Open(scratch["data"]);
        Assert.Equal([3, 4], source.Slice(2, 2).ToArray());
        Assert.Equal([2, 3, 4, 5], source.Slice(1, 4).OpenRead().ReadAll());
        var error = Assert.Throws<RoosException>(() => FileSource.Open(scratch["nothing"]));
        Assert.Contains(scratch["nothing"], error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_shrinks_while_it_is_read_is_an_error()
    {
        using var scratch = new ScratchFolder();
        File.WriteAllBytes(scratch["data"], new byte[100]);
        using var source = FileSource.Open(scratch["data"]);
        using (var stream = new FileStream(scratch["data"], FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete)) stream.SetLength(10);
        Assert.Throws<RoosException>(() => source.ToArray());
    }

    [Fact]
    public void Spools_give_back_what_was_appended()
    {
        using var spool = new MemorySpool();
        Assert.Equal(0, spool.Append([1, 2, 3]));
        Assert.Equal(3, spool.Append([4]));
        Assert.Equal([1, 2, 3, 4], spool.ToArray());
    }
}

internal static class StreamExtensions
{
    public static byte[] ReadAll(this Stream stream)
    {
        using var memory = new MemoryStream();
        stream.CopyTo(memory);
        return memory.ToArray();
    }
}
