using Roos.Core.Bytes;

namespace Roos.Core.Tar;

/// <summary>
/// The 512-byte header of a member. Offsets are those of POSIX.1-2017 "ustar Interchange Format" (pax utility) and, for the
/// fields of GNU's own format, of <c>struct oldgnu_header</c> in GNU tar's tar.h.
/// </summary>
internal readonly ref struct TarHeader(ReadOnlySpan<byte> block)
{
    public const int Size = 512;

    /// <summary>Sparse entries in a header of type S, and in each extension block that follows it.</summary>
    public const int SparseInHeader = 4, SparseInExtension = 21, SparseEntrySize = 24;

    private readonly ReadOnlySpan<byte> _block = block;

    public ReadOnlySpan<byte> Name => Text(0, 100);

    public long Mode(TarPlace place) => TarNumber.Parse(_block.Slice(100, 8), "mode", place);

    public long UserId(TarPlace place) => TarNumber.Parse(_block.Slice(108, 8), "uid", place);

    public long GroupId(TarPlace place) => TarNumber.Parse(_block.Slice(116, 8), "gid", place);

    public long ContentSize(TarPlace place) => TarNumber.Parse(_block.Slice(124, 12), "size", place);

    public long ModificationTime(TarPlace place) => TarNumber.Parse(_block.Slice(136, 12), "mtime", place);

    public byte Type => _block[156];

    public ReadOnlySpan<byte> LinkName => Text(157, 100);

    public bool IsUstar => _block.Slice(257, 6).SequenceEqual("ustar\0"u8);

    public bool IsGnu => _block.Slice(257, 8).SequenceEqual("ustar  \0"u8);

    public long DeviceMajor(TarPlace place) => IsUstar || IsGnu ? TarNumber.Parse(_block.Slice(329, 8), "devmajor", place) : 0;

    public long DeviceMinor(TarPlace place) => IsUstar || IsGnu ? TarNumber.Parse(_block.Slice(337, 8), "devminor", place) : 0;

    /// <summary>The path before <see cref="Name"/>; GNU's format keeps other things there, star's uses only 131 bytes of it.</summary>
    public ReadOnlySpan<byte> Prefix => !IsUstar ? [] : _block.Slice(508, 4).SequenceEqual("tar\0"u8) ? Text(345, 131) : Text(345, 155);

    /// <summary>The path of the member as the header has it.</summary>
    public ByteString Path => Prefix.IsEmpty ? new ByteString(Name) : new ByteString([.. Prefix, (byte)'/', .. Name]);

    public ReadOnlySpan<byte> SparseEntries => _block.Slice(386, SparseInHeader * SparseEntrySize);

    public bool HasSparseExtension => _block[482] != 0;

    public long SparseRealSize(TarPlace place) => TarNumber.Parse(_block.Slice(483, 12), "realsize", place);

    public bool IsZero => !_block.ContainsAnyExcept((byte)0);

    /// <summary>The sum of all bytes with the checksum field taken as blanks; old writers summed signed bytes.</summary>
    public bool HasValidChecksum
    {
        get
        {
            long unsigned = 8 * ' ', signed = 8 * ' ';
            for (var i = 0; i < Size; i++)
            {
                if (i is >= 148 and < 156) continue;
                unsigned += _block[i];
                signed += unchecked((sbyte)_block[i]);
            }

            return TarNumber.TryParse(_block.Slice(148, 8), out var stored) && (stored == unsigned || stored == signed);
        }
    }

    private ReadOnlySpan<byte> Text(int offset, int length)
    {
        var field = _block.Slice(offset, length);
        var end = field.IndexOf((byte)0);
        return end < 0 ? field : field[..end];
    }
}
