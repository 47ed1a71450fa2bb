using System.Buffers.Binary;
using Roos.Core;
using Roos.Core.Bytes;
using Roos.Erofs.Format;
using Roos.Testing;

namespace Roos.Erofs.Tests;

/// <summary>Images with damaged bytes: the reader may find nothing wrong, or throw DamagedInputException, and nothing else.</summary>
public sealed class HostileImageTests
{
    [Theory]
    [InlineData(ErofsIndex.Compact, ErofsFragments.None, false, 1)]
    [InlineData(ErofsIndex.Full, ErofsFragments.None, false, 2)]
    [InlineData(ErofsIndex.Compact, ErofsFragments.Tails, false, 3)]
    [InlineData(ErofsIndex.Full, ErofsFragments.Tails, true, 4)]
    [InlineData(ErofsIndex.Compact, ErofsFragments.None, true, 5)]
    public void Bytes_changed_anywhere(ErofsIndex index, ErofsFragments fragments, bool tails, int seed)
    {
        var random = new Random(seed);
        var tree = SampleTrees.Metadata().ToBuilder();
        foreach (var size in new[] { 5000, 70_000, 300_000 }) tree.Set($"contents/{size}", new Core.Tree.RegularFile(new Core.Tree.FileMetadata(0x1a4), ByteSource.FromMemory(SampleTrees.Bytes(size, 3, size))));
        tree.Set("contents/sparse", new Core.Tree.RegularFile(new Core.Tree.FileMetadata(0x1a4), ByteSource.Concat([ByteSource.FromMemory(new byte[] { 1 }), ByteSource.Zeros(1 << 20)])));
        var options = Images.Zstd with { Index = index, ClusterSize = 1 << 16, Fragments = fragments, TailPacking = tails };
        var original = Images.Write(tree.Build(), options);
        using var plan = ErofsImage.Plan(tree.Build(), options, () => new MemorySpool(), cancellation: TestContext.Current.CancellationToken);
        var damaged = 0;
        for (var round = 0; round < 1500; round++)
        {
            var image = original.ToArray();
            for (var changes = random.Next(1, 6); changes > 0; changes--)
            {
                // Mostly metadata, where structure is; sometimes the superblock, sometimes data.
                var at = random.Next(8) switch { 0 => random.Next(1024, 1200), 1 => random.Next(image.Length), _ => random.Next(4096, (int)plan.MetadataBytes) };
                image[at] = random.Next(3) switch { 0 => (byte)random.Next(256), 1 => (byte)(image[at] ^ 1 << random.Next(8)), _ => random.Next(2) == 0 ? (byte)0 : (byte)0xff };
            }

            Seal(image);
            if (!IsSound(image)) damaged++;
        }

        Assert.InRange(damaged, 150, 1499);
    }

    [Fact]
    public void Every_truncation_is_found()
    {
        var original = Images.Write(SampleTrees.Metadata(), Images.Zstd);
        for (var length = 0; length < original.Length; length += 509)
        {
            Assert.False(IsSound(original.AsSpan(0, length).ToArray()), $"{length} bytes");
        }
    }

    [Fact]
    public void Superblock_checksum_is_checked()
    {
        var image = Images.Write(SampleTrees.Metadata(), Images.Uncompressed);
        image[1024 + 48] ^= 1; // in the UUID
        Assert.Contains("checksum", Assert.Throws<DamagedInputException>(() => ErofsReader.Open(ByteSource.FromMemory(image))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(80, 0x80, "48bit")]
    [InlineData(81, 0x1, "metabox")]
    [InlineData(81, 0x40, "0x4000")]
    [InlineData(84, 0x2, "lzma")]
    [InlineData(84, 0x10, "compression algorithm 4")]
    [InlineData(86, 0x1, "extra devices")]
    [InlineData(90, 0x1, "directory blocks")]
    public void Unsupported_features_are_named(int at, byte value, string name)
    {
        var image = Images.Write(SampleTrees.Metadata(), Images.Zstd);
        image[1024 + at] |= value;
        Seal(image);
        Assert.Contains(name, Assert.Throws<DamagedInputException>(() => ErofsReader.Open(ByteSource.FromMemory(image))).Message, StringComparison.Ordinal);
    }

    private static bool IsSound(byte[] image)
    {
        try
        {
            using var reader = ErofsReader.Open(ByteSource.FromMemory(image));
            reader.Verify(TestContext.Current.CancellationToken);
            return true;
        }
        catch (DamagedInputException)
        {
            return false;
        }
    }

    /// <summary>Makes the superblock's checksum right again, so that what is behind it is reached.</summary>
    private static void Seal(byte[] image)
    {
        image.AsSpan(1028, 4).Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(image.AsSpan(1028), Crc32C.Compute(uint.MaxValue, image.AsSpan(1024, 3072)));
    }
}
