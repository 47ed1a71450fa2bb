using Roos.Core.Bytes;
using Roos.Erofs.Format;
using ZstdSharp;
using ZstdSharp.Unsafe;

namespace Roos.Erofs.Writing;

/// <summary>
/// Compresses one unit of a file: up to 1 MiB that begins at a multiple of 1 MiB. Units are the same for every number of
/// workers and know nothing of each other, so they can be compressed in any order. Extents begin at multiples of 4 KiB.
/// </summary>
internal sealed class ClusterCompressor : IDisposable
{
    public const int UnitSize = 1 << 20;

    private const int Block = ErofsFormat.BlockSize;

    private readonly Compressor _zstd;
    private readonly int _clusterSize;
    private readonly byte[] _input = new byte[UnitSize];

    public ClusterCompressor(ErofsOptions options)
    {
        _clusterSize = options.ClusterSize;
        _zstd = new Compressor(options.Level ?? ErofsOptions.DefaultLevel);
        _zstd.SetParameter(ZSTD_cParameter.ZSTD_c_windowLog, options.WindowLog);
        _zstd.SetParameter(ZSTD_cParameter.ZSTD_c_checksumFlag, 0);
    }

    /// <summary>Compresses the unit into <paramref name="output"/>, which is as large as the unit; gives the extents.</summary>
    public List<Extent> Compress(ByteSource content, long offset, int length, byte[] output)
    {
        var input = _input.AsSpan(0, length);
        if (content.IsHole(offset, length)) input.Clear();
        else content.Read(offset, input);

        var extents = new List<Extent>(1);
        var used = 0;
        var guess = 4L * _clusterSize;
        while (!input.IsEmpty)
        {
            var extent = CompressExtent(input, output.AsSpan(used), ref guess);
            used += extent.Stored;
            if (extent.IsPlain && extents.Count > 0 && extents[^1].IsPlain) extents[^1] = new Extent(extents[^1].Length + extent.Length, 0);
            else extents.Add(extent);
            input = input[extent.Length..];
        }

        return extents;
    }

    public void Dispose() => _zstd.Dispose();

    /// <summary>
    /// The first extent of the input: as much as is expected to fill a cluster, less where that was too much. An extent
    /// that saves no block is stored as it is.
    /// </summary>
    private Extent CompressExtent(ReadOnlySpan<byte> input, Span<byte> output, ref long guess)
    {
        var length = (int)Math.Min(input.Length, Math.Max(2 * Block, guess / Block * Block));
        while (true)
        {
            var most = (int)Math.Min(_clusterSize, (ErofsFormat.BlocksFor(length) - 1) * Block);
            if (most > 0 && _zstd.TryWrap(input[..length], output[..most], out var stored))
            {
                guess = (long)length * _clusterSize / stored * 31 / 32;
                return new Extent(length, stored);
            }

            if (length <= Math.Max(_clusterSize, 2 * Block))
            {
                guess = length;
                return new Extent(length, 0);
            }

            length = Math.Max(length / 2 / Block * Block, Math.Max(_clusterSize, 2 * Block));
        }
    }
}
