using Roos.Core;
using Roos.Core.Bytes;
using Roos.Core.Compression;
using Roos.Testing;

namespace Roos.Interop.Tests.Tar;

/// <summary>What gzip, bzip2, xz and zstd compress is what Roos decompresses, and what is damaged is refused.</summary>
public sealed class CompressedInputTests
{
    private static readonly byte[] Data = MakeData();

    public static TheoryData<string, string> Tools => new()
    {
        { "gzip", "-1" }, { "gzip", "-9" }, { "bzip2", "-1" }, { "bzip2", "-9" }, { "xz", "-0" }, { "xz", "-6" }, { "xz", "-1 --check=crc32" }, { "xz", "-1 --check=sha256" },
        { "xz", "-1 --check=none" }, { "xz", "-1 --block-size=100000" }, { "xz", "-1 --x86 --lzma2=preset=1" }, { "xz", "-9e" }, { "zstd", "-3" }, { "zstd", "-19 --no-check" }, { "zstd", "--ultra -22 --long=27" },
    };

    [Theory]
    [MemberData(nameof(Tools))]
    public void What_the_tool_compresses_is_decompressed(string tool, string options)
    {
        using var scratch = new ScratchFolder();
        var compressed = Compress(scratch, tool, options, Data);
        Assert.Equal(Data, Open(compressed));
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("bzip2")]
    [InlineData("xz")]
    [InlineData("zstd")]
    public void Members_one_after_another_are_one_input(string tool)
    {
        using var scratch = new ScratchFolder();
        byte[] compressed = [.. Compress(scratch, tool, "-1", Data[..100_000]), .. Compress(scratch, tool, "-1", []), .. Compress(scratch, tool, "-2", Data[100_000..])];
        Assert.Equal(Data, Open(compressed));
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("bzip2")]
    [InlineData("xz")]
    [InlineData("zstd")]
    public void What_is_cut_off_is_refused(string tool)
    {
        using var scratch = new ScratchFolder();
        var compressed = Compress(scratch, tool, "-1", Data);
        for (var cut = 1; cut < 20; cut++) Assert.Throws<DamagedInputException>(() => Open(compressed[..^cut]));
        for (var length = 20; length < compressed.Length; length += compressed.Length / 17) Assert.Throws<DamagedInputException>(() => Open(compressed[..length]));
    }

    /// <summary>A changed byte gives an error, or (in a field that says nothing about the data) the data; never other data.</summary>
    [Theory]
    [InlineData("gzip", "-1")]
    [InlineData("bzip2", "-1")]
    [InlineData("xz", "-1")]
    [InlineData("xz", "-1 --check=crc32")]
    [InlineData("xz", "-1 --check=sha256")]
    [InlineData("zstd", "-1")]
    public void What_is_corrupt_is_refused(string tool, string options)
    {
        using var scratch = new ScratchFolder();
        var data = Data[..50_000];
        var compressed = Compress(scratch, tool, options, data);
        for (var at = 6; at < compressed.Length; at += at < 40 || at > compressed.Length - 60 ? 1 : compressed.Length / 150)
        {
            var bytes = (byte[])compressed.Clone();
            bytes[at] ^= (byte)(1 << (at % 8));
            try
            {
                Assert.True(data.AsSpan().SequenceEqual(Open(bytes)), $"{tool}: a changed byte at {at} of {compressed.Length} gave other data");
            }
            catch (DamagedInputException)
            {
                // refused
            }
        }
    }

    [Fact]
    public void What_is_not_compressed_is_the_source_itself()
    {
        var source = ByteSource.FromMemory(Data);
        Assert.Same(source, CompressedInput.Open(source, () => throw new InvalidOperationException("no spool is needed")));
        Assert.Equal(Compression.None, CompressedInput.Detect(ByteSource.Empty));
    }

    private static byte[] Open(byte[] compressed)
    {
        using var spool = new MemorySpool();
        return CompressedInput.Open(ByteSource.FromMemory(compressed), () => spool).ToArray();
    }

    private static byte[] Compress(ScratchFolder scratch, string tool, string options, byte[] data)
    {
        File.WriteAllBytes(scratch["data"], data);
        Judge.Host(tool).Must([.. options.Split(' '), "-k", "-f", scratch["data"]]);
        var result = Directory.GetFiles(scratch.Path).Single(path => path != scratch["data"]);
        var bytes = File.ReadAllBytes(result);
        File.Delete(result);
        return bytes;
    }

    private static byte[] MakeData()
    {
        var random = new Random(7);
        var result = new byte[700_000];
        for (var i = 0; i < result.Length; i++) result[i] = i % 5000 < 1500 ? (byte)random.Next(256) : (byte)((i / 7 % 26) + 'a');
        return result;
    }
}
