using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace Roos.Core.Bytes;

/// <summary>
/// An immutable string of bytes: a file name, a link target, an xattr. Linux names are bytes and not text, so they are
/// kept, compared and sorted as bytes (UTF-16 ordinal order is a different order).
/// </summary>
[SuppressMessage("Design", "CA1036:Override methods on comparable types", Justification = "compared by sorted collections only")]
public readonly struct ByteString : IEquatable<ByteString>, IComparable<ByteString>
{
    private readonly byte[]? _bytes;

    /// <summary>Copies <paramref name="bytes"/>.</summary>
    public ByteString(ReadOnlySpan<byte> bytes) => _bytes = bytes.ToArray();

    /// <summary>The string with no bytes.</summary>
    public static ByteString Empty => default;

    public int Length => _bytes?.Length ?? 0;

    public bool IsEmpty => Length == 0;

    public ReadOnlySpan<byte> Span => _bytes;

    public ReadOnlyMemory<byte> Memory => _bytes;

    /// <summary>The UTF-8 bytes of <paramref name="text"/>.</summary>
    public static ByteString FromUtf8(string text) => new(Encoding.UTF8.GetBytes(text));

    public static implicit operator ByteString(ReadOnlySpan<byte> bytes) => new(bytes);

    public static implicit operator ByteString(string text) => FromUtf8(text);

    public static bool operator ==(ByteString left, ByteString right) => left.Equals(right);

    public static bool operator !=(ByteString left, ByteString right) => !left.Equals(right);

    public bool Equals(ByteString other) => Span.SequenceEqual(other.Span);

    public bool Equals(ReadOnlySpan<byte> other) => Span.SequenceEqual(other);

    public override bool Equals(object? obj) => obj is ByteString other && Equals(other);

    /// <summary>FNV-1a: equal in every process, so nothing can depend on a per-process seed.</summary>
    public override int GetHashCode()
    {
        unchecked
        {
            uint hash = 2166136261;
            foreach (var b in Span) hash = (hash ^ b) * 16777619;
            return (int)hash;
        }
    }

    /// <summary>Bytewise (memcmp) order; a prefix sorts before the longer string.</summary>
    public int CompareTo(ByteString other) => Span.SequenceCompareTo(other.Span);

    public bool StartsWith(ReadOnlySpan<byte> prefix) => Span.StartsWith(prefix);

    public bool EndsWith(ReadOnlySpan<byte> suffix) => Span.EndsWith(suffix);

    /// <summary>Strict UTF-8 text, or false where the bytes are not UTF-8.</summary>
    public bool TryGetText([NotNullWhen(true)] out string? text)
    {
        try
        {
            text = StrictUtf8.GetString(Span);
            return true;
        }
        catch (DecoderFallbackException)
        {
            text = null;
            return false;
        }
    }

    /// <summary>For people: UTF-8 where it is valid and printable, <c>\xNN</c> elsewhere. Not reversible.</summary>
    public override string ToString()
    {
        var clean = TryGetText(out var text);
        if (clean && !text!.Any(char.IsControl)) return text!;
        var result = new StringBuilder(Length * 2);
        foreach (var b in Span)
        {
            if (b is >= 0x20 and < 0x7f) result.Append((char)b);
            else result.Append(CultureInfo.InvariantCulture, $"\\x{b:x2}");
        }

        return result.ToString();
    }

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
}
