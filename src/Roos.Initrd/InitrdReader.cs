using Roos.Core;
using Roos.Core.Bytes;
using Roos.Initrd.Compression;
using Roos.Initrd.Cpio;

namespace Roos.Initrd;

/// <summary>How a part of an initrd is packed.</summary>
public enum InitrdCompression
{
    /// <summary>A cpio archive as it is.</summary>
    None,
    Gzip,
    Bzip2,
    Lzma,
    Xz,
    Lzo,
    Lz4,
    Zstd,
}

/// <summary>One archive of an initrd.</summary>
/// <param name="Offset">Where it begins in the initrd.</param>
/// <param name="Compression">How it is packed.</param>
/// <param name="Bytes">All of it, packed as it is; see <see cref="ZstdSegment.Decompress"/>.</param>
public sealed record InitrdSegment(long Offset, InitrdCompression Compression, ByteSource Bytes);

/// <summary>
/// Takes an initrd apart into its archives as the kernel does (unpack_to_rootfs() in init/initramfs.c, magic numbers of lib/decompress.c): one
/// after another, zeros between them, each plain at a multiple of 4 or compressed. Only <see cref="RoosException"/> is thrown for bad input.
/// </summary>
public static class InitrdReader
{
    /// <summary>
    /// The archives of <paramref name="initrd"/>. Only plain and Zstandard archives say where they end; one that is packed otherwise
    /// is taken to go on to the end of the initrd.
    /// </summary>
    /// <exception cref="DamagedInputException">There is something that is no archive, or one is cut off.</exception>
    public static IReadOnlyList<InitrdSegment> Read(ByteSource initrd)
    {
        var segments = new List<InitrdSegment>();
        for (var at = SkipZeros(initrd, 0); at < initrd.Length; at = SkipZeros(initrd, at))
        {
            var head = new byte[Math.Min(6, initrd.Length - at)];
            initrd.Read(at, head);
            var compression = Recognise(head) ?? throw new DamagedInputException($"an initrd must consist of cpio archives, plain or compressed, with zeros between them, and at offset {at} is something else: it is damaged");
            var rest = initrd.Slice(at, initrd.Length - at);
            var length = rest.Length;
            if (compression == InitrdCompression.Zstd) length = ZstdFrame.Measure(rest, 0);
            if (compression == InitrdCompression.None)
            {
                if (at % NewcHeader.Alignment != 0) throw new DamagedInputException($"a cpio archive in an initrd must begin at a multiple of {NewcHeader.Alignment}, and one begins at {at}: it is damaged");
                _ = CpioReader.ReadArchive(rest, out length);
            }

            segments.Add(new InitrdSegment(at, compression, rest.Slice(0, length)));
            at += length;
        }

        return segments;
    }

    private static InitrdCompression? Recognise(ReadOnlySpan<byte> head) => head switch
    {
        _ when NewcHeader.HasMagic(head) => InitrdCompression.None,
        [0x1f, 0x8b or 0x9e, ..] => InitrdCompression.Gzip,
        [0x42, 0x5a, ..] => InitrdCompression.Bzip2,
        [0x5d, 0x00, ..] => InitrdCompression.Lzma,
        [0xfd, 0x37, ..] => InitrdCompression.Xz,
        [0x89, 0x4c, ..] => InitrdCompression.Lzo,
        [0x02, 0x21, ..] => InitrdCompression.Lz4,
        [0x28, 0xb5, 0x2f, 0xfd, ..] => InitrdCompression.Zstd,
        _ => null,
    };

    private static long SkipZeros(ByteSource source, long at)
    {
        Span<byte> buffer = stackalloc byte[4096];
        while (at < source.Length)
        {
            var piece = buffer[..(int)Math.Min(buffer.Length, source.Length - at)];
            source.Read(at, piece);
            var data = piece.IndexOfAnyExcept((byte)0);
            if (data >= 0) return at + data;
            at += piece.Length;
        }

        return at;
    }
}
