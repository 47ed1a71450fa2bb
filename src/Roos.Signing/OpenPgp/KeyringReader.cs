using System.Buffers.Binary;
using System.Text;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Math;
using Roos.Core;
using Roos.Core.Bytes;

namespace Roos.Signing.OpenPgp;

/// <summary>
/// Finds the key in a keyring: of each key its packet, what it signed about itself, user IDs with what was signed about them, and
/// subkeys follow one another. Source: RFC 9580, 10.1.
/// </summary>
internal sealed class KeyringReader
{
    private const int MostBytes = 1 << 20;

    // Hostile bytes could ask for thousands, of large numbers.
    private const int MostChecks = 256;

    private readonly byte[] _keyring;
    private readonly IReadOnlyList<OpenPgpPacket> _packets;
    private int _checks;

    private KeyringReader(byte[] keyring, string name) => (_keyring, _packets) = (keyring, OpenPgpPacket.Read(keyring, name));

    public static OpenPgpKey Read(ReadOnlySpan<byte> bytes, string name)
    {
        if (bytes.Length > MostBytes) throw new DamagedInputException($"{name}: a keyring has at most {MostBytes} bytes; found {bytes.Length}");
        if (bytes.Length >= 12 && bytes.Slice(8, 4).SequenceEqual("KBXf"u8)) throw new DamagedInputException($"{name}: this is GnuPG's own store; write a keyring with: gpg --export KEY");
        return new KeyringReader(OpenPgpArmor.Remove(bytes, name), name).Find(name);
    }

    // The first that will do, or what is wrong with the first.
    private OpenPgpKey Find(string name)
    {
        if (_packets.Count == 0) throw new DamagedInputException($"{name}: a keyring begins with a public key; it is empty");
        if (_packets[0].Tag == OpenPgpPacket.SecretKey) throw new DamagedInputException($"{name}: this is a secret key; write its public half with: gpg --export KEY");
        if (_packets[0].Tag != OpenPgpPacket.PublicKey) throw new DamagedInputException($"{name}: a keyring begins with a public key; found a packet with tag {_packets[0].Tag}");
        string? first = null;
        for (var at = 0; at < _packets.Count;)
        {
            var end = at + 1;
            while (end < _packets.Count && _packets[end].Tag != OpenPgpPacket.PublicKey) end++;
            var (key, problem) = ReadKey(at, end, name);
            if (key is not null) return key;
            first ??= problem;
            at = end;
        }

        throw new DamagedInputException($"{name}: {first}");
    }

    private (OpenPgpKey? Key, string Problem) ReadKey(int at, int end, string name)
    {
        const string genkey = "Make one with: roos genkey --openpgp";
        var body = _packets[at].Body.ToArray();
        if (body.Length < 6 || body[0] != OpenPgpKey.Version) return (null, $"the key must be of version 4; found {(body.Length == 0 ? "an empty packet" : $"version {body[0]}")}. {genkey}");
        if (body[5] is not (OpenPgpKey.Rsa or OpenPgpKey.RsaSignOnly)) return (null, $"the key must be RSA, so that tokens and services can sign with it as with the others; found algorithm {body[5]} of OpenPGP. {genkey}");
        RsaPublicKey publicKey;
        try
        {
            publicKey = ReadNumbers(body.AsSpan(6), name);
        }
        catch (DamagedInputException e)
        {
            return (null, e.Message[(name.Length + 2)..]);
        }

        if (IsRevoked(at, end, body, publicKey)) return (null, $"the key has been revoked by its owner. {genkey}");
        if (FindUser(at, end, body, publicKey) is not var (user, certification)) return (null, $"the key is not bound to a user ID by a good signature of its own over SHA-256, SHA-384 or SHA-512. {genkey}");
        if (certification.Hashed.Find(Subpackets.KeyFlags) is [var flags, ..] && (flags & OpenPgpKey.MaySign) == 0) return (null, $"the key must be allowed to sign by itself; this one only through a subkey, or not at all. {genkey}");
        var lifetime = certification.Hashed.Seconds(Subpackets.KeyExpiration) ?? 0;
        DateTimeOffset? expiration = lifetime == 0 ? null : DateTimeOffset.FromUnixTimeSeconds((long)BinaryPrimitives.ReadUInt32BigEndian(body.AsSpan(1)) + lifetime);
        var (from, to) = (_packets[at].Start, end < _packets.Count ? _packets[end].Start : _keyring.Length);
        return (new OpenPgpKey(_keyring[from..to], body, publicKey, Encoding.UTF8.GetString(user.Body.Span), expiration), "");
    }

    private static RsaPublicKey ReadNumbers(ReadOnlySpan<byte> numbers, string name)
    {
        if (OpenPgpPacket.TakeNumber(ref numbers) is not { } modulus || OpenPgpPacket.TakeNumber(ref numbers) is not { } exponent || !numbers.IsEmpty) throw new DamagedInputException($"{name}: the public key's packet is damaged");
        try
        {
            return RsaPublicKey.FromKey(new RsaKeyParameters(false, new BigInteger(1, modulus), new BigInteger(1, exponent)), name);
        }
        catch (Exception e) when (e is ArgumentException or ArithmeticException)
        {
            throw new DamagedInputException($"{name}: the numbers of the public key are none of RSA: {e.Message}", e);
        }
    }

    private bool IsRevoked(int at, int end, byte[] body, RsaPublicKey key)
    {
        var data = ByteSource.FromMemory(OpenPgpKey.Framed(body));
        for (var i = at + 1; i < end && _packets[i].Tag == OpenPgpPacket.Signature; i++)
        {
            if (OwnSignature(i, body) is { Type: SignaturePacket.KeyRevocation } signature && IsGood(signature, key, data)) return true;
        }

        return false;
    }

    // The first user ID whose newest word of the key's own is that it is bound to it.
    private (OpenPgpPacket User, SignaturePacket Certification)? FindUser(int at, int end, byte[] body, RsaPublicKey key)
    {
        for (var i = at + 1; i < end; i++)
        {
            if (_packets[i].Tag != OpenPgpPacket.UserId) continue;
            var data = OpenPgpKey.Certified(body, _packets[i].Body.Span);
            var newest = Following(i, end, body).Where(signature => IsGood(signature, key, data)).MaxBy(signature => signature.CreationTime);
            if (newest is not null && newest.Type != SignaturePacket.CertificationRevocation) return (_packets[i], newest);
        }

        return null;
    }

    // What the key itself says of the user ID before them.
    private IEnumerable<SignaturePacket> Following(int user, int end, byte[] body)
    {
        for (var i = user + 1; i < end && _packets[i].Tag is OpenPgpPacket.Signature or OpenPgpPacket.Trust; i++)
        {
            if (OwnSignature(i, body) is { Type: (>= SignaturePacket.GenericCertification and <= SignaturePacket.PositiveCertification) or SignaturePacket.CertificationRevocation } signature) yield return signature;
        }
    }

    // Those of others, and those that cannot be read, say nothing here.
    private SignaturePacket? OwnSignature(int index, byte[] body)
    {
        if (_packets[index].Tag != OpenPgpPacket.Signature || SignaturePacket.Read(_packets[index].Body.Span).Signature is not { } signature) return null;
        return signature.KeyId is { } keyId && keyId.AsSpan().SequenceEqual(OpenPgpKey.FingerprintOf(body).AsSpan(12)) ? signature : null;
    }

    private bool IsGood(SignaturePacket signature, RsaPublicKey key, ByteSource data) => _checks++ < MostChecks && signature.IsGood(key, data);
}
