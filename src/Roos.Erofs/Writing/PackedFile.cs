using Roos.Core.Bytes;
using Roos.Core.Tree;
using Roos.Erofs.Format;

namespace Roos.Erofs.Writing;

/// <summary>
/// The packed inode: contents of many files one after another, like ones together, so that they are compressed with each
/// other and do not end in half-filled blocks. It is cut into groups that are compressed by themselves.
/// </summary>
internal sealed class PackedFile
{
    /// <summary>Files up to this are packed whole; of larger ones what is left after their parts, if it is as little.</summary>
    public const int MaximumTail = 1 << 20;

    private const int SmallestGroup = 4 << 20, LargestGroup = 12 << 20;

    /// <summary>One in so many names ends a group that is large enough.</summary>
    private const uint Anchor = 64;

    private static readonly byte[] Zeros = new byte[ErofsFormat.BlockSize];

    private readonly List<(List<Piece> Pieces, int Length)> _groups = [];
    private readonly List<ByteSource> _content = [];
    private List<Piece> _pieces = [];
    private int _groupLength;
    private long _length;

    private PackedFile()
    {
    }

    /// <summary>Content for the packed inode.</summary>
    public ByteSource Content => ByteSource.Concat(_content);

    /// <summary>Packs the ends of files and tells each where its own begins.</summary>
    /// <param name="tails">Files and the offset from which on they are packed.</param>
    public static PackedFile Pack(IEnumerable<(InodePlan File, long Start)> tails)
    {
        var result = new PackedFile();
        foreach (var (file, start) in PackingOrder.Sort(tails)) result.Add(file, start);
        result.EndGroup();
        return result;
    }

    /// <summary>The groups as runs of the packed inode.</summary>
    public IEnumerable<CompressionUnit> Units(InodePlan inode, int clusterSize)
    {
        for (var i = 0; i < _groups.Count; i++)
        {
            var (pieces, length) = _groups[i];
            yield return new CompressionUnit([new CompressionRun(inode, pieces, length, clusterSize, IsLast: i == _groups.Count - 1)], length);
        }
    }

    private void Add(InodePlan file, long start)
    {
        var content = ((RegularFile)file.Node).Content;
        var length = content.Length - start;
        if (_groupLength + length > LargestGroup || (_groupLength >= SmallestGroup && CompressionUnits.IsAnchor(file, Anchor))) EndGroup();
        file.PackedOffset = _length;
        file.PackedLength = length;
        for (var offset = start; offset < content.Length;)
        {
            if (_groupLength == LargestGroup) EndGroup();
            var part = (int)Math.Min(LargestGroup - _groupLength, content.Length - offset);
            AddPiece(new Piece(content, offset, part));
            offset += part;
        }
    }

    private void AddPiece(Piece piece)
    {
        _pieces.Add(piece);
        _content.Add(piece.Source.Slice(piece.Offset, piece.Length));
        _groupLength += piece.Length;
        _length += piece.Length;
    }

    /// <summary>A group begins at a multiple of the block size, so that its extents do.</summary>
    private void EndGroup()
    {
        if (_groupLength == 0) return;
        var padding = (int)(ErofsFormat.AlignUp(_groupLength, ErofsFormat.BlockSize) - _groupLength);
        if (padding > 0) AddPiece(new Piece(ByteSource.FromMemory(Zeros), 0, padding));
        _groups.Add((_pieces, _groupLength));
        _pieces = [];
        _groupLength = 0;
    }
}
