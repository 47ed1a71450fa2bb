using System.Collections.Concurrent;
using Roos.Core.Bytes;
using Roos.Core.Tree;
using Roos.Testing;

namespace Roos.Erofs.Tests;

/// <summary>With and without the cache, sound or damaged: the same bytes; and what has not changed is not compressed again.</summary>
public sealed class CacheTests
{
    public static TheoryData<ErofsFragments, bool, int> Forms => new()
    {
        { ErofsFragments.None, false, 1 << 20 },
        { ErofsFragments.None, true, 1 << 14 },
        { ErofsFragments.Tails, false, 1 << 20 },
        { ErofsFragments.All, false, 1 << 16 },
    };

    [Theory]
    [MemberData(nameof(Forms))]
    public void Nothing_changed_compresses_nothing(ErofsFragments fragments, bool tailPacking, int cluster)
    {
        var cache = new MemoryCache();
        var options = Images.Zstd with { Fragments = fragments, TailPacking = tailPacking, ClusterSize = cluster, Workers = 2 };
        var tree = SampleTrees.Contents();
        var without = Images.Write(tree, options);
        var cold = Images.Write(tree, options with { Cache = cache });
        Assert.Equal(without, cold);
        Assert.NotEqual(0, cache.Written);
        cache.Written = 0;
        Assert.Equal(without, Images.Write(tree, options with { Cache = cache }));
        Assert.Equal(0, cache.Written);
    }

    [Fact]
    public void One_changed_file_compresses_only_what_is_packed_with_it()
    {
        foreach (var fragments in new[] { ErofsFragments.None, ErofsFragments.Tails })
        {
            var cache = new MemoryCache();
            var options = Images.Zstd with { Level = 1, Fragments = fragments, Cache = cache };
            Images.Write(Many(changed: -1, 0), options);
            var all = cache.Written;
            Assert.InRange(all, 5, 200);
            foreach (var change in new[] { 5000, 1, -3000 })
            {
                cache.Written = 0;
                var tree = Many(changed: 1234, change);
                var image = Images.Write(tree, options);
                // Its own unit; and, since it has another length, at most the next one.
                Assert.InRange(cache.Written, 1, 2);
                Assert.Equal(Images.Write(tree, options with { Cache = null }), image);
            }
        }

        static FileTree Many(int changed, int change)
        {
            var tree = new FileTreeBuilder();
            for (var i = 0; i < 3000; i++)
            {
                var length = 10_000 + (i == changed ? change : 0);
                tree.Set($"d{i % 20}/file{i}.txt", new RegularFile(new FileMetadata(0x1a4), ByteSource.FromMemory(SampleTrees.Bytes(i, 1, length))));
            }

            return tree.Build();
        }
    }

    [Fact]
    public void Options_that_change_extents_have_their_own_entries()
    {
        var cache = new MemoryCache();
        var tree = SampleTrees.Contents();
        var zstd = Images.Zstd with { Cache = cache };
        foreach (var options in new[] { zstd, zstd with { Level = 9 }, zstd with { ClusterSize = 1 << 15 }, zstd with { MaximumExtentSize = 1 << 18 }, zstd with { TailPacking = true }, zstd with { Hint = _ => 8192 } })
        {
            cache.Written = 0;
            Assert.Equal(Images.Write(tree, options with { Cache = null }), Images.Write(tree, options));
            Assert.NotEqual(0, cache.Written);
        }
    }

    [Fact]
    public void What_does_not_have_its_digest_is_not_used()
    {
        var cache = new MemoryCache();
        var options = Images.Zstd with { Fragments = ErofsFragments.Tails, ClusterSize = 1 << 16, Cache = cache };
        var tree = SampleTrees.Contents();
        var expected = Images.Write(tree, options);
        var sound = cache.Entries.ToArray();
        Func<byte[], byte[], byte[]>[] edits =
        [
            (_, _) => [],
            (_, value) => value[..31],
            (_, value) => value[..32],
            (_, value) => value[..^1],
            (_, value) => [.. value, 0],
            (_, value) => Flip(value, 0),
            (_, value) => Flip(value, 32),
            (_, value) => Flip(value, 40),
            (_, value) => Flip(value, value.Length - 1),
            (key, value) => Sealed(key, [.. value.AsSpan(32), 0]), // right digests of wrong shapes
            (key, value) => Sealed(key, value[32..^1]),
            (key, value) => Sealed(key, Flip(value[32..], 0)),
            (key, value) => Sealed(key, Flip(value[32..], 3)),
            (key, value) => Sealed(key, Flip(value[32..], 7)),
            (key, value) => Sealed(key, Flip(value[32..], 11)),
            (key, _) => Sealed(key, []),
        ];
        foreach (var edit in edits)
        {
            cache.Entries.Clear();
            foreach (var (key, value) in sound) cache.Entries[key] = edit(key.Span.ToArray(), value);
            Assert.Equal(expected, Images.Write(tree, options));
        }

        // Entries under each other's keys.
        cache.Entries.Clear();
        for (var i = 0; i < sound.Length; i++) cache.Entries[sound[i].Key] = sound[(i + 1) % sound.Length].Value;
        Assert.Equal(expected, Images.Write(tree, options));
    }

    private static byte[] Flip(byte[] value, int at)
    {
        var result = value.ToArray();
        result[at] ^= 0x40;
        return result;
    }

    private static byte[] Sealed(byte[] key, byte[] payload) => [.. System.Security.Cryptography.SHA256.HashData([.. key, .. payload]), .. payload];

    private sealed class MemoryCache : CompressionCache
    {
        private int _written;

        public ConcurrentDictionary<ByteString, byte[]> Entries { get; } = [];

        public int Written
        {
            get => _written;
            set => _written = value;
        }

        public override byte[]? TryRead(ReadOnlySpan<byte> key)
        {
            Assert.Equal(32, key.Length);
            return Entries.TryGetValue(new ByteString(key), out var value) ? [.. value] : null;
        }

        public override void Write(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
        {
            Interlocked.Increment(ref _written);
            Entries[new ByteString(key)] = value.ToArray();
        }
    }
}
