using System.Runtime.InteropServices;
using Roos.Core;
using Roos.Core.Bytes;
using Roos.Core.Identity;

namespace Roos.Verity;

/// <summary>The hash tree of a data image: its root hash, and the hash device as an image to be written.</summary>
public sealed class VerityTree
{
    private readonly VerityGeometry _geometry;
    private readonly IReadOnlyList<byte[]>[] _levels; // leaves first; chunks of whole blocks, the last one padded

    internal VerityTree(VerityOptions options, BlockHasher hasher, VerityGeometry geometry, List<byte[]> leaves)
    {
        _geometry = geometry;
        Superblock = new VeritySuperblock(1, options.Uuid, "sha256", VerityGeometry.BlockSize, VerityGeometry.BlockSize, geometry.DataBlocks, options.Salt);
        if (geometry.Levels == 0)
        {
            _levels = [];
            RootHash = leaves[0];
            HashDevice = new HashDeviceImage(this);
            return;
        }

        PadToBlock(CollectionsMarshal.AsSpan(leaves));
        _levels = new IReadOnlyList<byte[]>[geometry.Levels];
        _levels[0] = leaves;
        for (var level = 1; level < geometry.Levels; level++)
        {
            var digests = Digests(hasher, _levels[level - 1], geometry.BlocksIn(level - 1));
            PadToBlock(digests);
            _levels[level] = digests;
        }

        RootHash = Digests(hasher, _levels[^1], 1)[0];
        HashDevice = new HashDeviceImage(this);
    }

    /// <summary>Hashes bytes that exist. Each worker reads what it hashes; memory: 256 KiB for each and 32 bytes for each block.</summary>
    /// <param name="data">A multiple of 4096 bytes and not empty.</param>
    /// <param name="options">Salt, UUID and number of workers.</param>
    /// <param name="cancellation">Ends it early.</param>
    /// <exception cref="RoosException">The data is empty or no whole number of blocks, or cannot be read, or the salt is too long.</exception>
    public static VerityTree Of(ByteSource data, VerityOptions options, CancellationToken cancellation = default)
    {
        options.Check();
        var geometry = VerityGeometry.OfData(data.Length);
        var hasher = new BlockHasher(options.Salt);
        return new VerityTree(options, hasher, geometry, SourceHashing.Leaves(data, hasher, options.Workers, cancellation));
    }

    /// <summary>32 bytes; what roothash= on the kernel command line is, as hex.</summary>
    public byte[] RootHash { get; }

    /// <summary>The root hash in lower-case hex.</summary>
    public string RootHashText => Convert.ToHexStringLower(RootHash);

    /// <summary>The hash device: superblock, then the levels from the top down.</summary>
    public IImage HashDevice { get; }

    public VeritySuperblock Superblock { get; }

    public long DataBlocks => _geometry.DataBlocks;

    /// <summary>Blocks of the hash device without its superblock.</summary>
    public long TreeBlocks => _geometry.TreeBlocks;

    /// <summary>The UUID of the data partition by which systemd-veritysetup-generator finds it: the first half of the root hash.</summary>
    public Uuid DataPartitionUuid => new(RootHash.AsSpan(0, 16));

    /// <summary>The UUID of the hash partition: the second half of the root hash.</summary>
    public Uuid HashPartitionUuid => new(RootHash.AsSpan(16, 16));

    /// <summary>The chunks of a level, whole blocks each, leaves at level 0.</summary>
    internal IReadOnlyList<byte[]> Level(int level) => _levels[level];

    private static byte[][] Digests(BlockHasher hasher, IReadOnlyList<byte[]> below, long blocks)
    {
        var result = new List<byte[]>();
        var chunk = Array.Empty<byte>();
        var filled = 0;
        foreach (var part in below)
        {
            if (filled == chunk.Length)
            {
                var left = Math.Min(blocks, VerityGeometry.DigestsPerBlock * 2L);
                blocks -= left;
                chunk = new byte[left * VerityGeometry.DigestSize];
                filled = 0;
                result.Add(chunk);
            }

            // A part has one or two blocks and a chunk an even number of digests (or is the last), so a part never straddles chunks.
            var length = part.Length / VerityGeometry.BlockSize * VerityGeometry.DigestSize;
            hasher.Hash(part, chunk.AsSpan(filled, length));
            filled += length;
        }

        return [.. result];
    }

    private static void PadToBlock(Span<byte[]> chunks)
    {
        ref var last = ref chunks[^1];
        var rest = last.Length % VerityGeometry.BlockSize;
        if (rest > 0) Array.Resize(ref last, last.Length + VerityGeometry.BlockSize - rest);
    }

    private sealed class HashDeviceImage(VerityTree tree) : IImage
    {
        public long Length => tree._geometry.HashDeviceLength;

        public void WriteTo(ImageSink sink, CancellationToken cancellation = default)
        {
            var start = sink.Position;
            sink.Write(tree.Superblock.ToArray());
            sink.PadTo(start + VerityGeometry.BlockSize);
            for (var level = tree._levels.Length - 1; level >= 0; level--)
            {
                foreach (var chunk in tree._levels[level])
                {
                    cancellation.ThrowIfCancellationRequested();
                    sink.Write(chunk);
                }
            }
        }
    }
}
