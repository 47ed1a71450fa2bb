using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Roos.Core.Identity;

/// <summary>A UUID as its 16 bytes in string order (big-endian, RFC 9562). GPT stores it mixed-endian.</summary>
public readonly struct Uuid : IEquatable<Uuid>
{
    private readonly Bytes16 _bytes;

    /// <param name="bytes">16 bytes in string order.</param>
    public Uuid(ReadOnlySpan<byte> bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(bytes.Length, 16, nameof(bytes));
        bytes.CopyTo(_bytes);
    }

    public static Uuid Zero => default;

    public static bool operator ==(Uuid left, Uuid right) => left.Equals(right);

    public static bool operator !=(Uuid left, Uuid right) => !left.Equals(right);

    /// <summary>36 characters with dashes, or 32 hex digits.</summary>
    /// <exception cref="RoosException">The text is no UUID.</exception>
    public static Uuid Parse(string text) =>
        TryParse(text, out var result) ? result : throw new RoosException($"a UUID has 32 hex digits, optionally with dashes as in 6b9d7a1e-3f42-4c58-9a3b-0d2f5e8c1a77; found \"{text}\"");

    public static bool TryParse([NotNullWhen(true)] string? text, out Uuid result)
    {
        result = default;
        if (!Guid.TryParseExact(text, "D", out var guid) && !Guid.TryParseExact(text, "N", out guid)) return false;
        result = new Uuid(guid.ToByteArray(bigEndian: true));
        return true;
    }

    /// <summary>Reads the mixed-endian form of GPT and EFI.</summary>
    public static Uuid FromMixedEndian(ReadOnlySpan<byte> bytes) => new(new Guid(bytes[..16]).ToByteArray(bigEndian: true));

    /// <summary>The 16 bytes in string order.</summary>
    public byte[] ToArray() => ((ReadOnlySpan<byte>)_bytes).ToArray();

    /// <summary>The 16 bytes as GPT and EFI store them: the first three fields little-endian.</summary>
    public byte[] ToMixedEndian() => ToGuid().ToByteArray();

    /// <summary>32 hex digits without dashes.</summary>
    public string ToHex() => Convert.ToHexStringLower(_bytes);

    public bool Equals(Uuid other) => ((ReadOnlySpan<byte>)_bytes).SequenceEqual(other._bytes);

    public override bool Equals(object? obj) => obj is Uuid other && Equals(other);

    public override int GetHashCode() => ToGuid().GetHashCode();

    public override string ToString() => ToGuid().ToString("D");

    private Guid ToGuid() => new((ReadOnlySpan<byte>)_bytes, bigEndian: true);

    [InlineArray(16)]
    private struct Bytes16
    {
        private byte _first;
    }
}
