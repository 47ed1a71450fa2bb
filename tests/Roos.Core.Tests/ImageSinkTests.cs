using System.Security.Cryptography;
using Roos.Core.Bytes;
using Roos.Testing;

namespace Roos.Core.Tests;

public sealed class ImageSinkTests
{
    [Fact]
    public void Zeros_become_holes_of_a_file_and_bytes_of_a_stream_that_cannot_seek()
    {
        using var scratch = new ScratchFolder();
        using (var file = File.Create(scratch["sparse"]))
        {
            var sink = new StreamSink(file);
            sink.Write([1]);
            sink.WriteZeros(1L << 33);
            sink.Write([2]);
            sink.WriteZeros(5);
            sink.Complete();
            Assert.Equal((1L << 33) + 7, sink.Position);
        }

        Assert.Equal((1L << 33) + 7, new FileInfo(scratch["sparse"]).Length);
        using var source = FileSource.Open(scratch["sparse"]);
        Assert.Equal([2, 0, 0, 0, 0, 0], source.Slice((1L << 33) + 1, 6).ToArray());
        Assert.Equal([0, 0], source.Slice(1L << 33, 1).ToArray().Append((byte)0));
    }

    [Fact]
    public void Zeros_over_old_bytes_are_written_out()
    {
        using var stream = new MemoryStream([9, 9, 9, 9]);
        var sink = new StreamSink(stream);
        sink.WriteZeros(2);
        sink.Write([1]);
        sink.Complete();
        Assert.Equal([0, 0, 1, 9], stream.ToArray());
    }

    [Fact]
    public void A_tee_gives_every_sink_the_same_bytes()
    {
        using var memory = new MemoryStream();
        using var digest = new Sha256Sink();
        var file = new StreamSink(memory);
        var tee = new TeeSink(file, digest);
        tee.Write("abc"u8);
        tee.WriteZeros(100_000);
        tee.PadTo(100_010);
        file.Complete();
        Assert.Equal(100_010, memory.Length);
        Assert.Equal(SHA256.HashData(memory.ToArray()), digest.GetDigest());
    }

    [Fact]
    public void Padding_backwards_is_refused()
    {
        var sink = new StreamSink(new MemoryStream());
        sink.Write([1, 2, 3]);
        Assert.Throws<ArgumentOutOfRangeException>(() => sink.PadTo(2));
    }
}
