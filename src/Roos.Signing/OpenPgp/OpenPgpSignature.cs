using System.Globalization;
using Roos.Core;
using Roos.Core.Bytes;

namespace Roos.Signing.OpenPgp;

/// <summary>
/// A detached signature over a file, binary: what <c>gpg --detach-sign</c> makes and gpgv takes. Version 4, RSA; SHA-256 where it is
/// made here, also SHA-384 and SHA-512 where it is read. Source: RFC 9580, 5.2 "Signature Packet".
/// </summary>
public sealed class OpenPgpSignature
{
    private const int MostBytes = 64 << 10;

    private readonly SignaturePacket _packet;

    private OpenPgpSignature(SignaturePacket packet) => _packet = packet;

    public DateTimeOffset CreationTime => DateTimeOffset.FromUnixTimeSeconds(_packet.CreationTime);

    /// <summary>Prepares a signature. Complete gives the packet.</summary>
    /// <param name="data">What is signed.</param>
    /// <param name="key">Whose signature it will be.</param>
    /// <param name="time">To the second, within the key's own time.</param>
    /// <exception cref="RoosException">Nobody would take a signature of that time.</exception>
    public static ToBeSigned Prepare(ByteSource data, OpenPgpKey key, DateTimeOffset time)
    {
        var seconds = OpenPgpKey.Seconds(time);
        if (ProblemOf(seconds, key) is { } problem) throw new RoosException($"a signature that would be made at {Text(time)} will not do: {problem}");
        return SignaturePacket.Prepare(SignaturePacket.BinaryDocument, data, [.. key.Fingerprint], seconds, [], signature => signature);
    }

    /// <summary>Reads a signature, binary or ASCII-armoured.</summary>
    /// <exception cref="DamagedInputException">It is none, or none over a file with RSA of version 4.</exception>
    public static OpenPgpSignature Read(ReadOnlySpan<byte> bytes, string name = "OpenPGP signature")
    {
        if (bytes.Length > MostBytes) throw new DamagedInputException($"{name}: a signature has at most {MostBytes} bytes; found {bytes.Length}");
        var packets = OpenPgpPacket.Read(OpenPgpArmor.Remove(bytes, name), name);
        if (packets.Count != 1 || packets[0].Tag != OpenPgpPacket.Signature) throw new DamagedInputException($"{name}: a detached signature is one OpenPGP packet with tag 2; found {(packets.Count == 1 ? $"tag {packets[0].Tag}" : $"{packets.Count} packets")}");
        var (packet, problem) = SignaturePacket.Read(packets[0].Body.Span);
        if (packet is null) throw new DamagedInputException($"{name}: {problem}");
        if (packet.Type != SignaturePacket.BinaryDocument) throw new DamagedInputException($"{name}: the signature must be over a file (type 0x00); found type 0x{packet.Type:x2}");

        // There is no clock here to tell whether it still holds.
        if (packet.Hashed.Seconds(Subpackets.SignatureExpiration) is > 0) throw new DamagedInputException($"{name}: the signature holds for a time only; make one without --default-sig-expire");
        return new OpenPgpSignature(packet);
    }

    /// <summary>Checks the signature.</summary>
    /// <returns>Null where it is good; otherwise why not.</returns>
    public string? Verify(ByteSource data, OpenPgpKey key)
    {
        var fingerprint = key.Fingerprint.AsSpan();
        if (_packet.KeyId is not { } keyId) return "it does not say which key made it";
        if (_packet.IssuerFingerprint is { } issuer && !fingerprint.SequenceEqual(issuer)) return $"it was made by the key {Convert.ToHexStringLower(issuer)}, not by {Convert.ToHexStringLower(fingerprint)}";
        if (!fingerprint[12..].SequenceEqual(keyId)) return $"it was made by the key {Convert.ToHexStringLower(keyId)}, not by {Convert.ToHexStringLower(fingerprint)}";
        if (ProblemOf(_packet.CreationTime, key) is { } problem) return problem;
        return _packet.IsGood(key.PublicKey, data) ? null : $"it was made over something else, or not by the key {Convert.ToHexStringLower(fingerprint)}";
    }

    // As gpg has it: a signature that is older than its key is refused (TIME_CONFLICT).
    private static string? ProblemOf(uint seconds, OpenPgpKey key)
    {
        if (seconds < key.CreationTime.ToUnixTimeSeconds()) return $"it is older than its key, which was made at {Text(key.CreationTime)}";
        return key.ExpirationTime is { } end && seconds >= end.ToUnixTimeSeconds() ? $"it is of a time when its key had run out, at {Text(end)}" : null;
    }

    private static string Text(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);
}
