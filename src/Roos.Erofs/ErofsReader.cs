using Roos.Core;
using Roos.Core.Bytes;
using Roos.Core.Tree;
using Roos.Erofs.Reading;

namespace Roos.Erofs;

/// <summary>
/// Reads EroFS images: those of Roos, and those of mkfs.erofs with blocks of 4096 bytes that are compressed by lz4, deflate,
/// zstd or not at all, in every layout up to Linux 6.12 (big clusters, fragments, packed tails, dedupe, chunks). LZMA, extra
/// devices and 48bit are refused by name. Bytes may be hostile: nothing but <see cref="DamagedInputException"/> is thrown
/// for them, here and by the contents of files. Dispose it when the contents are not needed any more.
/// </summary>
public sealed class ErofsReader : IDisposable
{
    private readonly ImageBytes _image;
    private readonly ExtentDecoder _decoder;

    private ErofsReader(ByteSource image, ErofsSuperblock superblock)
    {
        Superblock = superblock;
        _image = new ImageBytes(image, (long)superblock.Blocks * Format.ErofsFormat.BlockSize);
        _decoder = new ExtentDecoder(_image, superblock.Compression);
    }

    public ErofsSuperblock Superblock { get; }

    /// <exception cref="DamagedInputException">No EroFS image, its superblock is damaged, or it has features that Roos does not read.</exception>
    public static ErofsReader Open(ByteSource image) => new(image, SuperblockReader.Read(image));

    /// <summary>The whole tree. Contents of files are read from the image when they are needed.</summary>
    /// <exception cref="DamagedInputException">The image is damaged; the message says where.</exception>
    public FileTree ReadTree(CancellationToken cancellation = default) => new TreeReader(_image, Superblock, _decoder, cancellation).Read();

    /// <summary>
    /// Reads the tree and checks what reading it does not: link counts, that all contents are within the image, and that
    /// every compressed extent decompresses to its length.
    /// </summary>
    /// <exception cref="DamagedInputException">The first damage found.</exception>
    public ErofsVerification Verify(CancellationToken cancellation = default)
    {
        var reader = new TreeReader(_image, Superblock, _decoder, cancellation);
        _ = reader.Read();
        long bytes = 0, extents = 0;
        foreach (var (node, inode) in reader.Leaves)
        {
            var names = reader.Names[inode.Nid];
            if (names != inode.LinkCount) throw new DamagedInputException($"damaged EroFS image: {inode} has the link count {inode.LinkCount} and {names} names");
            if (node is not RegularFile file) continue;
            bytes += inode.Size;
            extents += VerifyContent(file.Content, cancellation);
        }

        // Fragments are within it, which opening them has checked; so it is read once and not once for each of them.
        if (reader.Packed.Exists) extents += VerifyContent(reader.Packed.Content, cancellation);

        return new ErofsVerification(reader.Leaves.Count + reader.DirectoryCount, bytes, extents);
    }

    private static long VerifyContent(ByteSource content, CancellationToken cancellation)
    {
        if (content is CompressedFile compressed) return compressed.Verify(cancellation);
        if (content is ChunkedContent chunked) chunked.Verify(cancellation);
        return 0;
    }

    public void Dispose() => _decoder.Dispose();
}
