using System.Buffers.Binary;
using Roos.Core.Bytes;

namespace Roos.Signing.OpenPgp;

/// <summary>A signature of version 4, made with RSA, over whatever. Source: RFC 9580, 5.2.3 and 5.2.4.</summary>
internal sealed class SignaturePacket
{
    public const byte BinaryDocument = 0x00, GenericCertification = 0x10, PositiveCertification = 0x13, KeyRevocation = 0x20, CertificationRevocation = 0x30;

    private const byte Version = 4, Rsa = 1, RsaSignOnly = 3;
    private const int MostNumberBytes = RsaPublicKey.MostBits / 8;

    private readonly byte[] _head;
    private readonly byte[] _digestStart;
    private readonly byte[] _number;
    private readonly SignatureHash _hash;

    private SignaturePacket(byte[] head, byte[] digestStart, byte[] number, SignatureHash hash, Subpackets hashed, Subpackets unhashed)
    {
        (_head, _digestStart, _number, _hash, Hashed) = (head, digestStart, number, hash, hashed);
        CreationTime = hashed.Seconds(Subpackets.CreationTime)!.Value;
        var fingerprint = hashed.Find(Subpackets.IssuerFingerprint) ?? unhashed.Find(Subpackets.IssuerFingerprint);
        IssuerFingerprint = fingerprint is { Length: 21 } && fingerprint[0] == Version ? fingerprint[1..] : null;
        KeyId = hashed.Find(Subpackets.Issuer) ?? unhashed.Find(Subpackets.Issuer) ?? IssuerFingerprint?[12..];
    }

    /// <summary>What is signed, and what is said by it.</summary>
    public byte Type => _head[1];

    /// <summary>Seconds since 1970.</summary>
    public uint CreationTime { get; }

    /// <summary>What is signed along with the data.</summary>
    public Subpackets Hashed { get; }

    /// <summary>Of the key that made it, as the signature says; null where it does not.</summary>
    public byte[]? IssuerFingerprint { get; }

    /// <summary>The last 8 bytes of the fingerprint; null where the signature does not say.</summary>
    public byte[]? KeyId { get; }

    /// <summary>Reads the body of a packet.</summary>
    /// <returns>The signature, or what is wrong with it.</returns>
    public static (SignaturePacket? Signature, string Problem) Read(ReadOnlySpan<byte> body)
    {
        const string damaged = "the OpenPGP signature is damaged";
        if (body.Length < 6) return (null, damaged);
        if (body[0] != Version) return (null, $"the signature must be of version 4; found {body[0]}");
        if (body[2] is not (Rsa or RsaSignOnly)) return (null, $"the signature must be made with RSA; found algorithm {body[2]} of OpenPGP");
        if (SignatureHash.Of(body[3]) is not { } hash) return (null, $"the signature must be made over SHA-256, SHA-384 or SHA-512; found hash {body[3]} of OpenPGP");
        var length = BinaryPrimitives.ReadUInt16BigEndian(body[4..]);
        if (body.Length < 6 + length + 2) return (null, damaged);
        var head = body[..(6 + length)];
        var rest = body[head.Length..];
        var unhashedLength = BinaryPrimitives.ReadUInt16BigEndian(rest);
        if (rest.Length < 2 + unhashedLength + 2) return (null, damaged);
        if (Subpackets.Read(head[6..]) is not { } hashed || Subpackets.Read(rest.Slice(2, unhashedLength)) is not { } unhashed) return (null, damaged);
        if (hashed.Seconds(Subpackets.CreationTime) is null) return (null, "the signature does not say when it was made");
        if (hashed.UnknownCritical is { } unknown) return (null, $"the signature has a condition that roos does not know (subpacket {unknown} of OpenPGP)");
        rest = rest[(2 + unhashedLength)..];
        var digestStart = rest[..2].ToArray();
        rest = rest[2..];
        if (OpenPgpPacket.TakeNumber(ref rest) is not { Length: <= MostNumberBytes } number || !rest.IsEmpty) return (null, damaged);
        return (new SignaturePacket(head.ToArray(), digestStart, number, hash, hashed, unhashed), "");
    }

    /// <summary>True where the key made it over the data. The data of a certification is the key and the user ID, framed.</summary>
    public bool IsGood(RsaPublicKey key, ByteSource data)
    {
        // The two bytes are not signed, and gpg 2.2 passes over them; a file that was changed after it was written is not taken here.
        var digest = _hash.Digest(data, _head, Trailer(_head));
        return digest.AsSpan(0, 2).SequenceEqual(_digestStart) && _hash.Verify(key, digest, _number);
    }

    /// <summary>Prepares a signature over SHA-256.</summary>
    /// <param name="type">What is signed.</param>
    /// <param name="data">As it is hashed.</param>
    /// <param name="fingerprint">Of the key that will sign.</param>
    /// <param name="seconds">Since 1970.</param>
    /// <param name="more">Subpackets.</param>
    /// <param name="complete">Makes of the packet what is wanted.</param>
    public static ToBeSigned Prepare(byte type, ByteSource data, byte[] fingerprint, uint seconds, byte[] more, Func<byte[], byte[]> complete)
    {
        byte[] hashed = [.. Subpackets.Make(Subpackets.IssuerFingerprint, [Version, .. fingerprint]), .. Subpackets.Make(Subpackets.CreationTime, OpenPgpPacket.FourBytes(seconds)), .. more];
        byte[] head = [Version, type, Rsa, SignatureHash.Sha256, .. OpenPgpPacket.TwoBytes(hashed.Length), .. hashed];
        var digest = SignatureHash.Of(SignatureHash.Sha256)!.Digest(data, head, Trailer(head));
        var unhashed = Subpackets.Make(Subpackets.Issuer, fingerprint.AsSpan(12));
        return new ToBeSigned(digest, signature =>
        {
            byte[] body = [.. head, .. OpenPgpPacket.TwoBytes(unhashed.Length), .. unhashed, digest[0], digest[1], .. OpenPgpPacket.Number(signature)];
            return complete(new OpenPgpPacket(OpenPgpPacket.Signature, body).ToArray());
        });
    }

    // What is hashed last: RFC 9580, 5.2.4.
    private static byte[] Trailer(byte[] head) => [Version, 0xff, .. OpenPgpPacket.FourBytes((uint)head.Length)];
}
