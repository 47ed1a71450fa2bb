using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using Roos.Core;
using Roos.Core.Bytes;

namespace Roos.Signing.OpenPgp;

/// <summary>
/// The public half of an OpenPGP key (version 4, RSA) and who uses it: what a keyring has of it. Source: RFC 9580, 5.5.2 and 10.1.
/// </summary>
public sealed class OpenPgpKey
{
    internal const byte Version = 4, Rsa = 1, RsaSignOnly = 3, MayCertify = 0x01, MaySign = 0x02;

    // What gpg takes (MAX_UID_PACKET_LENGTH of its parse-packet.c).
    private const int MostUserIdBytes = 2048;

    private readonly byte[] _keyring;

    internal OpenPgpKey(byte[] keyring, byte[] body, RsaPublicKey publicKey, string userId, DateTimeOffset? expirationTime)
    {
        (_keyring, PublicKey, UserId, ExpirationTime) = (keyring, publicKey, userId, expirationTime);
        CreationTime = DateTimeOffset.FromUnixTimeSeconds(BinaryPrimitives.ReadUInt32BigEndian(body.AsSpan(1)));
        Fingerprint = [.. FingerprintOf(body)];
    }

    public RsaPublicKey PublicKey { get; }

    /// <summary>Part of the key: another time makes another fingerprint.</summary>
    public DateTimeOffset CreationTime { get; }

    /// <summary>When the key runs out, so that gpg warns of its signatures; null for one that does not, as those made here.</summary>
    public DateTimeOffset? ExpirationTime { get; }

    /// <summary>SHA-1 of the key's packet, 20 bytes; the last 8 are the key ID.</summary>
    public ImmutableArray<byte> Fingerprint { get; }

    /// <summary>As <c>Name &lt;address&gt;</c>.</summary>
    public string UserId { get; }

    /// <summary>The key as a binary keyring, as it was read or made: what gpgv and systemd's import-pubring.gpg take.</summary>
    public byte[] ToKeyring() => [.. _keyring];

    /// <summary>Makes an OpenPGP key of an RSA key: its own signature binds it to the user ID. Complete gives the keyring.</summary>
    /// <param name="key">The RSA key.</param>
    /// <param name="userId">Who uses it, as <c>Name &lt;address&gt;</c>; up to 2048 bytes.</param>
    /// <param name="creationTime">To the second, 1970 to 2106. gpg takes no key of the future.</param>
    /// <exception cref="RoosException">User ID or time are none that OpenPGP can say.</exception>
    public static ToBeSigned Prepare(RsaPublicKey key, string userId, DateTimeOffset creationTime)
    {
        var seconds = Seconds(creationTime);
        var user = Utf8(userId);
        byte[] body = [Version, .. OpenPgpPacket.FourBytes(seconds), Rsa, .. OpenPgpPacket.Number(key.Parameters.Modulus.ToByteArrayUnsigned()), .. OpenPgpPacket.Number(key.Parameters.Exponent.ToByteArrayUnsigned())];
        byte[] about = [.. Subpackets.Make(Subpackets.KeyFlags, [MayCertify | MaySign]), .. Subpackets.Make(Subpackets.PreferredHashes, [SignatureHash.Sha256])];
        return SignaturePacket.Prepare(SignaturePacket.PositiveCertification, Certified(body, user), FingerprintOf(body), seconds, about, signature =>
            [.. new OpenPgpPacket(OpenPgpPacket.PublicKey, body).ToArray(), .. new OpenPgpPacket(OpenPgpPacket.UserId, user).ToArray(), .. signature]);
    }

    /// <summary>
    /// Reads a public key or keyring, binary or ASCII-armoured; of several keys the first that will do: RSA, may sign by itself (not
    /// through a subkey), is bound to a user ID by its own signature and not revoked.
    /// </summary>
    /// <param name="bytes">All of the file.</param>
    /// <param name="name">What to call it in messages.</param>
    /// <exception cref="DamagedInputException">It is none, or there is no such key in it.</exception>
    public static OpenPgpKey Read(ReadOnlySpan<byte> bytes, string name = "OpenPGP key") => KeyringReader.Read(bytes, name);

    internal static uint Seconds(DateTimeOffset time)
    {
        var seconds = time.ToUnixTimeSeconds();
        return seconds is >= 0 and <= uint.MaxValue ? (uint)seconds : throw new RoosException($"OpenPGP has times from 1970 to 2106; the time to be written is {seconds} seconds from 1970");
    }

    /// <summary>What a signature that binds a user ID is made over.</summary>
    internal static ByteSource Certified(byte[] body, ReadOnlySpan<byte> user) => ByteSource.FromMemory((byte[])[.. Framed(body), 0xb4, .. OpenPgpPacket.FourBytes((uint)user.Length), .. user]);

    /// <summary>What a signature over the key alone is made over.</summary>
    internal static byte[] Framed(byte[] body) => [0x99, .. OpenPgpPacket.TwoBytes(body.Length), .. body];

    [SuppressMessage("Security", "CA5350", Justification = "the fingerprint of version 4 is a name, defined with SHA-1")]
    internal static byte[] FingerprintOf(byte[] body) => SHA1.HashData(Framed(body));

    private static byte[] Utf8(string userId)
    {
        byte[] bytes;
        try
        {
            bytes = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true).GetBytes(userId);
        }
        catch (EncoderFallbackException e)
        {
            throw new RoosException("the user ID of an OpenPGP key must be text; found half a character in it", e);
        }

        if (bytes.Length is 0 or > MostUserIdBytes) throw new RoosException($"the user ID of an OpenPGP key has 1 to {MostUserIdBytes} bytes; found {bytes.Length}. It looks like: Name <address>");
        if (userId.Any(char.IsControl)) throw new RoosException("the user ID of an OpenPGP key has no control characters such as line ends. It looks like: Name <address>");
        return bytes;
    }
}
