using Roos.Core;

namespace Roos.Verity;

/// <summary>
/// How many blocks a dm-verity hash device has, and where its levels lie. Everything is counted in blocks of 4096 bytes
/// and SHA-256 digests of 32, so 128 digests fill a hash block.
/// Source: the kernel's Documentation/admin-guide/device-mapper/verity.rst and cryptsetup's on-disk format page.
/// </summary>
public sealed class VerityGeometry
{
    /// <summary>Bytes in a data block and in a hash block.</summary>
    public const int BlockSize = 4096;

    /// <summary>Bytes in a SHA-256 digest.</summary>
    public const int DigestSize = 32;

    /// <summary>Digests in a hash block.</summary>
    public const int DigestsPerBlock = BlockSize / DigestSize;

    /// <summary>The longest salt that the superblock has room for, in bytes.</summary>
    public const int MaximumSaltSize = 256;

    private const long MaximumDataBlocks = long.MaxValue / BlockSize / 2; // hash device and data stay addressable with a long

    private readonly long[] _blocks; // per level, leaves first

    /// <param name="dataBlocks">Number of data blocks, at least 1.</param>
    /// <exception cref="RoosException">There is no block, or more than can be addressed.</exception>
    public VerityGeometry(long dataBlocks)
    {
        if (dataBlocks < 1) throw new RoosException($"dm-verity needs at least one data block of {BlockSize} bytes; found {dataBlocks}");
        if (dataBlocks > MaximumDataBlocks) throw new RoosException($"a dm-verity device has at most {MaximumDataBlocks} data blocks; found {dataBlocks}");
        DataBlocks = dataBlocks;
        var levels = new List<long>();
        for (var below = dataBlocks; below > 1;)
        {
            below = (below + DigestsPerBlock - 1) / DigestsPerBlock;
            levels.Add(below);
            TreeBlocks += below;
        }

        _blocks = [.. levels];
    }

    /// <summary>The geometry for data of this many bytes.</summary>
    /// <exception cref="RoosException">It is empty or no whole number of blocks.</exception>
    internal static VerityGeometry OfData(long length)
    {
        if (length == 0) throw new RoosException($"dm-verity needs at least one data block of {BlockSize} bytes; the data is empty");
        if (length % BlockSize != 0) throw new RoosException($"the data of a dm-verity volume must be a multiple of {BlockSize} bytes; found {length}: pad it with zeros");
        return new VerityGeometry(length / BlockSize);
    }

    public long DataBlocks { get; }

    /// <summary>Levels of the tree; 0 for a single data block, whose own digest is then the root hash.</summary>
    public int Levels => _blocks.Length;

    /// <summary>Blocks of all levels, without the superblock.</summary>
    public long TreeBlocks { get; }

    /// <summary>Bytes of the hash device: the superblock's block and the tree.</summary>
    public long HashDeviceLength => (TreeBlocks + 1) * BlockSize;

    /// <summary>Blocks in a level; 0 is the leaf level, the digests of the data blocks.</summary>
    public long BlocksIn(int level) => _blocks[level];

    /// <summary>Byte offset of a level in the hash device: the top level comes first, the leaves last.</summary>
    public long OffsetOf(int level)
    {
        long block = 1;
        for (var above = level + 1; above < _blocks.Length; above++) block += _blocks[above];
        return block * BlockSize;
    }

    /// <summary>
    /// Length of the hash partition that serves a data slot of this size whatever is put into it, as systemd-repart 257
    /// computes it where Minimize= is off: the hash device of a full slot.
    /// </summary>
    /// <param name="dataSlotLength">Bytes of the data slot (its SizeMaxBytes=); rounded up to whole blocks.</param>
    /// <exception cref="RoosException">The slot is empty.</exception>
    public static long HashPartitionLength(long dataSlotLength)
    {
        var full = new VerityGeometry((dataSlotLength / BlockSize) + (dataSlotLength % BlockSize > 0 ? 1 : 0));
        return Math.Max(full.HashDeviceLength, 2 * BlockSize); // calculate_verity_hash_size() counts a root block for a single data block too
    }
}
