using Roos.Erofs.Format;

namespace Roos.Erofs.Writing;

/// <summary>
/// Cuts contents into extents and compresses them. An extent is grown block by block until its cluster is full: each byte is
/// compressed about once, where a search for the input that just fits compresses it a dozen times. Extents begin at multiples
/// of 4 KiB. The result depends on the input and the options only.
/// </summary>
internal sealed unsafe class ExtentCompressor : IDisposable
{
    private const int Block = ErofsFormat.BlockSize;

    /// <summary>How much is stored as it is before compression is tried again.</summary>
    private const int PlainRun = 64 << 10;

    /// <summary>Less than this cannot be worth a frame's own bytes.</summary>
    private const int SmallestFrame = 32;

    private readonly ZstdFrame _frame;
    private readonly int _maximumExtent;
    private readonly bool _packTail;

    public ExtentCompressor(ErofsOptions options)
    {
        _frame = new ZstdFrame(ZstdParameters.For(options.EffectiveLevel, options.WindowLog), ZstdParameters.SplitsBlocks(options.EffectiveLevel));
        _maximumExtent = options.MaximumExtentSize;
        _packTail = options.TailPacking;
    }

    /// <summary>Compresses <paramref name="input"/> into <paramref name="output"/>, as large as the input; gives the extents and the bytes written.</summary>
    public (List<Extent> Extents, int Stored) Compress(ReadOnlySpan<byte> input, int clusterSize, bool endsFile, Span<byte> output)
    {
        var extents = new List<Extent>(1);
        fixed (byte* source = input, destination = output)
        {
            var used = Compress(source, input.Length, clusterSize, endsFile, destination, extents);
            if (_packTail && endsFile) used = PackTail(source, input.Length, destination, used, extents);
            return (extents, used);
        }
    }

    public void Dispose() => _frame.Dispose();

    private int Compress(byte* input, int length, int clusterSize, bool endsFile, byte* output, List<Extent> extents)
    {
        var used = 0;
        var ratio = (Consumed: 2L, Stored: 1L);
        for (var at = 0; at < length;)
        {
            var left = length - at;
            var (consumed, stored) = Compressibility.IsNoise(new ReadOnlySpan<byte>(input + at, Math.Min(left, PlainRun)))
                ? (0, 0)
                : Fit(input + at, Math.Min(left, _maximumExtent), clusterSize, output + used, ref ratio);
            if (consumed == 0) consumed = Math.Min(left, PlainRun);
            if (!IsWorthwhile(consumed, stored, endsFile && consumed == left))
            {
                AddPlain(extents, consumed);
            }
            else
            {
                extents.Add(new Extent(consumed, stored));
                used += stored;
            }

            at += consumed;
        }

        return used;
    }

    private static void AddPlain(List<Extent> extents, int length)
    {
        if (extents.Count > 0 && extents[^1].IsPlain) extents[^1] = new Extent(extents[^1].Length + length, 0);
        else extents.Add(new Extent(length, 0));
    }

    /// <summary>One extent: as much as a cluster holds. Nothing stored: not even the least fits.</summary>
    private (int Consumed, int Stored) Fit(byte* input, int length, int clusterSize, byte* output, ref (long Consumed, long Stored) ratio)
    {
        // More than the input is never of use, and the output has no more room.
        var capacity = Math.Min(clusterSize, length);
        if (capacity < SmallestFrame) return (length, 0);
        var smallest = Math.Max(Block, clusterSize / 64); // a gap of that much input is not worth another block of zstd
        var first = FirstPiece(length, capacity - ZstdFrame.Overhead, ratio);
        while (true)
        {
            _frame.Begin(input, output, capacity);
            if (_frame.TryAdd(first)) break;
            if (first <= 2 * Block)
            {
                ratio = (1, 1);
                return (first, 0);
            }

            first = first / 2 / Block * Block;
        }

        var consumed = first;
        while (consumed < length)
        {
            var piece = NextPiece(length - consumed, capacity - _frame.Length, consumed, _frame.Length);
            if (piece < smallest && piece < length - consumed) break;
            if (!_frame.TryAdd(piece)) break;
            consumed += piece;
        }

        ratio = (consumed, _frame.Length);
        return (consumed, _frame.End(consumed));
    }

    private static int FirstPiece(int length, int capacity, (long Consumed, long Stored) ratio)
    {
        var expected = capacity * ratio.Consumed / Math.Max(1, ratio.Stored) * 15 / 16;
        return (int)Math.Min(Math.Min(length, ZstdFrame.MaximumPiece), Math.Max(2 * Block, expected / Block * Block));
    }

    /// <summary>What is expected to fit by how well the extent has been compressed so far.</summary>
    private static int NextPiece(int left, int room, int consumed, int stored)
    {
        var expected = (long)room * consumed / Math.Max(1, stored) * 31 / 32;
        if (expected >= Math.Min(left, ZstdFrame.MaximumPiece)) return Math.Min(left, ZstdFrame.MaximumPiece);
        return (int)(expected / Block * Block);
    }

    /// <summary>
    /// A last extent that fits beside the inode is left for it; a longer one is cut in two where that saves its last block.
    /// </summary>
    private int PackTail(byte* input, int length, byte* output, int used, List<Extent> extents)
    {
        var last = extents[^1];
        if (last.IsPlain || last.Stored <= Block || extents.Count > 1 && last.Stored > ErofsFormat.MaximumPhysicalCluster / 2) return used;
        var start = length - last.Length;
        var before = used - last.Stored;
        var ratio = ((long)last.Length, (long)last.Stored);
        var kept = new byte[last.Stored];
        new ReadOnlySpan<byte>(output + before, last.Stored).CopyTo(kept);
        var head = Fit(input + start, last.Length, last.Stored / Block * Block, output + before, ref ratio);
        if (head.Stored > 0 && head.Consumed < last.Length)
        {
            var tail = Fit(input + start + head.Consumed, last.Length - head.Consumed, Block, output + before + head.Stored, ref ratio);
            var blocks = ErofsFormat.BlocksFor(head.Stored);
            if (tail.Stored > 0 && head.Consumed + tail.Consumed == last.Length && FitsInline(tail.Consumed, tail.Stored) && blocks * Block + tail.Stored < last.Blocks * Block)
            {
                extents[^1] = new Extent(head.Consumed, head.Stored);
                extents.Add(new Extent(tail.Consumed, tail.Stored));
                return before + head.Stored + tail.Stored;
            }
        }

        kept.CopyTo(new Span<byte>(output + before, kept.Length));
        return used;
    }

    /// <summary>
    /// An extent must save a block, so that it has a second logical cluster for its length; unless it ends a file and fits
    /// beside the inode.
    /// </summary>
    private bool IsWorthwhile(int consumed, int stored, bool endsFile) =>
        stored > 0 && (ErofsFormat.BlocksFor(stored) < ErofsFormat.BlocksFor(consumed) || (_packTail && endsFile && FitsInline(consumed, stored)));

    private static bool FitsInline(int consumed, int stored) => stored <= Math.Min(ErofsFormat.MaximumInlineTail, consumed - ErofsFormat.InodeSlotSize);
}
