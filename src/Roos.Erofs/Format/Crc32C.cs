using System.Buffers.Binary;
using System.Numerics;

namespace Roos.Erofs.Format;

/// <summary>CRC-32C (Castagnoli) as the kernel's <c>crc32c()</c> computes it: no inversion at either end.</summary>
internal static class Crc32C
{
    public static uint Compute(uint seed, ReadOnlySpan<byte> bytes)
    {
        var crc = seed;
        for (; bytes.Length >= 8; bytes = bytes[8..]) crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        foreach (var b in bytes) crc = BitOperations.Crc32C(crc, b);
        return crc;
    }
}
