using Roos.Core;
using Roos.Core.Bytes;
using Roos.Erofs.Format;

namespace Roos.Erofs.Reading;

/// <summary>
/// What the superblock says of compression: the algorithms, and of each what follows the superblock in the order of their
/// bits, each with its length before it and at a multiple of 4 bytes (Linux, fs/erofs/decompressor.c: z_erofs_parse_cfgs).
/// </summary>
internal sealed record CompressionSettings
{
    private const int Readable = 1 << (int)CompressionAlgorithm.Lz4 | 1 << (int)CompressionAlgorithm.Deflate | 1 << (int)CompressionAlgorithm.Zstd;

    /// <summary>A bit for each algorithm.</summary>
    public int Algorithms { get; init; }

    /// <summary>Compressed data ends where its last block ends, with zeros before it; else it begins where its first block begins.</summary>
    public bool ZeroPadding { get; init; }

    /// <summary>The largest distance of a match of LZ4.</summary>
    public int Lz4Distance { get; init; } = Lz4Block.MaximumDistance;

    /// <summary>log2 of the largest window of Zstandard; 0 where the image has none.</summary>
    public int ZstdWindowLog { get; init; }

    public bool Has(CompressionAlgorithm algorithm) => (Algorithms >> (int)algorithm & 1) != 0;

    public static string Name(int algorithm) => algorithm switch { 0 => "lz4", 1 => "lzma", 2 => "deflate", 3 => "zstd", _ => $"compression algorithm {algorithm}" };

    public IEnumerable<string> Names() => Enumerable.Range(0, 16).Where(bit => (Algorithms >> bit & 1) != 0).Select(Name);

    public static CompressionSettings Read(ImageBytes image, RawSuperblock raw)
    {
        var features = (IncompatibleFeatures)raw.FeatureIncompat.Value;
        var padded = (features & IncompatibleFeatures.ZeroPadding) != 0;
        if ((features & IncompatibleFeatures.CompressionConfigurations) == 0)
        {
            // Before there were configurations, the field was LZ4's distance; nothing says whether anything is compressed.
            var distance = raw.AvailableAlgorithms.Value;
            return distance == 0 && !padded ? new CompressionSettings() : new CompressionSettings { Algorithms = 1, ZeroPadding = padded, Lz4Distance = Distance(distance) };
        }

        var settings = new CompressionSettings { Algorithms = raw.AvailableAlgorithms, ZeroPadding = padded };
        if ((settings.Algorithms & ~Readable) is not 0 and var others) throw SuperblockReader.Unsupported($"{Name(System.Numerics.BitOperations.TrailingZeroCount(others))} (Roos reads lz4, deflate and zstd)");
        var at = ErofsFormat.SuperblockOffset + RawSuperblock.Size + raw.ExtensionSlots * 16L;
        for (var algorithm = CompressionAlgorithm.Lz4; algorithm <= CompressionAlgorithm.Zstd; algorithm++)
        {
            if (!settings.Has(algorithm)) continue;
            at = ErofsFormat.AlignUp(at, 4);
            var length = image.Read<Le16>(at, "the configuration of a compression algorithm").Value;
            settings = settings.With(image, algorithm, at, length);
            at += 2 + length;
        }

        return settings;
    }

    private CompressionSettings With(ImageBytes image, CompressionAlgorithm algorithm, long at, int length)
    {
        var name = Name((int)algorithm);
        var needed = algorithm == CompressionAlgorithm.Lz4 ? RawLz4Configuration.Size - 2 : RawZstdConfiguration.Size - 2;
        if (length < needed) throw new DamagedInputException($"damaged EroFS image: the configuration of {name} must have {needed} bytes; it has {length}");
        var what = $"the configuration of {name}";
        switch (algorithm)
        {
            case CompressionAlgorithm.Lz4:
                var lz4 = image.Read<RawLz4Configuration>(at, what);
                const int blocks = ErofsFormat.MaximumPhysicalCluster / ErofsFormat.BlockSize;
                if (lz4.MaximumClusterBlocks > blocks) throw new DamagedInputException($"damaged EroFS image: clusters of lz4 have at most {blocks} blocks; the superblock has {lz4.MaximumClusterBlocks}");
                return this with { Lz4Distance = Distance(lz4.MaximumDistance) };
            case CompressionAlgorithm.Deflate:
                var deflate = image.Read<RawDeflateConfiguration>(at, what);
                if (deflate.WindowBits is < 8 or > 15) throw new DamagedInputException($"damaged EroFS image: the window of deflate is from 2^8 to 2^15; the superblock has 2^{deflate.WindowBits}");
                return this;
            default:
                var zstd = image.Read<RawZstdConfiguration>(at, what);
                if (zstd.Format != 0) throw SuperblockReader.Unsupported($"format {zstd.Format} of zstd");
                var window = zstd.WindowLogAboveMinimum + ErofsFormat.ZstdMinimumWindowLog;
                if (window > ErofsFormat.ZstdMaximumWindowLog) throw new DamagedInputException($"damaged EroFS image: the window of zstd is at most 2^{ErofsFormat.ZstdMaximumWindowLog}; the superblock has 2^{window}");
                return this with { ZstdWindowLog = window };
        }
    }

    private static int Distance(ushort stored) => stored == 0 ? Lz4Block.MaximumDistance : stored;
}
