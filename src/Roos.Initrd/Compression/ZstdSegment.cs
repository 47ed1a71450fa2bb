using Roos.Core;
using Roos.Core.Bytes;
using ZstdSharp;
using ZstdSharp.Unsafe;

namespace Roos.Initrd.Compression;

/// <summary>
/// A cpio archive compressed with Zstandard so that the kernel unpacks it, in parallel and with the same bytes for any number of workers.
/// <para>
/// It is one frame. The kernel's unzstd() (lib/decompress_unzstd.c) returns at the end of a frame, and unpack_to_rootfs() (init/initramfs.c)
/// then wants the cpio archive to be at its end too ("junk in compressed archive" otherwise), so an archive cannot be cut into frames. The
/// frame is made of jobs of a fixed size that are compressed independently, each with the end of the one before as its dictionary.
/// See docs/adr for the experiment.
/// </para>
/// </summary>
public static class ZstdSegment
{
    /// <summary>Lowest level.</summary>
    public const int MinimumLevel = 1;

    /// <summary>Highest level.</summary>
    public const int MaximumLevel = 22;

    /// <summary>
    /// What to use where nobody asks for another: an initrd of 74 MB with a kernel's modules (compressed already) became 27.1 MB at level 3,
    /// 24.7 at 9, 24.4 at 15 and 21.9 at 19; for the same the zstd command took 1, 2, 21 and 49 seconds of one processor.
    /// </summary>
    public const int DefaultLevel = 9;

    /// <summary>
    /// Largest window: 8 MiB, what RFC 8878 asks every decoder to support. Levels above 19 would take up to 128 MiB, which the kernel
    /// would have to find in addition to the archive and its contents.
    /// </summary>
    private const int MaximumWindowLog = 23;

    /// <summary>Bytes of input in one job. Part of the format of our output: another value gives other bytes.</summary>
    private const int JobSize = 8 << 20;

    /// <summary>Compresses <paramref name="archive"/> into a spool and returns it; dispose it when it has been used.</summary>
    /// <param name="archive">Read once, in order.</param>
    /// <param name="level">1 to 22; the kernel unpacks all at the same speed.</param>
    /// <param name="workers">Threads at work, at least 1; says nothing about the result. Each needs about 30 MiB at usual levels.</param>
    /// <param name="spools">Where the result goes.</param>
    /// <param name="cancellation">Ends the work early.</param>
    public static Spool Compress(IImage archive, int level, int workers, SpoolFactory spools, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(workers, 1);
        if (level is < MinimumLevel or > MaximumLevel)
        {
            throw new RoosException($"the Zstandard level of an initrd must be {MinimumLevel} to {MaximumLevel} and is {level}: choose one of these");
        }

        var spool = spools();
        try
        {
            using var output = new SpoolStream(spool);
            using (var compression = new CompressionStream(output, level, leaveOpen: true))
            {
                compression.SetParameter(ZSTD_cParameter.ZSTD_c_checksumFlag, 1);
                compression.SetParameter(ZSTD_cParameter.ZSTD_c_nbWorkers, workers);
                compression.SetParameter(ZSTD_cParameter.ZSTD_c_jobSize, JobSize);
                if (level > 19) compression.SetParameter(ZSTD_cParameter.ZSTD_c_windowLog, MaximumWindowLog);
                archive.WriteTo(compression, cancellation);
            }

            return spool;
        }
        catch
        {
            spool.Dispose();
            throw;
        }
    }

    /// <summary>Unpacks a Zstandard archive into a spool; dispose it when it has been used.</summary>
    /// <param name="segment">One or more frames.</param>
    /// <param name="maximumLength">What is more than this is refused.</param>
    /// <param name="spools">Where the result goes.</param>
    /// <param name="cancellation">Ends the work early.</param>
    /// <exception cref="DamagedInputException">The bytes are no Zstandard frame, or the result is too long.</exception>
    public static Spool Decompress(ByteSource segment, long maximumLength, SpoolFactory spools, CancellationToken cancellation = default)
    {
        var spool = spools();
        try
        {
            using var plain = new DecompressionStream(segment.OpenRead(), leaveOpen: false);
            var buffer = new byte[1 << 17];
            for (int count; (count = plain.Read(buffer)) > 0;)
            {
                cancellation.ThrowIfCancellationRequested();
                if (spool.Length + count > maximumLength) throw new DamagedInputException($"an initrd must have at most {maximumLength} bytes unpacked and has more: it is damaged, or meant to fill the memory");
                spool.Append(buffer.AsSpan(0, count));
            }

            return spool;
        }
        catch (Exception e) when (e is ZstdException or IOException)
        {
            spool.Dispose();
            throw new DamagedInputException($"a compressed initrd must be a Zstandard frame and cannot be unpacked: {e.Message}", e);
        }
        catch
        {
            spool.Dispose();
            throw;
        }
    }

    /// <summary>Appends to a spool what is written.</summary>
    private sealed class SpoolStream(Spool spool) : Stream
    {
        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => spool.Length;

        public override long Position
        {
            get => spool.Length;
            set => throw new NotSupportedException();
        }

        public override void Write(ReadOnlySpan<byte> buffer) => spool.Append(buffer);

        public override void Write(byte[] buffer, int offset, int count) => spool.Append(buffer.AsSpan(offset, count));

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
