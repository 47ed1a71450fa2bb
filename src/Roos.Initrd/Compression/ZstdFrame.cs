using Roos.Core;
using Roos.Core.Bytes;

namespace Roos.Initrd.Compression;

/// <summary>Finds the end of a Zstandard frame by its block headers, without unpacking it. Source: RFC 8878, 3.1.1.</summary>
internal static class ZstdFrame
{
    /// <summary>Bytes of the frame at <paramref name="start"/>.</summary>
    /// <exception cref="DamagedInputException">The frame is cut off, or a block is of a type that does not exist.</exception>
    public static long Measure(ByteSource source, long start)
    {
        var descriptor = Byte(start + 4);
        var isSingleSegment = (descriptor & 0x20) != 0;
        var at = start + 5 + (isSingleSegment ? 0 : 1);
        at += (descriptor & 3) switch { 0 => 0, 1 => 1, 2 => 2, _ => 4 }; // Dictionary_ID
        at += (descriptor >> 6) switch { 0 => isSingleSegment ? 1 : 0, 1 => 2, 2 => 4, _ => 8 }; // Frame_Content_Size
        while (true)
        {
            var header = Byte(at) | (Byte(at + 1) << 8) | (Byte(at + 2) << 16);
            var type = (header >> 1) & 3;
            if (type == 3) throw new DamagedInputException($"a Zstandard block must be raw, repeated or compressed, and that at offset {at} has the reserved type: the initrd is damaged");
            at += 3 + (type == 1 ? 1 : header >> 3);
            if ((header & 1) != 0) break;
        }

        at += (descriptor & 4) != 0 ? 4 : 0; // Content_Checksum
        if (at > source.Length) throw CutOff();
        return at - start;

        int Byte(long offset)
        {
            if (offset >= source.Length) throw CutOff();
            Span<byte> one = stackalloc byte[1];
            source.Read(offset, one);
            return one[0];
        }

        DamagedInputException CutOff() =>
            new($"a Zstandard frame must go on to its last block, and that at offset {start} does not in an initrd of {source.Length} bytes: the initrd is cut off");
    }
}
