using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Roos.Core;
using Roos.Core.Bytes;
using Roos.Core.Identity;

namespace Roos.Verity;

/// <summary>
/// What the first block of a dm-verity hash device says (<c>struct verity_sb</c> of cryptsetup's lib/verity/verity.c).
/// </summary>
/// <param name="HashType">1: the salt comes before the block; 0: the original Chrome OS form.</param>
/// <param name="Uuid">Names the volume; not part of any hash.</param>
/// <param name="Algorithm">Digest name as the kernel's crypto layer spells it.</param>
/// <param name="DataBlockSize">Bytes, a power of two.</param>
/// <param name="HashBlockSize">Bytes, a power of two.</param>
/// <param name="DataBlocks">Number of data blocks.</param>
/// <param name="Salt">0 to 256 bytes.</param>
public sealed record VeritySuperblock(uint HashType, Uuid Uuid, string Algorithm, uint DataBlockSize, uint HashBlockSize, long DataBlocks, byte[] Salt)
{
    /// <summary>Bytes of the structure; the rest of its block is zero.</summary>
    public const int Length = 512;

    /// <summary>Reads a superblock.</summary>
    /// <exception cref="DamagedInputException">There is none, or its values are impossible.</exception>
    public static VeritySuperblock Read(ByteSource hashDevice)
    {
        if (!IsPresent(hashDevice)) throw new DamagedInputException($"not a valid VERITY device: a superblock begins with \"verity\" and has {Length} bytes");
        Span<byte> bytes = stackalloc byte[Length];
        hashDevice.Read(0, bytes);
        ref readonly var raw = ref MemoryMarshal.AsRef<RawVeritySuperblock>(bytes);
        if (raw.Version != 1) throw new DamagedInputException($"verity superblock: the version at offset 8 must be 1; found {raw.Version}");
        if (raw.HashType > 1) throw new DamagedInputException($"verity superblock: the hash type at offset 12 must be 0 or 1; found {raw.HashType}");
        if (raw.SaltSize > VerityGeometry.MaximumSaltSize) throw new DamagedInputException($"verity superblock: the salt size at offset 80 is at most {VerityGeometry.MaximumSaltSize}; found {raw.SaltSize}");
        ulong blocks = raw.DataBlocks;
        if (blocks is 0 or > long.MaxValue) throw new DamagedInputException($"verity superblock: the number of data blocks at offset 72 is impossible: {blocks}");
        ReadOnlySpan<byte> algorithm = raw.Algorithm;
        var end = algorithm.IndexOf((byte)0);
        if (end < 1 || algorithm[..end].ContainsAnyExceptInRange((byte)0x21, (byte)0x7e)) throw new DamagedInputException("verity superblock: the algorithm at offset 32 must be a name in ASCII that ends with NUL");
        return new VeritySuperblock(
            raw.HashType,
            new Uuid(raw.Uuid),
            Encoding.ASCII.GetString(algorithm[..end]),
            BlockSize(raw.DataBlockSize, "data", 64),
            BlockSize(raw.HashBlockSize, "hash", 68),
            (long)blocks,
            ((ReadOnlySpan<byte>)raw.Salt)[..raw.SaltSize.Value].ToArray());
    }

    /// <summary>True where the bytes begin like a hash device.</summary>
    public static bool IsPresent(ByteSource source)
    {
        if (source.Length < Length) return false;
        Span<byte> magic = stackalloc byte[8];
        source.Read(0, magic);
        return magic.SequenceEqual(RawVeritySuperblock.Magic);
    }

    /// <summary>The 512 bytes.</summary>
    internal byte[] ToArray()
    {
        var bytes = new byte[Length];
        ref var raw = ref MemoryMarshal.AsRef<RawVeritySuperblock>(bytes.AsSpan());
        RawVeritySuperblock.Magic.CopyTo(raw.Signature);
        raw.Version = 1;
        raw.HashType = HashType;
        Uuid.ToArray().CopyTo(raw.Uuid);
        Encoding.ASCII.GetBytes(Algorithm, raw.Algorithm);
        raw.DataBlockSize = DataBlockSize;
        raw.HashBlockSize = HashBlockSize;
        raw.DataBlocks = (ulong)DataBlocks;
        raw.SaltSize = (ushort)Salt.Length;
        Salt.CopyTo(raw.Salt);
        return bytes;
    }

    private static uint BlockSize(uint size, string what, int offset) =>
        size is >= 512 and <= 1 << 19 && uint.IsPow2(size)
            ? size
            : throw new DamagedInputException($"verity superblock: the {what} block size at offset {offset} must be a power of two from 512 to 524288; found {size}");
}

/// <summary><c>struct verity_sb</c>, little-endian, 512 bytes.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct RawVeritySuperblock
{
    public Bytes8 Signature;      // signature: "verity" NUL NUL
    public Le32 Version;          // version: 1
    public Le32 HashType;         // hash_type: 1 = salt first
    public Bytes16 Uuid;          // uuid, in string order
    public Bytes32 Algorithm;     // algorithm, NUL-padded
    public Le32 DataBlockSize;    // data_block_size
    public Le32 HashBlockSize;    // hash_block_size
    public Le64 DataBlocks;       // data_blocks
    public Le16 SaltSize;         // salt_size
    public Bytes6 Padding1;       // _pad1
    public Bytes256 Salt;         // salt
    public Bytes168 Padding2;     // _pad2

    public static ReadOnlySpan<byte> Magic => "verity\0\0"u8;

    [InlineArray(6)]
    public struct Bytes6
    {
        private byte _first;
    }

    [InlineArray(8)]
    public struct Bytes8
    {
        private byte _first;
    }

    [InlineArray(16)]
    public struct Bytes16
    {
        private byte _first;
    }

    [InlineArray(32)]
    public struct Bytes32
    {
        private byte _first;
    }

    [InlineArray(168)]
    public struct Bytes168
    {
        private byte _first;
    }

    [InlineArray(256)]
    public struct Bytes256
    {
        private byte _first;
    }
}
