using Roos.Erofs.Format;

namespace Roos.Erofs.Reading;

/// <summary>How the bytes of an extent are stored.</summary>
internal enum ExtentForm
{
    Compressed,

    /// <summary>As they are, from the beginning of the first block.</summary>
    Plain,

    /// <summary>As they are in one block, each at its own offset in the file modulo the block's size.</summary>
    Interlaced,

    /// <summary>As a range of the packed inode.</summary>
    Fragment,
}

/// <summary>An extent found in an index.</summary>
/// <param name="Start">First byte of the file that it holds.</param>
/// <param name="Length">Bytes of the file; at most 12 MiB but for fragments.</param>
/// <param name="Form">How they are stored; fragments have nothing of what follows.</param>
/// <param name="StoredAt">Offset in the image.</param>
/// <param name="StoredLength">Bytes in the image: whole blocks, but for one beside its inode.</param>
/// <param name="Algorithm">What decompresses it.</param>
/// <param name="IsPartial">It is the beginning of what decompression gives: another file has more of it (dedupe).</param>
internal sealed record StoredExtent(long Start, long Length, ExtentForm Form, long StoredAt = 0, int StoredLength = 0, CompressionAlgorithm Algorithm = default, bool IsPartial = false)
{
    public long End => Start + Length;
}
