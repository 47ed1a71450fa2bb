using System.Buffers;
using ICSharpCode.SharpZipLib;
using ICSharpCode.SharpZipLib.BZip2;
using ICSharpCode.SharpZipLib.GZip;
using Roos.Core.Bytes;
using ZstdSharp;

namespace Roos.Core.Compression;

/// <summary>Input that may be compressed with gzip, bzip2, xz or zstd, in one or several members (frames, streams).</summary>
public static class CompressedInput
{
    /// <summary>
    /// The compression by its magic: RFC 1952 2.3.1 (gzip), "BZh" and a level (bzip2), xz-file-format 2.1.1.1, RFC 8878 3.1.1 and
    /// 3.1.2 (zstd, whose stream may begin with a skippable frame).
    /// </summary>
    public static Compression Detect(ByteSource source)
    {
        Span<byte> start = stackalloc byte[6];
        start = start[..(int)Math.Min(start.Length, source.Length)];
        source.Read(0, start);
        if (start.StartsWith((ReadOnlySpan<byte>)[0x1f, 0x8b, 8])) return Compression.Gzip;
        if (start.StartsWith("BZh"u8) && start.Length > 3 && start[3] is >= (byte)'1' and <= (byte)'9') return Compression.Bzip2;
        if (start.StartsWith((ReadOnlySpan<byte>)[0xfd, (byte)'7', (byte)'z', (byte)'X', (byte)'Z', 0])) return Compression.Xz;
        if (start.StartsWith((ReadOnlySpan<byte>)[0x28, 0xb5, 0x2f, 0xfd])) return Compression.Zstandard;
        if (start.Length >= 4 && (start[0] & 0xf0) == 0x50 && start[1..4].SequenceEqual((ReadOnlySpan<byte>)[0x2a, 0x4d, 0x18])) return Compression.Zstandard;
        return Compression.None;
    }

    /// <summary>
    /// <paramref name="source"/> itself where it is not compressed; otherwise a spool with its decompressed bytes, whose owner
    /// is who gave <paramref name="spools"/>. Memory is the window of the data: zstd's at
    /// most 128 MiB (more is refused), xz's as large as its block headers say (64 MiB at most as the xz command makes them).
    /// </summary>
    /// <param name="source">The bytes as they came.</param>
    /// <param name="spools">Makes the place for the decompressed bytes; not called when there is nothing to decompress.</param>
    /// <param name="name">What messages call the source: its file name.</param>
    /// <param name="cancellation">Stops between two chunks.</param>
    /// <exception cref="DamagedInputException">The data is cut off or corrupt, or its checksum does not fit.</exception>
    public static ByteSource Open(ByteSource source, SpoolFactory spools, string name = "the input", CancellationToken cancellation = default)
    {
        var compression = Detect(source);
        if (compression == Compression.None) return source;
        var spool = spools();
        try
        {
            Decompress(compression, source, spool, cancellation);
            return spool;
        }
        catch (OutOfMemoryException e)
        {
            spool.Dispose();
            throw new DamagedInputException($"{name}: its {compression} data asks for a larger dictionary than there is memory: compress it again with a standard level", e);
        }
        catch (Exception e) when (IsDamage(e))
        {
            spool.Dispose();
            throw new DamagedInputException($"{name}: its {compression} data is cut off or corrupt: {e.Message.TrimEnd('.')}", e);
        }
        catch
        {
            spool.Dispose();
            throw;
        }
    }

    private static void Decompress(Compression compression, ByteSource source, Spool spool, CancellationToken cancellation)
    {
        using var input = new BufferedStream(source.OpenRead(), 1 << 17);
        switch (compression)
        {
            case Compression.Gzip:
                using (var gzip = new GZipInputStream(input)) Copy(gzip, spool, cancellation);
                break;
            case Compression.Bzip2:
                // The library reads one stream; parallel compressors write many, one after another.
                while (input.Position < source.Length)
                {
                    using var bzip2 = new BZip2InputStream(input) { IsStreamOwner = false };
                    Copy(bzip2, spool, cancellation);
                }

                break;
            case Compression.Xz:
                XzInput.Decompress(source, spool, cancellation);
                break;
            default:
                using (var zstandard = new DecompressionStream(input)) Copy(zstandard, spool, cancellation);
                break;
        }
    }

    internal static void Copy(Stream from, Spool spool, CancellationToken cancellation)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(1 << 17);
        try
        {
            for (var count = from.Read(buffer, 0, buffer.Length); count > 0; count = from.Read(buffer, 0, buffer.Length))
            {
                cancellation.ThrowIfCancellationRequested();
                spool.Append(buffer.AsSpan(0, count));
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>What the decoders throw for bad data; they also index past their arrays. A spool that is full throws RoosException, which is not ours.</summary>
    private static bool IsDamage(Exception e) =>
        e is SharpZipBaseException or SharpCompress.Common.SharpCompressException or ZstdException or EndOfStreamException or InvalidDataException
            or IndexOutOfRangeException or ArgumentException or InvalidOperationException or OverflowException or NullReferenceException or NotSupportedException
            or NotImplementedException or DivideByZeroException;
}
