using System.Buffers;

namespace Roos.Erofs.Writing;

/// <summary>The extents of each run of a unit, and their compressed bytes one after another.</summary>
/// <param name="Extents">By run.</param>
/// <param name="Stored">An array that may be longer than what is in it.</param>
/// <param name="StoredLength">Bytes in it.</param>
/// <param name="IsRented">The array goes back to the shared pool.</param>
internal readonly record struct UnitResult(IReadOnlyList<Extent>[] Extents, byte[] Stored, int StoredLength, bool IsRented);

/// <summary>What one thread needs to compress units one after another.</summary>
internal sealed class UnitCompressor(ErofsOptions options) : IDisposable
{
    private readonly ExtentCompressor _extents = new(options);
    private byte[] _input = [];
    private byte[] _output = [];

    public UnitResult Compress(CompressionUnit unit)
    {
        if (unit.Runs[0].Same is not null) return new UnitResult([[]], [], 0, IsRented: false);
        if (_input.Length < unit.Length) (_input, _output) = (new byte[unit.Length], new byte[unit.Length]);
        Read(unit);
        if (options.Cache is not { } cache) return Compress(unit, _input.AsSpan(0, unit.Length));

        var key = CachedUnit.Key(unit, options, _input.AsSpan(0, unit.Length));
        if (cache.TryRead(key) is { } value && CachedUnit.TryParse(key, value, unit) is { } known) return known;
        var result = Compress(unit, _input.AsSpan(0, unit.Length));
        cache.Write(key, CachedUnit.Serialize(key, result));
        return result;
    }

    public void Dispose() => _extents.Dispose();

    private void Read(CompressionUnit unit)
    {
        var at = 0;
        foreach (var run in unit.Runs)
        {
            foreach (var (source, offset, length) in run.Pieces)
            {
                source.Read(offset, _input.AsSpan(at, length));
                at += length;
            }
        }
    }

    private UnitResult Compress(CompressionUnit unit, ReadOnlySpan<byte> input)
    {
        var extents = new IReadOnlyList<Extent>[unit.Runs.Count];
        int used = 0, at = 0;
        for (var i = 0; i < extents.Length; i++)
        {
            var run = unit.Runs[i];
            (extents[i], var written) = _extents.Compress(input.Slice(at, run.Length), run.ClusterSize, run.IsLast, _output.AsSpan(used));
            used += written;
            at += run.Length;
        }

        var stored = ArrayPool<byte>.Shared.Rent(used);
        _output.AsSpan(0, used).CopyTo(stored);
        return new UnitResult(extents, stored, used, IsRented: true);
    }
}
