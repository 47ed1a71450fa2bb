using Roos.Core.Bytes;

namespace Roos.Core.Tar;

/// <summary>Where the stored bytes of a sparse file belong: ascending extents, holes between them.</summary>
internal sealed class TarSparseMap
{
    /// <summary>A map is memory that a hostile archive chooses; real ones have some thousand extents.</summary>
    private const int MaximumExtents = 1 << 20;

    private readonly List<(long Offset, long Length)> _extents = [];

    public void Add(long offset, long length, TarPlace place)
    {
        if (_extents.Count == MaximumExtents) throw place.Damaged($"its sparse map has more than {MaximumExtents} extents");
        _extents.Add((offset, length));
    }

    /// <summary>GNU.sparse.map of format 0.1: "offset,length,offset,length,…".</summary>
    public static TarSparseMap ParseList(ReadOnlySpan<byte> text, TarPlace place)
    {
        var map = new TarSparseMap();
        while (!text.IsEmpty)
        {
            var offset = Next(ref text, place);
            map.Add(offset, Next(ref text, place), place);
        }

        return map;

        static long Next(ref ReadOnlySpan<byte> text, TarPlace place)
        {
            var comma = text.IndexOf((byte)',');
            var number = comma < 0 ? text : text[..comma];
            text = comma < 0 ? default : text[(comma + 1)..];
            return TarNumber.ParseDecimal(number, "GNU.sparse.map", place);
        }
    }

    /// <summary>
    /// The map of format 1.0, at the start of the stored bytes: decimal numbers, each ended by a newline (their count, then
    /// offset and length of each extent), filled up to a whole block.
    /// </summary>
    public static (TarSparseMap Map, ByteSource Data) ReadFrom(ByteSource stored, TarPlace place)
    {
        var map = new TarSparseMap();
        var block = new byte[TarHeader.Size];
        long at = 0;
        var used = block.Length;
        for (var count = NextNumber(); count > 0; count--)
        {
            var offset = NextNumber();
            map.Add(offset, NextNumber(), place);
        }

        return (map, stored.Slice(at, stored.Length - at));

        long NextNumber()
        {
            Span<byte> digits = stackalloc byte[20];
            for (var length = 0; length < digits.Length; length++)
            {
                if (used == block.Length)
                {
                    if (stored.Length - at < block.Length) throw place.Damaged("its sparse map goes past its stored bytes");
                    stored.Read(at, block);
                    at += block.Length;
                    used = 0;
                }

                digits[length] = block[used++];
                if (digits[length] == '\n') return TarNumber.ParseDecimal(digits[..length], "number of the sparse map", place);
            }

            throw place.Damaged("its sparse map has a number of more than 19 digits");
        }
    }

    /// <summary>Adds the entries of a GNU header of type S or of one of its extension blocks; unused ones are empty.</summary>
    public void AddGnuEntries(ReadOnlySpan<byte> entries, TarPlace place)
    {
        for (; !entries.IsEmpty; entries = entries[TarHeader.SparseEntrySize..])
        {
            if (!entries[..TarHeader.SparseEntrySize].ContainsAnyExcept((byte)0)) continue;
            Add(TarNumber.Parse(entries[..12], "sparse offset", place), TarNumber.Parse(entries.Slice(12, 12), "sparse length", place), place);
        }
    }

    /// <summary>The whole file: slices of <paramref name="stored"/> with zeros between them.</summary>
    public ByteSource Expand(ByteSource stored, long realSize, TarPlace place)
    {
        var parts = new List<ByteSource>((2 * _extents.Count) + 1);
        long at = 0, taken = 0;
        foreach (var (offset, length) in _extents)
        {
            if (offset < at || length < 0 || offset > realSize || length > realSize - offset)
            {
                throw place.Damaged($"the extent of its sparse map at {offset}, {length} bytes long, overlaps the one before or goes past its size of {realSize}");
            }

            if (length > stored.Length - taken) throw place.Damaged($"its sparse map asks for more than the {stored.Length} bytes stored");
            if (offset > at) parts.Add(ByteSource.Zeros(offset - at));
            if (length > 0) parts.Add(stored.Slice(taken, length));
            taken += length;
            at = offset + length;
        }

        if (taken != stored.Length) throw place.Damaged($"its sparse map places {taken} bytes and {stored.Length} are stored");
        if (realSize > at) parts.Add(ByteSource.Zeros(realSize - at));
        return parts.Count == 0 ? ByteSource.Empty : ByteSource.Concat(parts);
    }
}
