using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Math;
using Roos.Core;

namespace Roos.Signing.OpenPgp;

/// <summary>
/// The public half of an OpenPGP key (version 4, RSA) and who uses it: what a keyring has of it. Source: RFC 9580, 5.5.2 and 10.1.
/// </summary>
public sealed class OpenPgpKey
{
    private const int MostBytes = 1 << 20;
    private const byte Version = 4, Rsa = 1, RsaSignOnly = 3;

    private readonly byte[] _keyring;
    private readonly byte[] _body;

    private OpenPgpKey(byte[] keyring, byte[] body, RsaPublicKey publicKey, string userId)
    {
        (_keyring, _body, PublicKey, UserId) = (keyring, body, publicKey, userId);
        CreationTime = DateTimeOffset.FromUnixTimeSeconds(BinaryPrimitives.ReadUInt32BigEndian(body.AsSpan(1)));
        Fingerprint = [.. FingerprintOf(body)];
    }

    public RsaPublicKey PublicKey { get; }

    /// <summary>Part of the key: another time makes another fingerprint.</summary>
    public DateTimeOffset CreationTime { get; }

    /// <summary>SHA-1 of the key's packet, 20 bytes; the last 8 are the key ID.</summary>
    public ImmutableArray<byte> Fingerprint { get; }

    /// <summary>As <c>Name &lt;address&gt;</c>; empty where the keyring has none.</summary>
    public string UserId { get; }

    /// <summary>The key as a binary keyring: what gpgv and systemd's import-pubring.gpg take.</summary>
    public byte[] ToKeyring() => [.. _keyring];

    /// <summary>Makes an OpenPGP key of an RSA key: its own signature binds it to the user ID. Complete gives the keyring.</summary>
    /// <param name="key">The RSA key.</param>
    /// <param name="userId">Who uses it, as <c>Name &lt;address&gt;</c>.</param>
    /// <param name="creationTime">To the second, 1970 to 2106.</param>
    public static ToBeSigned Prepare(RsaPublicKey key, string userId, DateTimeOffset creationTime)
    {
        byte[] body = [Version, .. Time(creationTime), Rsa, .. OpenPgpPacket.Number(key.Parameters.Modulus.ToByteArrayUnsigned()), .. OpenPgpPacket.Number(key.Parameters.Exponent.ToByteArrayUnsigned())];
        var user = Encoding.UTF8.GetBytes(userId);
        var fingerprint = FingerprintOf(body);
        byte[][] about =
        [
            OpenPgpSignature.Subpacket(OpenPgpSignature.KeyFlags, [0x03]), // certify, sign
            OpenPgpSignature.Subpacket(OpenPgpSignature.PreferredHashes, [OpenPgpSignature.Sha256]),
        ];
        var head = OpenPgpSignature.Head(OpenPgpSignature.PositiveCertification, creationTime, fingerprint, about);
        Span<byte> length = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(length, (uint)user.Length);
        byte[] signed = [.. Framed(body), 0xb4, .. length, .. user, .. head, .. OpenPgpSignature.Trailer(head)];
        return OpenPgpSignature.Waiting(SHA256.HashData(signed), head, fingerprint, signature =>
            [.. new OpenPgpPacket(OpenPgpPacket.PublicKey, body).ToArray(), .. new OpenPgpPacket(OpenPgpPacket.UserId, user).ToArray(), .. signature]);
    }

    /// <summary>Reads a public key or keyring, binary or ASCII-armoured; of several keys the first.</summary>
    /// <param name="bytes">All of the file.</param>
    /// <param name="name">What to call it in messages.</param>
    /// <exception cref="DamagedInputException">It is none, or its key is not RSA, version 4.</exception>
    public static OpenPgpKey Read(ReadOnlySpan<byte> bytes, string name = "OpenPGP key")
    {
        if (bytes.Length > MostBytes) throw new DamagedInputException($"{name}: a keyring has at most {MostBytes} bytes; found {bytes.Length}");
        var keyring = OpenPgpArmor.Remove(bytes, name);
        var packets = OpenPgpPacket.Read(keyring, name);
        if (packets.Count == 0 || packets[0].Tag != OpenPgpPacket.PublicKey) throw new DamagedInputException($"{name}: a keyring begins with a public key; {(packets.Count == 0 ? "it is empty" : $"found a packet with tag {packets[0].Tag}")}");
        var key = ReadKey(packets[0].Body.Span, name);
        var next = packets.Skip(1).TakeWhile(packet => packet.Tag != OpenPgpPacket.PublicKey).ToList();
        var user = next.FirstOrDefault(packet => packet.Tag == OpenPgpPacket.UserId);
        byte[] own = [.. packets[0].ToArray(), .. next.SelectMany(packet => packet.ToArray())];
        return new OpenPgpKey(own, packets[0].Body.ToArray(), key, Encoding.UTF8.GetString(user.Body.Span));
    }

    internal static byte[] Time(DateTimeOffset time)
    {
        var seconds = time.ToUnixTimeSeconds();
        if (seconds is < 0 or > uint.MaxValue) throw new ArgumentOutOfRangeException(nameof(time), time, "OpenPGP has times from 1970 to 2106");
        var result = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(result, (uint)seconds);
        return result;
    }

    private static RsaPublicKey ReadKey(ReadOnlySpan<byte> body, string name)
    {
        if (body.Length < 6 || body[0] != Version) throw new DamagedInputException($"{name}: the key must be of version 4; found {(body.IsEmpty ? "an empty packet" : $"version {body[0]}")}");
        if (body[5] is not (Rsa or RsaSignOnly)) throw new DamagedInputException($"{name}: the key must be RSA, so that tokens and services can sign with it as with the others; found algorithm {body[5]} of OpenPGP. Make one with: roos genkey --openpgp");
        var rest = body[6..];
        if (OpenPgpPacket.TakeNumber(ref rest) is not { } modulus || OpenPgpPacket.TakeNumber(ref rest) is not { } exponent || !rest.IsEmpty) throw new DamagedInputException($"{name}: the public key's packet is damaged");
        try
        {
            return RsaPublicKey.FromKey(new RsaKeyParameters(false, new BigInteger(1, modulus), new BigInteger(1, exponent)), name);
        }
        catch (ArgumentException e)
        {
            throw new DamagedInputException($"{name}: the numbers of the public key are none of RSA: {e.Message}", e);
        }
    }

    [SuppressMessage("Security", "CA5350", Justification = "the fingerprint of version 4 is a name, defined with SHA-1")]
    private static byte[] FingerprintOf(byte[] body) => SHA1.HashData(Framed(body));

    private static byte[] Framed(byte[] body) => [0x99, .. OpenPgpPacket.TwoBytes(body.Length), .. body];
}
