using Roos.Core;
using Roos.Core.Bytes;
using Roos.Core.Tree;
using Roos.Erofs.Reading;

namespace Roos.Erofs;

/// <summary>
/// Reads EroFS images: those of Roos, and those of mkfs.erofs that are not compressed or by zstd without fragments, dedupe
/// and ztailpacking. Bytes may be hostile: nothing but <see cref="DamagedInputException"/> is thrown for them, here and by
/// the contents of files. Dispose it when the contents are not needed any more.
/// </summary>
public sealed class ErofsReader : IDisposable
{
    private readonly ImageBytes _image;
    private readonly ClusterCache _cache;

    private ErofsReader(ByteSource image, ErofsSuperblock superblock)
    {
        Superblock = superblock;
        _image = new ImageBytes(image, (long)superblock.Blocks * Format.ErofsFormat.BlockSize);
        _cache = new ClusterCache(superblock.ZstdWindowLog);
    }

    public ErofsSuperblock Superblock { get; }

    /// <exception cref="DamagedInputException">No EroFS image, its superblock is damaged, or it has features that Roos does not read.</exception>
    public static ErofsReader Open(ByteSource image) => new(image, SuperblockReader.Read(image));

    /// <summary>The whole tree. Contents of files are read from the image when they are needed.</summary>
    /// <exception cref="DamagedInputException">The image is damaged; the message says where.</exception>
    public FileTree ReadTree(CancellationToken cancellation = default) => new TreeReader(_image, Superblock, _cache, cancellation).Read();

    /// <summary>
    /// Reads the tree and checks what reading it does not: link counts, that all contents are within the image, and that
    /// every compressed extent decompresses to its length.
    /// </summary>
    /// <exception cref="DamagedInputException">The first damage found.</exception>
    public ErofsVerification Verify(CancellationToken cancellation = default)
    {
        var reader = new TreeReader(_image, Superblock, _cache, cancellation);
        _ = reader.Read();
        long bytes = 0, extents = 0;
        foreach (var (node, inode) in reader.Leaves)
        {
            var names = reader.Names[inode.Nid];
            if (names != inode.LinkCount) throw new DamagedInputException($"damaged EroFS image: {inode} has the link count {inode.LinkCount} and {names} names");
            if (node is not RegularFile file) continue;
            bytes += inode.Size;
            if (file.Content is CompressedFile compressed) extents += compressed.Verify(cancellation);
            else if (file.Content is ChunkedContent chunked) chunked.Verify(cancellation);
        }

        return new ErofsVerification(reader.Leaves.Count + reader.DirectoryCount, bytes, extents);
    }

    public void Dispose() => _cache.Dispose();
}
