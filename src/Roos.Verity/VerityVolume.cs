using Roos.Core;
using Roos.Core.Bytes;

namespace Roos.Verity;

/// <summary>Where a volume fails verification.</summary>
public enum VerityFault
{
    /// <summary>None: the data is what the root hash says.</summary>
    None,

    /// <summary>A data block does not have the digest that the leaf level holds for it.</summary>
    Data,

    /// <summary>A block of the tree does not have the digest that the level above holds for it.</summary>
    Tree,

    /// <summary>The bytes of a hash block after its last digest are not zero.</summary>
    SpareArea,

    /// <summary>The tree is consistent but its root hash is another.</summary>
    RootHash,
}

/// <summary>What verification found: the first fault, leaves before upper levels, as veritysetup reports it.</summary>
/// <param name="Fault">What is wrong.</param>
/// <param name="Position">Byte offset of the fault: in the data device for <see cref="VerityFault.Data"/>, else in the hash device.</param>
public sealed record VerityVerdict(VerityFault Fault, long Position)
{
    public bool IsValid => Fault == VerityFault.None;

    /// <summary>Number of the block at <see cref="Position"/>.</summary>
    public long Block => Position / VerityGeometry.BlockSize;

    /// <summary>One sentence; the first words are veritysetup's.</summary>
    public override string ToString() => Fault switch
    {
        VerityFault.None => "The data matches the root hash.",
        VerityFault.Data => $"Verification failed at position {Position}: data block {Block} is corrupted.",
        VerityFault.Tree => $"Verification failed at position {Position}: block {Block} of the hash device is corrupted.",
        VerityFault.SpareArea => $"Spare area is not zeroed at position {Position}.",
        _ => "Verification of root hash failed.",
    };
}

/// <summary>An existing hash device: its superblock, and the judgement on data.</summary>
public sealed class VerityVolume
{
    private readonly ByteSource _hashDevice;

    private VerityVolume(ByteSource hashDevice, VeritySuperblock superblock)
    {
        _hashDevice = hashDevice;
        Superblock = superblock;
    }

    public VeritySuperblock Superblock { get; }

    /// <summary>Reads the superblock of a hash device.</summary>
    /// <exception cref="DamagedInputException">It is no hash device.</exception>
    public static VerityVolume Open(ByteSource hashDevice) => new(hashDevice, VeritySuperblock.Read(hashDevice));

    /// <summary>Hashes the data and compares every digest of the tree, from the leaves up to the root hash.</summary>
    /// <param name="data">At least the data blocks that the superblock counts; what follows them is not looked at (the rest of a slot).</param>
    /// <param name="rootHash">32 bytes from a place that is trusted.</param>
    /// <param name="workers">Threads that hash.</param>
    /// <param name="cancellation">Ends it early.</param>
    /// <exception cref="DamagedInputException">Data or hash device are shorter than the superblock says.</exception>
    /// <exception cref="RoosException">The volume has an algorithm or block size that Roos does not verify.</exception>
    public VerityVerdict Verify(ByteSource data, ReadOnlySpan<byte> rootHash, int workers = 1, CancellationToken cancellation = default)
    {
        var expected = rootHash.ToArray();
        if (expected.Length != VerityGeometry.DigestSize) throw new RoosException($"a root hash has {VerityGeometry.DigestSize} bytes; found {expected.Length}");
        var geometry = CheckedGeometry();
        if (data.Length / VerityGeometry.BlockSize < geometry.DataBlocks) throw new DamagedInputException($"the data device must have the {geometry.DataBlocks} blocks that the verity superblock counts ({geometry.DataBlocks * VerityGeometry.BlockSize} bytes); found {data.Length} bytes");
        if (_hashDevice.Length < geometry.HashDeviceLength) throw new DamagedInputException($"the hash tree of {geometry.DataBlocks} data blocks ends at {geometry.HashDeviceLength} bytes; the hash device has {_hashDevice.Length}");
        var tree = VerityTree.Of(
            data.Slice(0, geometry.DataBlocks * VerityGeometry.BlockSize),
            new VerityOptions { Salt = Superblock.Salt, Uuid = Superblock.Uuid, Workers = workers },
            cancellation);
        for (var level = 0; level < geometry.Levels; level++)
        {
            if (FirstDifference(tree, geometry, level) is { } difference) return Explain(geometry, level, difference);
        }

        return tree.RootHash.AsSpan().SequenceEqual(expected) ? new VerityVerdict(VerityFault.None, 0) : new VerityVerdict(VerityFault.RootHash, 0);
    }

    private VerityGeometry CheckedGeometry()
    {
        if (Superblock.Algorithm != "sha256" || Superblock.HashType != 1) throw new RoosException($"Roos verifies verity volumes with sha256 and hash type 1; this one has {Superblock.Algorithm} and hash type {Superblock.HashType}: use veritysetup");
        if (Superblock.DataBlockSize != VerityGeometry.BlockSize || Superblock.HashBlockSize != VerityGeometry.BlockSize) throw new RoosException($"Roos verifies verity volumes with blocks of {VerityGeometry.BlockSize} bytes; this one has data blocks of {Superblock.DataBlockSize} and hash blocks of {Superblock.HashBlockSize}: use veritysetup");
        return new VerityGeometry(Superblock.DataBlocks);
    }

    /// <summary>Offset within the level of the first byte that is not what the data asks for, or null.</summary>
    private long? FirstDifference(VerityTree tree, VerityGeometry geometry, int level)
    {
        var buffer = new byte[VerityGeometry.BlockSize * 2];
        long at = 0;
        foreach (var chunk in tree.Level(level))
        {
            var stored = buffer.AsSpan(0, chunk.Length);
            _hashDevice.Read(geometry.OffsetOf(level) + at, stored);
            var same = stored.CommonPrefixLength(chunk);
            if (same < chunk.Length) return at + same;
            at += chunk.Length;
        }

        return null;
    }

    private static VerityVerdict Explain(VerityGeometry geometry, int level, long difference)
    {
        var digest = difference / VerityGeometry.DigestSize;
        var below = level == 0 ? geometry.DataBlocks : geometry.BlocksIn(level - 1);
        if (digest >= below) return new VerityVerdict(VerityFault.SpareArea, geometry.OffsetOf(level) + (below * VerityGeometry.DigestSize));
        return level == 0
            ? new VerityVerdict(VerityFault.Data, digest * VerityGeometry.BlockSize)
            : new VerityVerdict(VerityFault.Tree, geometry.OffsetOf(level - 1) + (digest * VerityGeometry.BlockSize));
    }
}
