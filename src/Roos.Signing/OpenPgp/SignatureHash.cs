using System.Security.Cryptography;
using Roos.Core.Bytes;

namespace Roos.Signing.OpenPgp;

/// <summary>A hash that signatures are made over; those that nobody can forge. Source: RFC 9580, 9.5 and RFC 8017, 9.2, note 1.</summary>
internal sealed class SignatureHash
{
    public const byte Sha256 = 8, Sha384 = 9, Sha512 = 10;

    private readonly HashAlgorithmName _name;
    private readonly byte[] _prefix;

    private SignatureHash(HashAlgorithmName name, byte last, byte length)
    {
        _name = name;

        // DigestInfo { AlgorithmIdentifier { 2.16.840.1.101.3.4.2.last, NULL }, OCTET STRING of length bytes }, without the digest.
        _prefix = [0x30, (byte)(length + 17), 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, last, 0x05, 0x00, 0x04, length];
    }

    /// <summary>The hash with OpenPGP's number; null for others.</summary>
    public static SignatureHash? Of(byte algorithm) => algorithm switch
    {
        Sha256 => new SignatureHash(HashAlgorithmName.SHA256, 1, 32),
        Sha384 => new SignatureHash(HashAlgorithmName.SHA384, 2, 48),
        Sha512 => new SignatureHash(HashAlgorithmName.SHA512, 3, 64),
        _ => null,
    };

    /// <summary>The digest of the data and of what follows it.</summary>
    public byte[] Digest(ByteSource data, params ReadOnlySpan<byte[]> behind)
    {
        using var hash = IncrementalHash.CreateHash(_name);
        data.CopyTo(new HashSink(hash));
        foreach (var bytes in behind) hash.AppendData(bytes);
        return hash.GetHashAndReset();
    }

    /// <summary>True where the number is the key's signature over the digest.</summary>
    /// <param name="key">Whose signature it may be.</param>
    /// <param name="digest">Of this hash.</param>
    /// <param name="number">Big-endian; zeros at its front may be missing.</param>
    public bool Verify(RsaPublicKey key, ReadOnlySpan<byte> digest, ReadOnlySpan<byte> number)
    {
        if (number.Length > key.SignatureLength) return false;
        var signature = new byte[key.SignatureLength];
        number.CopyTo(signature.AsSpan(signature.Length - number.Length));
        return key.VerifyInfo([.. _prefix, .. digest], signature);
    }

    private sealed class HashSink(IncrementalHash hash) : ImageSink
    {
        protected override void WriteCore(ReadOnlySpan<byte> bytes) => hash.AppendData(bytes);
    }
}
