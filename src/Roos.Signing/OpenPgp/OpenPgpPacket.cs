using System.Buffers.Binary;
using Roos.Core;

namespace Roos.Signing.OpenPgp;

/// <summary>A packet of OpenPGP: a tag and a body. Numbers are big-endian. Source: RFC 9580, 4 "Packet Syntax".</summary>
/// <param name="Tag">What it is.</param>
/// <param name="Body">What follows the header.</param>
/// <param name="Start">Offset of the header in the bytes that the packet was read from.</param>
internal readonly record struct OpenPgpPacket(int Tag, ReadOnlyMemory<byte> Body, int Start = 0)
{
    public const int Signature = 2, SecretKey = 5, PublicKey = 6, Trust = 12, UserId = 13;

    /// <summary>The packet with the older of the two headers, which every reader knows.</summary>
    public byte[] ToArray()
    {
        var length = Body.Length;
        byte[] header = length switch
        {
            < 1 << 8 => [(byte)(0x80 | Tag << 2), (byte)length],
            < 1 << 16 => [(byte)(0x80 | Tag << 2 | 1), .. TwoBytes(length)],
            _ => [(byte)(0x80 | Tag << 2 | 2), .. TwoBytes(length >> 16), .. TwoBytes(length & 0xffff)],
        };
        return [.. header, .. Body.Span];
    }

    /// <summary>Reads packets one after another.</summary>
    /// <exception cref="DamagedInputException">The bytes are no packets, or packets of unknown length, which keys and signatures do not have.</exception>
    public static IReadOnlyList<OpenPgpPacket> Read(ReadOnlyMemory<byte> bytes, string name)
    {
        var packets = new List<OpenPgpPacket>();
        for (var at = 0; at < bytes.Length;)
        {
            var rest = bytes.Span[at..];
            var (tag, header, length) = ReadHeader(rest) ?? throw new DamagedInputException($"{name}: an OpenPGP packet begins at offset {at}; something else is there");
            if (length > rest.Length - header) throw new DamagedInputException($"{name}: the OpenPGP packet at offset {at} has {length} bytes, and {rest.Length - header} are there");
            packets.Add(new OpenPgpPacket(tag, bytes.Slice(at + header, (int)length), at));
            at += header + (int)length;
        }

        return packets;
    }

    private static (int Tag, int Header, uint Length)? ReadHeader(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < 2 || (bytes[0] & 0x80) == 0) return null;
        if ((bytes[0] & 0x40) == 0)
        {
            var tag = bytes[0] >> 2 & 0xf;
            return (bytes[0] & 3) switch
            {
                0 => (tag, 2, bytes[1]),
                1 when bytes.Length >= 3 => (tag, 3, BinaryPrimitives.ReadUInt16BigEndian(bytes[1..])),
                2 when bytes.Length >= 5 => (tag, 5, BinaryPrimitives.ReadUInt32BigEndian(bytes[1..])),
                _ => null,
            };
        }

        return bytes[1] switch
        {
            < 192 => (bytes[0] & 0x3f, 2, bytes[1]),
            < 224 when bytes.Length >= 3 => (bytes[0] & 0x3f, 3, (uint)((bytes[1] - 192 << 8) + bytes[2] + 192)),
            255 when bytes.Length >= 6 => (bytes[0] & 0x3f, 6, BinaryPrimitives.ReadUInt32BigEndian(bytes[2..])),
            _ => null,
        };
    }

    /// <summary>A number with its length in bits before it (RFC 9580, 3.2).</summary>
    public static byte[] Number(ReadOnlySpan<byte> bigEndian)
    {
        var value = bigEndian.TrimStart((byte)0);
        var bits = value.IsEmpty ? 0 : (value.Length * 8) - System.Numerics.BitOperations.LeadingZeroCount((uint)value[0]) + 24;
        return [.. TwoBytes(bits), .. value];
    }

    /// <summary>A length, or what else has two bytes.</summary>
    public static byte[] TwoBytes(int value) => [(byte)(value >> 8), (byte)(value & 0xff)];

    /// <summary>A greater length, or a time.</summary>
    public static byte[] FourBytes(uint value) => [.. TwoBytes((int)(value >> 16)), .. TwoBytes((int)(value & 0xffff))];

    /// <summary>Takes a number from the front of <paramref name="bytes"/>; null where there is none.</summary>
    public static byte[]? TakeNumber(ref ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < 2) return null;
        var length = (BinaryPrimitives.ReadUInt16BigEndian(bytes) + 7) / 8;
        if (bytes.Length - 2 < length) return null;
        var number = bytes.Slice(2, length).ToArray();
        bytes = bytes[(2 + length)..];
        return number;
    }
}
