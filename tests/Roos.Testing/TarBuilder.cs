using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Roos.Core.Bytes;

namespace Roos.Testing;

/// <summary>What a header says; everything can be wrong on purpose.</summary>
public sealed record TarEntry(ByteString Name, char Type = '0')
{
    public ReadOnlyMemory<byte> Content { get; init; }

    /// <summary>The size field where it is not the length of <see cref="Content"/>.</summary>
    public long? Size { get; init; }

    public ByteString Link { get; init; }

    public ByteString Prefix { get; init; }

    public long Mode { get; init; } = 0x1a4;

    public long UserId { get; init; }

    public long GroupId { get; init; }

    public long Time { get; init; }

    public long Major { get; init; }

    public long Minor { get; init; }

    /// <summary>257 to 264 of the header: "ustar\0" "00", "ustar  \0" (GNU) or nothing (v7).</summary>
    public string Magic { get; init; } = TarBuilder.Ustar;

    /// <summary>Changes the header before its checksum is made.</summary>
    public Action<byte[]>? Change { get; init; }
}

/// <summary>Writes tars for tests: right ones of every kind, and wrong ones.</summary>
public sealed class TarBuilder
{
    public const string Ustar = "ustar\000", Gnu = "ustar  \0", Version7 = "\0\0\0\0\0\0\0\0";

    private readonly ArrayBufferWriter<byte> _stream = new();

    public long Position => _stream.WrittenCount;

    public TarBuilder Add(TarEntry entry) => Raw(Header(entry)).Padded(entry.Content.Span);

    public TarBuilder Directory(ByteString name, long mode = 0x1ed) => Add(new TarEntry(name, '5') { Mode = mode });

    public TarBuilder File(ByteString name, string content = "") => Add(new TarEntry(name) { Content = Encoding.UTF8.GetBytes(content) });

    public TarBuilder SymbolicLink(ByteString name, ByteString target) => Add(new TarEntry(name, '2') { Link = target, Mode = 0x1ff });

    public TarBuilder HardLink(ByteString name, ByteString target) => Add(new TarEntry(name, '1') { Link = target });

    /// <summary>A PAX header for the next member (or with type g, for all that follow).</summary>
    public TarBuilder Pax(char type, params IReadOnlyList<(string Keyword, ByteString Value)> records)
    {
        using var body = new MemoryStream();
        foreach (var (keyword, value) in records) body.Write(PaxRecord(keyword, value));
        return Add(new TarEntry("pax", type) { Content = body.ToArray() });
    }

    public TarBuilder Pax(params IReadOnlyList<(string Keyword, ByteString Value)> records) => Pax('x', records);

    /// <summary>A GNU long name (L) or long link (K) for the next member.</summary>
    public TarBuilder Long(char type, ByteString name) => Add(new TarEntry("././@LongLink", type) { Magic = Gnu, Content = (byte[])[.. name.Span, 0] });

    public TarBuilder Raw(ReadOnlySpan<byte> bytes)
    {
        _stream.Write(bytes);
        return this;
    }

    /// <summary>Bytes, then zeros up to a whole block.</summary>
    public TarBuilder Padded(ReadOnlySpan<byte> bytes)
    {
        _stream.Write(bytes);
        _stream.Write(new byte[(512 - (bytes.Length % 512)) % 512]);
        return this;
    }

    /// <summary>The archive with its end mark.</summary>
    public byte[] ToArray() => [.. _stream.WrittenSpan, .. new byte[1024]];

    /// <summary>The archive without an end mark.</summary>
    public byte[] ToUnfinishedArray() => _stream.WrittenSpan.ToArray();

    public static byte[] PaxRecord(string keyword, ByteString value)
    {
        byte[] rest = [(byte)' ', .. Encoding.Latin1.GetBytes(keyword), (byte)'=', .. value.Span, (byte)'\n'];
        var length = rest.Length + 1;
        while (length != rest.Length + length.ToString(CultureInfo.InvariantCulture).Length) length++;
        return [.. Encoding.ASCII.GetBytes(length.ToString(CultureInfo.InvariantCulture)), .. rest];
    }

    public static byte[] Header(TarEntry entry)
    {
        var block = new byte[512];
        entry.Name.Span[..Math.Min(100, entry.Name.Length)].CopyTo(block);
        Number(block.AsSpan(100, 8), entry.Mode);
        Number(block.AsSpan(108, 8), entry.UserId);
        Number(block.AsSpan(116, 8), entry.GroupId);
        Number(block.AsSpan(124, 12), entry.Size ?? entry.Content.Length);
        Number(block.AsSpan(136, 12), entry.Time);
        block[156] = (byte)entry.Type;
        entry.Link.Span[..Math.Min(100, entry.Link.Length)].CopyTo(block.AsSpan(157));
        Encoding.ASCII.GetBytes(entry.Magic, block.AsSpan(257));
        if (entry.Magic != Version7)
        {
            Number(block.AsSpan(329, 8), entry.Major);
            Number(block.AsSpan(337, 8), entry.Minor);
        }

        if (entry.Magic == Ustar) entry.Prefix.Span.CopyTo(block.AsSpan(345, 155));
        entry.Change?.Invoke(block);
        Seal(block);
        return block;
    }

    /// <summary>Makes the checksum of a header right.</summary>
    public static void Seal(Span<byte> block)
    {
        block.Slice(148, 8).Fill((byte)' ');
        var sum = 0;
        foreach (var b in block) sum += b;
        Encoding.ASCII.GetBytes(Convert.ToString(sum, 8).PadLeft(6, '0') + "\0 ", block.Slice(148, 8));
    }

    /// <summary>Octal where it fits, base 256 where not.</summary>
    public static void Number(Span<byte> field, long value)
    {
        var octal = value < 0 ? "" : Convert.ToString(value, 8);
        if (value >= 0 && octal.Length < field.Length)
        {
            Encoding.ASCII.GetBytes(octal.PadLeft(field.Length - 1, '0'), field);
            return;
        }

        field.Fill(value < 0 ? (byte)0xff : (byte)0);
        BinaryPrimitives.WriteInt64BigEndian(field[^8..], value);
        field[0] = (byte)((field[0] & 0x7f) | 0x80);
    }
}
