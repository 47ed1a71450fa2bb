using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using CsCheck;
using Roos.Core;
using Roos.Core.Bytes;

namespace Roos.Verity.Tests;

public sealed class VerityTreeTests
{
    [Fact]
    public void The_superblock_has_512_bytes() => Assert.Equal(VeritySuperblock.Length, Unsafe.SizeOf<RawVeritySuperblock>());

    /// <summary>Root hash and digest of the whole hash device from <c>veritysetup format --salt=0001…1f --uuid=11111111-2222-4333-8444-555555555555</c> (2.6.1).</summary>
    [Theory]
    [InlineData(1, "287394a9cb92483bb87414f10ba0ee09ea62c706b9049829fdc1b712ba76cee2", "643ebfd7e434c656e232d08859d2f5bdc84022dd72a3246c5ddcda59f65ec070")]
    [InlineData(2, "e307a090c09a51b0d6ac10e41440fc01ed96bcb6c1bfd9492db7e3e776481ccb", "f6b89393ae3cdfc1e47f9bd4a0ba1089fd1cf4d4635e58904a99a631ff17ab95")]
    [InlineData(127, "dc34d63129b7a5de71f1e7c12f54c31e3785db36a8b8d1950dbc1f6c064fa9ca", "36b1259c064aaa93fe460d1e90df0210fae4cea1cc46a39f6e9ce4420bbdc0d0")]
    [InlineData(128, "4c25277073ceb11b1a77b87a428be3062229a1f0b2b6e4f67c34684a192f58ac", "c579aec6c3d96e4de00de4685d3c01fee5ffa24a681c8771543832bad47da16c")]
    [InlineData(129, "0b30719ba4e23a47191b64172d908711d0bdb205167ecd57eb70426bc6b13b32", "7012597edd03ae377984a764615d97efb515dcd4246858b44a9dc94a6e481f0d")]
    [InlineData(16384, "1ad17dd997b74bd3d9dcded09a5e04bd8eb8f2caf498c847e610702708a7996a", "29c343db3d3f0ed80dd3e6632f994ea6d2751b40ab6ec5d334be645eb8267cd7")]
    [InlineData(16385, "86e38d32ce009b3811e94c003b94bce114d38fca0304fd973ef240a770a1c838", "15a6277f8b4eca99a287a4751060fd5cda9253f261f8c1d7e8adab99174b2d23")]
    public void Trees_are_those_of_veritysetup(int blocks, string rootHash, string deviceDigest)
    {
        var tree = Pattern.Tree(Pattern.Blocks(blocks), workers: 2);
        var device = tree.HashDevice.ToArray();
        Assert.Equal(rootHash, tree.RootHashText);
        Assert.Equal(deviceDigest, Convert.ToHexStringLower(SHA256.HashData(device)));
        Assert.Equal(tree.HashDevice.Length, device.Length);
        Assert.Equal(blocks, tree.DataBlocks);
        Assert.Equal(rootHash[..32], tree.DataPartitionUuid.ToHex());
        Assert.Equal(rootHash[32..], tree.HashPartitionUuid.ToHex());
    }

    [Fact]
    public void The_salt_may_be_empty() =>
        Assert.Equal("68f36a64784c94dc42f885aff8a3706b47da46e156e94ac0c174345929729d7b", Convert.ToHexStringLower(VerityRootHash.Compute(Pattern.Source(Pattern.Blocks(129)), [])));

    [Fact]
    public void Every_byte_of_the_smallest_device_has_its_place()
    {
        var device = Pattern.Tree(Pattern.Blocks(1)).HashDevice.ToArray();
        Assert.Equal(4096, device.Length);
        Assert.Equal("verity\0\0"u8.ToArray(), device[..8]);                                  // signature
        Assert.Equal<byte>([1, 0, 0, 0, 1, 0, 0, 0], device[8..16]);                          // version, hash type
        Assert.Equal("11111111222243338444555555555555", Convert.ToHexStringLower(device[16..32])); // UUID in string order
        Assert.Equal("sha256"u8.ToArray(), device[32..38]);                                   // algorithm
        Assert.All(device[38..64], b => Assert.Equal(0, b));
        Assert.Equal<byte>([0, 16, 0, 0, 0, 16, 0, 0], device[64..72]);                       // data and hash block size
        Assert.Equal<byte>([1, 0, 0, 0, 0, 0, 0, 0], device[72..80]);                         // data blocks
        Assert.Equal<byte>([32, 0, 0, 0, 0, 0, 0, 0], device[80..88]);                        // salt size, padding
        Assert.Equal(Pattern.Salt, device[88..120]);                                          // salt
        Assert.All(device[120..], b => Assert.Equal(0, b));
    }

    [Fact]
    public void The_tree_does_not_depend_on_workers_or_on_how_the_data_arrives() =>
        Gen.Select(Gen.Int[1, 1200], Gen.Int[1, 5], Gen.Int[1, 300_000], Gen.Int[0, 1200], Gen.Int[0, 1200]).Sample(
            (blocks, workers, step, zeroStart, zeroLength) =>
            {
                var data = Pattern.Blocks(blocks);
                var from = Math.Min(zeroStart, blocks) * 4096;
                var to = Math.Min(from + (zeroLength * 4096), data.Length);
                data.AsSpan(from, to - from).Clear();
                var sink = new VeritySink(new VerityOptions { Salt = Pattern.Salt, Uuid = Core.Identity.Uuid.Parse("11111111-2222-4333-8444-555555555555"), Workers = workers });
                for (var at = 0; at < from; at += step) sink.Write(data.AsSpan(at, Math.Min(step, from - at)));
                sink.WriteZeros(to - from);
                for (var at = to; at < data.Length; at += step) sink.Write(data.AsSpan(at, Math.Min(step, data.Length - at)));
                return sink.Complete().HashDevice.ToArray().AsSpan().SequenceEqual(Pattern.Tree(data).HashDevice.ToArray());
            },
            iter: 60);

    [Fact]
    public void Zeros_are_hashed_once_whatever_their_number()
    {
        var sink = new VeritySink(new VerityOptions { Salt = Pattern.Salt });
        sink.WriteZeros(64L << 30); // would take minutes block by block
        var tree = sink.Complete();
        Assert.Equal(64L << 18, tree.DataBlocks);
        Assert.Equal(new VerityGeometry(64L << 18).HashDeviceLength, tree.HashDevice.Length);
    }

    [Theory]
    [InlineData(0, "empty")]
    [InlineData(1, "multiple of 4096")]
    [InlineData(4095, "multiple of 4096")]
    [InlineData(4097, "multiple of 4096")]
    public void Data_must_be_whole_blocks(int length, string rule)
    {
        var sink = new VeritySink(new VerityOptions { Salt = [] });
        sink.Write(new byte[length]);
        Assert.Contains(rule, Assert.Throws<RoosException>(sink.Complete).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_salt_has_at_most_256_bytes()
    {
        Assert.Equal(32, VerityRootHash.Compute(Pattern.Source(new byte[4096]), new byte[256]).Length);
        Assert.Throws<RoosException>(() => VerityRootHash.Compute(Pattern.Source(new byte[4096]), new byte[257]));
    }

    /// <summary>From a source and through a sink: the same devices, for whole and partial batches and reads.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(63)]
    [InlineData(64)]
    [InlineData(255)]
    [InlineData(256)]
    [InlineData(257)]
    [InlineData(1000)]
    public void A_source_has_the_tree_of_its_bytes(int blocks)
    {
        var data = Pattern.Blocks(blocks);
        var expected = Pattern.Tree(data);
        for (var workers = 1; workers <= 7; workers += 2)
        {
            var tree = VerityTree.Of(Pattern.Source(data), new VerityOptions { Salt = Pattern.Salt, Uuid = expected.Superblock.Uuid, Workers = workers });
            Assert.Equal(expected.HashDevice.ToArray(), tree.HashDevice.ToArray());
        }
    }

    [Fact]
    public void Holes_of_a_source_are_not_read()
    {
        var tree = VerityTree.Of(ByteSource.Concat([ByteSource.Zeros(3 << 20), Pattern.Source(Pattern.Blocks(5)), ByteSource.Zeros(1 << 20)]), new VerityOptions { Salt = Pattern.Salt, Workers = 2 });
        var sink = new VeritySink(new VerityOptions { Salt = Pattern.Salt });
        sink.WriteZeros(3 << 20);
        sink.Write(Pattern.Blocks(5));
        sink.WriteZeros(1 << 20);
        Assert.Equal(sink.Complete().RootHashText, tree.RootHashText);
    }

    /// <summary>One worker or several: what a source throws arrives as it was thrown, and cancelling ends the work.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void A_source_that_fails_ends_the_hashing(int workers)
    {
        var options = new VerityOptions { Salt = Pattern.Salt, Workers = workers };
        Assert.Equal("gone", Assert.Throws<RoosException>(() => VerityTree.Of(new FailingSource(), options)).Message);
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();
        Assert.ThrowsAny<OperationCanceledException>(() => VerityTree.Of(Pattern.Source(Pattern.Blocks(300)), options, cancelled.Token));
        Assert.Contains("multiple of 4096", Assert.Throws<RoosException>(() => VerityTree.Of(Pattern.Source(new byte[100]), options)).Message, StringComparison.Ordinal);
        Assert.Contains("empty", Assert.Throws<RoosException>(() => VerityTree.Of(ByteSource.Empty, options)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_stream_is_hashed_from_where_it_is()
    {
        var data = Pattern.Blocks(300);
        using var stream = new MemoryStream(data) { Position = 4096 };
        Assert.Equal(VerityRootHash.Compute(Pattern.Source(data).Slice(4096, data.Length - 4096), Pattern.Salt), VerityRootHash.Compute(stream, Pattern.Salt));
    }

    [Theory]
    [InlineData(64L << 20, 532_480)]      // systemd-repart 257: 128 + 1 + 1 blocks
    [InlineData(4L << 30, 33_824_768)]    // 8192 + 64 + 1 + 1
    [InlineData(10L << 30, 84_557_824)]   // systemd's TEST-58-REPART
    [InlineData(4096, 8192)]
    public void Hash_partitions_are_as_large_as_systemd_repart_makes_them(long slot, long expected) =>
        Assert.Equal(expected, VerityGeometry.HashPartitionLength(slot));

    private sealed class FailingSource : ByteSource
    {
        public override long Length => 64 << 20;

        protected override void ReadCore(long offset, Span<byte> destination) => throw new RoosException("gone");
    }
}
