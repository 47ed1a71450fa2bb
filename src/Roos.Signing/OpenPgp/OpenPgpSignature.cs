using System.Buffers.Binary;
using Roos.Core;
using Roos.Core.Bytes;

namespace Roos.Signing.OpenPgp;

/// <summary>
/// A detached signature over a file, binary: what <c>gpg --detach-sign</c> makes and gpgv takes. Version 4, RSA, SHA-256.
/// Source: RFC 9580, 5.2 "Signature Packet".
/// </summary>
public sealed class OpenPgpSignature
{
    internal const byte Sha256 = 8, KeyFlags = 27, PreferredHashes = 21, PositiveCertification = 0x13;

    private const int MostBytes = 64 << 10;
    private const byte Version = 4, Rsa = 1, RsaSignOnly = 3, BinaryDocument = 0, CreationTimeSubpacket = 2, IssuerSubpacket = 16, IssuerFingerprintSubpacket = 33;

    private readonly byte[] _head;
    private readonly byte[] _number;

    private OpenPgpSignature(byte[] head, byte[] number, DateTimeOffset creationTime) => (_head, _number, CreationTime) = (head, number, creationTime);

    public DateTimeOffset CreationTime { get; }

    /// <summary>Prepares a signature. Complete gives the packet.</summary>
    /// <param name="data">What is signed.</param>
    /// <param name="key">Whose signature it will be.</param>
    /// <param name="time">To the second; not before the key was made.</param>
    public static ToBeSigned Prepare(ByteSource data, OpenPgpKey key, DateTimeOffset time)
    {
        byte[] fingerprint = [.. key.Fingerprint];
        var head = Head(BinaryDocument, time, fingerprint, []);
        return Waiting(Digest(data, head), head, fingerprint, signature => signature);
    }

    /// <summary>Reads a signature, binary or ASCII-armoured.</summary>
    /// <exception cref="DamagedInputException">It is none, or of another kind than this class writes.</exception>
    public static OpenPgpSignature Read(ReadOnlySpan<byte> bytes, string name = "OpenPGP signature")
    {
        if (bytes.Length > MostBytes) throw new DamagedInputException($"{name}: a signature has at most {MostBytes} bytes; found {bytes.Length}");
        var packets = OpenPgpPacket.Read(OpenPgpArmor.Remove(bytes, name), name);
        if (packets.Count != 1 || packets[0].Tag != OpenPgpPacket.Signature) throw new DamagedInputException($"{name}: a detached signature is one OpenPGP packet with tag 2; found {(packets.Count == 1 ? $"tag {packets[0].Tag}" : $"{packets.Count} packets")}");
        var body = packets[0].Body.Span;
        if (body.Length < 6 || body[0] != Version) throw new DamagedInputException($"{name}: the signature must be of version 4");
        if (body[1] != BinaryDocument) throw new DamagedInputException($"{name}: the signature must be over a file (type 0x00); found type 0x{body[1]:x2}");
        if (body[2] is not (Rsa or RsaSignOnly) || body[3] != Sha256) throw new DamagedInputException($"{name}: the signature must be made with RSA and SHA-256; found algorithms {body[2]} and {body[3]} of OpenPGP");
        var hashed = BinaryPrimitives.ReadUInt16BigEndian(body[4..]);
        if (body.Length < 6 + hashed + 2) throw Damaged(name);
        var head = body[..(6 + hashed)];
        var rest = body[(6 + hashed)..];
        var unhashed = BinaryPrimitives.ReadUInt16BigEndian(rest);
        if (rest.Length < 2 + unhashed + 2) throw Damaged(name);
        rest = rest[(2 + unhashed + 2)..];
        if (OpenPgpPacket.TakeNumber(ref rest) is not { } number || !rest.IsEmpty) throw Damaged(name);
        return new OpenPgpSignature(head.ToArray(), number, CreationTimeOf(head[6..], name));
    }

    /// <summary>Checks the signature.</summary>
    /// <returns>Null where it is good; otherwise why not.</returns>
    public string? Verify(ByteSource data, OpenPgpKey key)
    {
        var length = key.PublicKey.SignatureLength;
        if (_number.Length > length) return $"it was not made by the key {Convert.ToHexStringLower(key.Fingerprint.AsSpan())}";
        var signature = new byte[length];
        _number.CopyTo(signature, length - _number.Length);
        return key.PublicKey.Verify(Digest(data, _head), signature) ? null : $"it was not made by the key {Convert.ToHexStringLower(key.Fingerprint.AsSpan())}, or over something else";
    }

    /// <summary>The part of a signature that is signed: all up to the hashed subpackets.</summary>
    internal static byte[] Head(byte type, DateTimeOffset time, byte[] fingerprint, byte[][] about)
    {
        byte[] hashed = [.. Subpacket(IssuerFingerprintSubpacket, [Version, .. fingerprint]), .. Subpacket(CreationTimeSubpacket, OpenPgpKey.Time(time)), .. about.SelectMany(subpacket => subpacket)];
        return [Version, type, Rsa, Sha256, .. OpenPgpPacket.TwoBytes(hashed.Length), .. hashed];
    }

    /// <summary>What is hashed behind it.</summary>
    internal static byte[] Trailer(byte[] head)
    {
        var result = new byte[6];
        result[0] = Version;
        result[1] = 0xff;
        BinaryPrimitives.WriteUInt32BigEndian(result.AsSpan(2), (uint)head.Length);
        return result;
    }

    internal static byte[] Subpacket(byte type, ReadOnlySpan<byte> body) => [(byte)(body.Length + 1), type, .. body];

    /// <summary>The signature packet, once the number is there.</summary>
    internal static ToBeSigned Waiting(byte[] digest, byte[] head, byte[] fingerprint, Func<byte[], byte[]> complete)
    {
        var unhashed = Subpacket(IssuerSubpacket, fingerprint.AsSpan(12));
        return new ToBeSigned(digest, signature => complete(new OpenPgpPacket(
            OpenPgpPacket.Signature,
            (byte[])[.. head, .. OpenPgpPacket.TwoBytes(unhashed.Length), .. unhashed, digest[0], digest[1], .. OpenPgpPacket.Number(signature)]).ToArray()));
    }

    private static byte[] Digest(ByteSource data, byte[] head)
    {
        using var sink = new Sha256Sink();
        data.CopyTo(sink);
        sink.Write(head);
        sink.Write(Trailer(head));
        return sink.GetDigest();
    }

    private static DateTimeOffset CreationTimeOf(ReadOnlySpan<byte> subpackets, string name)
    {
        while (!subpackets.IsEmpty)
        {
            var (header, length) = subpackets[0] switch
            {
                < 192 => (1, (long)subpackets[0]),
                < 255 when subpackets.Length >= 2 => (2, (subpackets[0] - 192L << 8) + subpackets[1] + 192),
                255 when subpackets.Length >= 5 => (5, BinaryPrimitives.ReadUInt32BigEndian(subpackets[1..])),
                _ => throw Damaged(name),
            };
            if (length < 1 || length > subpackets.Length - header) throw Damaged(name);
            var body = subpackets.Slice(header, (int)length);
            if ((body[0] & 0x7f) == CreationTimeSubpacket && body.Length == 5) return DateTimeOffset.FromUnixTimeSeconds(BinaryPrimitives.ReadUInt32BigEndian(body[1..]));
            subpackets = subpackets[(header + (int)length)..];
        }

        throw new DamagedInputException($"{name}: the signature does not say when it was made");
    }

    private static DamagedInputException Damaged(string name) => new($"{name}: the OpenPGP signature is damaged");
}
