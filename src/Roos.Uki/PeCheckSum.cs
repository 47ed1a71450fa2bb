using System.Numerics;
using System.Runtime.InteropServices;
using Roos.Core.Bytes;

namespace Roos.Uki;

/// <summary>
/// CheckSum of a PE file: the sum of its little-endian 16-bit words with the carries added in again, CheckSum itself taken as 0,
/// plus the file's length. Source: <c>CheckSumMappedFile</c> of Windows, which the "PE Format" refers to.
/// </summary>
internal static class PeCheckSum
{
    private const int ChunkSize = 1 << 17;

    /// <param name="file">All of the file, with 0 for CheckSum.</param>
    public static uint Compute(ByteSource file)
    {
        var buffer = new byte[ChunkSize];
        ulong sum = 0;
        for (long at = 0; at < file.Length;)
        {
            var count = (int)Math.Min(buffer.Length, file.Length - at);
            file.Read(at, buffer.AsSpan(0, count));
            at += count;
            if (count % sizeof(uint) != 0) buffer.AsSpan(count, sizeof(uint) - (count % sizeof(uint))).Clear();
            sum += Sum(buffer.AsSpan(0, (count + sizeof(uint) - 1) / sizeof(uint) * sizeof(uint)));
        }

        while (sum > ushort.MaxValue) sum = (sum & ushort.MaxValue) + (sum >> 16);
        return unchecked((uint)((long)sum + file.Length));
    }

    /// <summary>
    /// The sum of 32-bit words: it has the same remainder modulo 65535 as that of the 16-bit words, which is what adding carries in
    /// again makes of it.
    /// </summary>
    private static ulong Sum(ReadOnlySpan<byte> bytes)
    {
        if (!BitConverter.IsLittleEndian) return SumOneByOne(bytes);
        var words = MemoryMarshal.Cast<byte, uint>(bytes);
        var vectors = MemoryMarshal.Cast<uint, Vector<uint>>(words);
        var sums = Vector<ulong>.Zero;
        foreach (var vector in vectors)
        {
            Vector.Widen(vector, out var low, out var high);
            sums += low + high;
        }

        return Vector.Sum(sums) + SumOneByOne(bytes[(vectors.Length * Vector<byte>.Count)..]);
    }

    private static ulong SumOneByOne(ReadOnlySpan<byte> bytes)
    {
        ulong sum = 0;
        foreach (var word in MemoryMarshal.Cast<byte, Le32>(bytes)) sum += word.Value;
        return sum;
    }
}
