using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Roos.Core;
using Roos.Core.Identity;

namespace Roos.Signing.Credentials;

/// <summary>
/// Credentials as systemd encrypts them (systemd-creds(1); encrypted_credential_header and metadata_credential_header of creds-util.c, 257). Numbers are
/// little-endian. A header: ID of the kind of key (16 bytes), sizes of key, block, IV and tag (u32 each: 32, 1, 12, 16), IV, zeros up to a multiple
/// of 8. Then, with AES-256-GCM, the header being authenticated: time and time of expiry (u64, microseconds since 1970; all ones for none), length
/// of the name (u32), name, zeros up to a multiple of 8; the value. Then the tag. A file has all of it in Base64, 79 characters a line.
/// </summary>
public sealed record EncryptedCredential
{
    /// <summary>CREDENTIAL_SIZE_MAX: 1 MiB.</summary>
    public const int MaximumValue = 1 << 20;

    private const int IdLength = 16, FieldsEnd = 32, IvLength = 12, TagLength = 16, HeaderLength = 48, KeyLength = 32, BlockLength = 1, MetadataFields = 20, LineLength = 79;

    // CREDENTIAL_ENCRYPTED_SIZE_MAX in Base64, and its line ends.
    private const int MaximumText = (((1 << 20) + (1 << 17)) * 4 / 3) + (1 << 16);

    /// <summary>The name that it must be found under; null for any.</summary>
    public string? Name { get; init; }

    /// <summary>When it was made; null where it does not say.</summary>
    public DateTimeOffset? Time { get; init; }

    /// <summary>From when on it is refused; null for never.</summary>
    public DateTimeOffset? Expiry { get; init; }

    public required byte[] Value { get; init; }

    /// <summary>
    /// Encrypts it. The IV is made of key, name, times and value, so that the same input gives the same bytes, and no IV ever serves two values: what
    /// two equal credentials with the same key show is that they are equal.
    /// </summary>
    /// <exception cref="RoosException">Name, times or value are not as systemd takes them.</exception>
    public string Encrypt(CredentialKey key)
    {
        if (Name is not null && !CredentialName.IsValid(Name)) throw new RoosException($"a credential's name has 1 to {CredentialName.MaximumLength} printable ASCII characters without : and /; found \"{Name}\"");
        if (Value.Length > MaximumValue) throw new RoosException($"a credential has at most {MaximumValue} bytes; this one has {Value.Length}");
        if (Expiry <= Time) throw new RoosException($"a credential must not expire ({Expiry:u}) before it is made ({Time:u})");
        var name = Encoding.ASCII.GetBytes(Name ?? "");
        var plain = new byte[RoundUp(MetadataFields + name.Length) + Value.Length];
        BinaryPrimitives.WriteUInt64LittleEndian(plain, Microseconds(Time));
        BinaryPrimitives.WriteUInt64LittleEndian(plain.AsSpan(8), Microseconds(Expiry));
        BinaryPrimitives.WriteUInt32LittleEndian(plain.AsSpan(16), (uint)name.Length);
        name.CopyTo(plain, MetadataFields);
        Value.CopyTo(plain, plain.Length - Value.Length);

        var secret = key.Derive();
        var result = new byte[HeaderLength + plain.Length + TagLength];
        key.Id.ToArray().CopyTo(result, 0);
        BinaryPrimitives.WriteUInt32LittleEndian(result.AsSpan(16), KeyLength);
        BinaryPrimitives.WriteUInt32LittleEndian(result.AsSpan(20), BlockLength);
        BinaryPrimitives.WriteUInt32LittleEndian(result.AsSpan(24), IvLength);
        BinaryPrimitives.WriteUInt32LittleEndian(result.AsSpan(28), TagLength);
        SyntheticIv(secret, plain).CopyTo(result.AsSpan(FieldsEnd));
        using var cipher = new AesGcm(secret, TagLength);
        cipher.Encrypt(result.AsSpan(FieldsEnd, IvLength), plain, result.AsSpan(HeaderLength, plain.Length), result.AsSpan(HeaderLength + plain.Length), result.AsSpan(0, HeaderLength));
        return Lines(Convert.ToBase64String(result));
    }

    /// <summary>Reads a credential that needs no TPM.</summary>
    /// <param name="text">The file.</param>
    /// <param name="key">The key.</param>
    /// <param name="place">The file's name, for errors.</param>
    /// <exception cref="RoosException">It is none, or this key does not open it; why.</exception>
    public static EncryptedCredential Decrypt(string text, CredentialKey key, string place)
    {
        var bytes = Bytes(text, place);
        var id = new Uuid(bytes.AsSpan(0, IdLength));
        if (id != key.Id) throw new RoosException($"{place}: is encrypted with {CredentialKey.Describe(id) ?? "a kind of key that nobody knows"}, and {key.Description} was given");
        if (Field(16) != KeyLength || Field(20) != BlockLength || Field(24) != IvLength || Field(28) != TagLength || bytes.Length < HeaderLength + MetadataFields + 4 + TagLength)
            throw new RoosException($"{place}: is damaged: its header does not have the sizes of AES-256-GCM, or it was cut off");
        var plain = new byte[bytes.Length - HeaderLength - TagLength];
        try
        {
            using var cipher = new AesGcm(key.Derive(), TagLength);
            cipher.Decrypt(bytes.AsSpan(FieldsEnd, IvLength), bytes.AsSpan(HeaderLength, plain.Length), bytes.AsSpan(HeaderLength + plain.Length), plain, bytes.AsSpan(0, HeaderLength));
        }
        catch (AuthenticationTagMismatchException e)
        {
            throw new RoosException($"{place}: was encrypted with another key, or changed since", e);
        }

        var nameLength = BinaryPrimitives.ReadUInt32LittleEndian(plain.AsSpan(16));
        if (nameLength > CredentialName.MaximumLength || RoundUp(MetadataFields + (int)nameLength) > plain.Length) throw new RoosException($"{place}: is damaged: its name is longer than itself");
        var name = Encoding.Latin1.GetString(plain, MetadataFields, (int)nameLength);
        if (name.Length > 0 && !CredentialName.IsValid(name)) throw new RoosException($"{place}: is damaged: its name is none that systemd takes");
        return new EncryptedCredential
        {
            Name = name.Length > 0 ? name : null,
            Time = Moment(BinaryPrimitives.ReadUInt64LittleEndian(plain)),
            Expiry = Moment(BinaryPrimitives.ReadUInt64LittleEndian(plain.AsSpan(8))),
            Value = plain[RoundUp(MetadataFields + (int)nameLength)..],
        };

        uint Field(int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at));
    }

    /// <summary>What a credential is encrypted with, in words.</summary>
    /// <exception cref="RoosException">It is no credential.</exception>
    public static string DescribeKey(string text, string place) =>
        CredentialKey.Describe(new Uuid(Bytes(text, place).AsSpan(0, IdLength))) ?? throw new RoosException($"{place}: is no encrypted credential: it begins with no kind of key that systemd 257 knows");

    private static byte[] Bytes(string text, string place)
    {
        if (text.Length > MaximumText) throw new RoosException($"{place}: an encrypted credential has at most {MaximumText} characters; this has {text.Length}");
        byte[] bytes;
        try
        {
            bytes = Convert.FromBase64String(text);
        }
        catch (FormatException e)
        {
            throw new RoosException($"{place}: is no encrypted credential: it is not Base64", e);
        }

        return bytes.Length >= HeaderLength ? bytes : throw new RoosException($"{place}: is no encrypted credential: it has {bytes.Length} bytes, and the header alone has {HeaderLength}");
    }

    private static byte[] SyntheticIv(byte[] secret, byte[] plain) => HMACSHA256.HashData(HMACSHA256.HashData(secret, "roos credential iv"u8), plain)[..IvLength];

    private static string Lines(string text) => string.Concat(text.Chunk(LineLength).Select(line => new string(line) + "\n"));

    private static int RoundUp(int length) => (length + 7) / 8 * 8;

    private static ulong Microseconds(DateTimeOffset? time) => time is { } moment ? (ulong)((moment - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond) : ulong.MaxValue;

    /// <summary>Times behind the year 9999 are as good as none.</summary>
    private static DateTimeOffset? Moment(ulong microseconds) =>
        microseconds <= (ulong)((DateTimeOffset.MaxValue - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond) ? DateTimeOffset.UnixEpoch.AddTicks((long)microseconds * TimeSpan.TicksPerMicrosecond) : null;
}
