using System.Buffers.Binary;
using System.Security.Cryptography;
using Roos.Erofs.Format;

namespace Roos.Erofs.Writing;

/// <summary>
/// A compressed unit as the cache keeps it: SHA-256 of the key and of what follows; for each run, the number of extents and, of each, its
/// length and stored length (32-bit little-endian); then the stored bytes.
/// </summary>
internal static class CachedUnit
{
    /// <summary>Changes with everything that changes the bytes of extents and is not part of the key otherwise.</summary>
    private const int FormatVersion = 2;

    /// <summary>What decides the result: everything that compression is told, and the contents.</summary>
    public static byte[] Key(CompressionUnit unit, ErofsOptions options, ReadOnlySpan<byte> contents)
    {
        var parameters = ZstdParameters.For(options.EffectiveLevel, options.WindowLog);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> number = stackalloc byte[4];
        Add(FormatVersion, number);
        Add((int)parameters.strategy, number);
        Add((int)parameters.windowLog, number);
        Add((int)parameters.chainLog, number);
        Add((int)parameters.hashLog, number);
        Add((int)parameters.searchLog, number);
        Add((int)parameters.minMatch, number);
        Add((int)parameters.targetLength, number);
        Add(ZstdParameters.SplitsBlocks(options.EffectiveLevel) ? 1 : 0, number);
        Add(options.MaximumExtentSize, number);
        Add(options.TailPacking ? 1 : 0, number);
        Add(unit.Runs.Count, number);
        foreach (var run in unit.Runs)
        {
            Add(run.Length, number);
            Add(run.ClusterSize, number);
            Add(run.IsLast ? 1 : 0, number);
        }

        hash.AppendData(contents);
        return hash.GetHashAndReset();

        void Add(int value, Span<byte> buffer)
        {
            BinaryPrimitives.WriteInt32LittleEndian(buffer, value);
            hash.AppendData(buffer);
        }
    }

    public static byte[] Serialize(byte[] key, UnitResult result)
    {
        var value = new byte[SHA256.HashSizeInBytes + result.Extents.Sum(extents => 4 + 8 * extents.Count) + result.StoredLength];
        var at = SHA256.HashSizeInBytes;
        foreach (var extents in result.Extents)
        {
            Add(extents.Count);
            foreach (var extent in extents)
            {
                Add(extent.Length);
                Add(extent.Stored);
            }
        }

        result.Stored.AsSpan(0, result.StoredLength).CopyTo(value.AsSpan(at));
        Digest(key, value).CopyTo(value, 0);
        return value;

        void Add(int number)
        {
            BinaryPrimitives.WriteInt32LittleEndian(value.AsSpan(at), number);
            at += sizeof(int);
        }
    }

    /// <summary>With the key, so that an entry that has come under another one's name is none.</summary>
    private static byte[] Digest(byte[] key, ReadOnlySpan<byte> value)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(key);
        hash.AppendData(value[SHA256.HashSizeInBytes..]);
        return hash.GetHashAndReset();
    }

    /// <summary>Null where the value is not what <see cref="Serialize"/> made for such a unit.</summary>
    public static UnitResult? TryParse(byte[] key, byte[] value, CompressionUnit unit)
    {
        if (value.Length < SHA256.HashSizeInBytes || !Digest(key, value).AsSpan().SequenceEqual(value.AsSpan(0, SHA256.HashSizeInBytes))) return null;
        var at = SHA256.HashSizeInBytes;
        var result = new IReadOnlyList<Extent>[unit.Runs.Count];
        long stored = 0;
        for (var i = 0; i < result.Length; i++)
        {
            if (value.Length - at < sizeof(int)) return null;
            var count = Next();
            if (count < 0 || count > (value.Length - at) / 8) return null;
            var extents = new List<Extent>(count);
            long length = 0;
            for (var j = 0; j < count; j++)
            {
                var extent = new Extent(Next(), Next());
                if (extent.Length <= 0 || extent.Stored < 0 || extent.Stored > ErofsFormat.MaximumPhysicalCluster) return null;
                extents.Add(extent);
                length += extent.Length;
                stored += extent.Stored;
            }

            if (length != unit.Runs[i].Length) return null;
            result[i] = extents;
        }

        if (value.Length - at != stored) return null;
        value.AsSpan(at).CopyTo(value); // to its beginning, where the stored bytes are expected
        return new UnitResult(result, value, (int)stored, IsRented: false);

        int Next()
        {
            var number = BinaryPrimitives.ReadInt32LittleEndian(value.AsSpan(at));
            at += sizeof(int);
            return number;
        }
    }
}
