using CsCheck;
using Roos.Core;
using Roos.Core.Bytes;
using Roos.Initrd.Compression;
using Roos.Initrd.Cpio;

namespace Roos.Initrd.Tests;

public sealed class InitrdReaderTests
{
    private static readonly byte[] Plain = CpioImage.Plan(Trees.Everything(), Trees.Late).ToArray();

    [Fact]
    public void Archives_follow_one_another_with_zeros_between()
    {
        byte[] packed = Packed();
        byte[] initrd = [.. Plain, 0, 0, 0, 0, .. packed, 0, .. packed, .. new byte[5000], .. new byte[(4 - ((packed.Length * 2) + 1 + 5000) % 4) % 4], .. Plain, 0x1f, 0x8b, 1, 2, 3];
        var segments = InitrdReader.Read(ByteSource.FromMemory(initrd));
        Assert.Equal(
            [InitrdCompression.None, InitrdCompression.Zstd, InitrdCompression.Zstd, InitrdCompression.None, InitrdCompression.Gzip],
            segments.Select(segment => segment.Compression));
        Assert.Equal([Plain.Length, packed.Length, packed.Length, Plain.Length, 5], segments.Select(segment => (int)segment.Bytes.Length));
        using var unpacked = ZstdSegment.Decompress(segments[1].Bytes, 1 << 20, () => new MemorySpool());
        Assert.Equal(Plain, unpacked.ToArray());
    }

    [Fact]
    public void An_initrd_that_grows_too_much_is_refused() =>
        Assert.Throws<DamagedInputException>(() => ZstdSegment.Decompress(ByteSource.FromMemory(Packed()), 100, () => new MemorySpool()));

    [Fact]
    public void Nothing_but_zeros_is_no_archive() => Assert.Empty(InitrdReader.Read(ByteSource.Zeros(10_000)));

    [Fact]
    public void What_is_no_archive_is_told_with_its_place()
    {
        byte[] initrd = [.. Plain, (byte)'x'];
        Assert.Contains($"offset {Plain.Length}", Assert.Throws<DamagedInputException>(() => InitrdReader.Read(ByteSource.FromMemory(initrd))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_damaged_initrd_gives_an_error_and_nothing_else()
    {
        byte[] valid = [.. Plain, .. Packed()];
        Gen.Select(Gen.Int[0, valid.Length - 1], Gen.Byte, Gen.Int[0, valid.Length * 2]).Sample((at, value, length) =>
        {
            var bytes = valid[..Math.Min(length, valid.Length)];
            if (at < bytes.Length) bytes[at] = value;
            try
            {
                foreach (var segment in InitrdReader.Read(ByteSource.FromMemory(bytes)))
                {
                    if (segment.Compression == InitrdCompression.Zstd) ZstdSegment.Decompress(segment.Bytes, 1 << 20, () => new MemorySpool()).Dispose();
                }
            }
            catch (RoosException)
            {
                // What may be thrown.
            }
        });
    }

    private static byte[] Packed()
    {
        using var spool = ZstdSegment.Compress(new SourceImage(ByteSource.FromMemory(Plain)), 3, 1, () => new MemorySpool());
        return spool.ToArray();
    }
}
