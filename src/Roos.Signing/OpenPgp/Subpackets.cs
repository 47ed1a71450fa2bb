using System.Buffers.Binary;

namespace Roos.Signing.OpenPgp;

/// <summary>What a signature says about itself and about what it signs. Source: RFC 9580, 5.2.3.7 "Signature Subpacket Specification".</summary>
internal sealed class Subpackets
{
    public const byte CreationTime = 2, SignatureExpiration = 3, KeyExpiration = 9, PreferredHashes = 21, KeyFlags = 27, Issuer = 16, IssuerFingerprint = 33;

    // Those that may be critical and that change nothing here: exportable, trust, regular expression, revocable, preferred ciphers,
    // revocation key, preferred hashes and compressions, key server and its preferences, primary user ID, policy, user ID of the signer,
    // reason of a revocation, features. What a reader does not know, and is critical, makes a signature void.
    private static ReadOnlySpan<byte> Harmless => [4, 5, 6, 7, 11, 12, PreferredHashes, 22, 23, 24, 25, 26, 28, 29, 30];

    private readonly Dictionary<byte, byte[]> _bodies = [];

    /// <summary>Type of a critical one whose meaning is unknown.</summary>
    public byte? UnknownCritical { get; private set; }

    /// <summary>Reads an area of them; of several of a type the last counts.</summary>
    /// <returns>Null where the area is damaged.</returns>
    public static Subpackets? Read(ReadOnlySpan<byte> area)
    {
        var result = new Subpackets();
        while (!area.IsEmpty)
        {
            var (header, length) = area[0] switch
            {
                < 192 => (1, (long)area[0]),
                < 255 when area.Length >= 2 => (2, (area[0] - 192L << 8) + area[1] + 192),
                255 when area.Length >= 5 => (5, BinaryPrimitives.ReadUInt32BigEndian(area[1..])),
                _ => (0, 0),
            };
            if (length < 1 || length > area.Length - header) return null;
            var (type, isCritical) = ((byte)(area[header] & 0x7f), (area[header] & 0x80) != 0);
            var isRead = type is CreationTime or SignatureExpiration or KeyExpiration or KeyFlags or Issuer or IssuerFingerprint;
            if (isRead) result._bodies[type] = area.Slice(header + 1, (int)length - 1).ToArray();
            else if (isCritical && !Harmless.Contains(type)) result.UnknownCritical = type;
            area = area[(header + (int)length)..];
        }

        return result;
    }

    /// <summary>A subpacket.</summary>
    /// <param name="type">What it says.</param>
    /// <param name="body">Up to 190 bytes.</param>
    public static byte[] Make(byte type, ReadOnlySpan<byte> body) => [(byte)(body.Length + 1), type, .. body];

    /// <summary>The body of the subpacket; null where there is none.</summary>
    public byte[]? Find(byte type) => _bodies.GetValueOrDefault(type);

    /// <summary>A number of seconds; null where there is none.</summary>
    public uint? Seconds(byte type) => Find(type) is { Length: 4 } body ? BinaryPrimitives.ReadUInt32BigEndian(body) : null;
}
