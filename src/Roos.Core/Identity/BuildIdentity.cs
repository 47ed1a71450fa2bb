using System.Buffers.Binary;
using System.Security.Cryptography;
using Roos.Core.Tree;

namespace Roos.Core.Identity;

/// <summary>
/// The only place where time and randomness enter a build: both are given, never taken from the machine.
/// </summary>
/// <param name="SourceDateEpoch">No file in an image is younger; seconds since 1970-01-01 UTC.</param>
/// <param name="Seed">From it every UUID and salt is derived.</param>
public sealed record BuildIdentity(long SourceDateEpoch, Seed Seed)
{
    public Timestamp Clock => new(SourceDateEpoch, 0);
}

/// <summary>
/// Derives UUIDs and salts as systemd-repart 257 does (<c>derive_uuid()</c> in repart.c and id128): HMAC-SHA256 keyed with
/// the seed's 16 bytes in string order, the first 16 bytes stamped as a version 4 UUID.
/// </summary>
public readonly record struct Seed(Uuid Value)
{
    /// <summary>The GUID of the disk.</summary>
    public Uuid DiskUuid => Derive(Value, "disk-uuid"u8);

    /// <summary>The UUID in the verity superblock.</summary>
    public Uuid VerityUuid => Derive(Value, "verity-uuid"u8);

    /// <summary>The salt of every verity volume of this seed, 32 bytes.</summary>
    public byte[] VeritySalt => Hmac(Value, "verity-salt"u8);

    /// <summary>The UUID of the n-th partition of a type, counted from 0 over the definitions of that type.</summary>
    public Uuid PartitionUuid(Uuid partitionType, int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        Span<byte> message = stackalloc byte[24];
        partitionType.ToArray().CopyTo(message);
        if (index == 0) return Derive(Value, message[..16]);
        BinaryPrimitives.WriteUInt64LittleEndian(message[16..], (ulong)index);
        return Derive(Value, message);
    }

    /// <summary>The UUID of the file system in a partition. For verity data the key is the seed-derived partition UUID, not the one from the root hash.</summary>
    public static Uuid FileSystemUuid(Uuid partitionUuid) => Derive(partitionUuid, "file-system-uuid"u8);

    /// <summary>A version 4 UUID from HMAC-SHA256(<paramref name="key"/>, <paramref name="message"/>).</summary>
    public static Uuid Derive(Uuid key, ReadOnlySpan<byte> message)
    {
        var bytes = Hmac(key, message).AsSpan(0, 16);
        bytes[6] = (byte)((bytes[6] & 0x0f) | 0x40);
        bytes[8] = (byte)((bytes[8] & 0x3f) | 0x80);
        return new Uuid(bytes);
    }

    private static byte[] Hmac(Uuid key, ReadOnlySpan<byte> message) => HMACSHA256.HashData(key.ToArray(), message);
}
