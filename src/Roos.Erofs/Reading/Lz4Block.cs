using System.Buffers.Binary;

namespace Roos.Erofs.Reading;

/// <summary>
/// Decodes blocks of LZ4 (github.com/lz4/lz4, doc/lz4_Block_format.md). Every access is within its span whatever the bytes
/// are, and matches go no further back than the image promises the kernel, which no decoder at hand checks.
/// </summary>
internal static class Lz4Block
{
    public const int MaximumDistance = ushort.MaxValue;

    private const int ShortestMatch = 4, LengthMask = 15;

    /// <summary>Fills <paramref name="destination"/>.</summary>
    /// <param name="block">One block.</param>
    /// <param name="destination">Where it is decoded to.</param>
    /// <param name="distance">How far back matches may go.</param>
    /// <param name="isPartial">The block may decode to more, which is left out, and bytes may follow it.</param>
    /// <returns>Bytes decoded.</returns>
    /// <exception cref="InvalidDataException">The bytes are no such block.</exception>
    public static int Decode(ReadOnlySpan<byte> block, Span<byte> destination, int distance, bool isPartial)
    {
        int from = 0, to = 0;
        while (true)
        {
            var token = Next(block, ref from);
            var literals = ReadLength(block, ref from, token >> 4);
            if (isPartial) literals = Math.Min(literals, destination.Length - to);
            if (literals > block.Length - from) throw new InvalidDataException("literals go beyond the block");
            if (literals > destination.Length - to) throw new InvalidDataException("it is longer than it should be");
            block.Slice(from, literals).CopyTo(destination[to..]);
            from += literals;
            to += literals;
            if (from == block.Length || (isPartial && to == destination.Length)) return to; // the last sequence has no match

            if (block.Length - from < sizeof(ushort)) throw new InvalidDataException("it ends within a sequence");
            int back = BinaryPrimitives.ReadUInt16LittleEndian(block[from..]);
            from += sizeof(ushort);
            if (back == 0 || back > to) throw new InvalidDataException($"a match goes {back} bytes back at byte {to}");
            if (back > distance) throw new InvalidDataException($"a match goes {back} bytes back and the superblock allows {distance}");
            var length = ReadLength(block, ref from, token & LengthMask) + ShortestMatch;
            if (length > destination.Length - to)
            {
                if (!isPartial) throw new InvalidDataException("it is longer than it should be");
                length = destination.Length - to;
            }

            Repeat(destination, to, back, length);
            to += length;
            if (isPartial && to == destination.Length) return to;
        }
    }

    private static byte Next(ReadOnlySpan<byte> block, ref int from) => from < block.Length ? block[from++] : throw new InvalidDataException("it ends within a sequence");

    /// <summary>A length beyond what its half of the token holds goes on in bytes that are added up, to the first below 255.</summary>
    private static int ReadLength(ReadOnlySpan<byte> block, ref int from, int length)
    {
        if (length < LengthMask) return length;
        byte more;
        do
        {
            more = Next(block, ref from);
            length += more; // at most 255 times the block's length, which is at most 1 MiB
        }
        while (more == byte.MaxValue);
        return length;
    }

    /// <summary>A match may reach into itself: then its beginning repeats.</summary>
    private static void Repeat(Span<byte> bytes, int to, int back, int length)
    {
        while (length > 0)
        {
            var count = Math.Min(back, length);
            bytes.Slice(to - back, count).CopyTo(bytes[to..]);
            to += count;
            length -= count;
            back += count; // what was copied repeats with it
        }
    }
}
