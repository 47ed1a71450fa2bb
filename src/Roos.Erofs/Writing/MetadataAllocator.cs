using Roos.Erofs.Format;

namespace Roos.Erofs.Writing;

/// <summary>
/// Gives inodes their slots of 32 bytes, one after another. Content kept inline must not cross a block, so gaps come about
/// at ends of blocks; later inodes that fit are put into the smallest such gap.
/// </summary>
internal sealed class MetadataAllocator(long start)
{
    private const int Slot = ErofsFormat.InodeSlotSize, Block = ErofsFormat.BlockSize;

    private readonly Stack<long>[] _gaps = [.. Enumerable.Range(0, Block / Slot).Select(_ => new Stack<long>())]; // by slots

    /// <summary>Bytes from the start of the image to the end of what was given away.</summary>
    public long End { get; private set; } = start;

    /// <summary>A place for <paramref name="head"/> bytes that may cross blocks and <paramref name="inline"/> bytes after them that may not.</summary>
    /// <param name="head">Bytes of inode, xattrs, index or chunk table.</param>
    /// <param name="inline">Bytes of inline content.</param>
    /// <param name="oneBlock">The head must be in the same block as the content.</param>
    public long Allocate(long head, int inline, bool oneBlock)
    {
        var size = head + inline;
        if (size <= Block && TryFill((int)size, out var place)) return place;
        place = End;
        var bound = oneBlock ? size : inline;
        var boundAt = place + size - bound;
        if (bound > 0 && boundAt / Block != (boundAt + bound - 1) / Block)
        {
            // To the next block's start, or as near to it as slots allow.
            place += ErofsFormat.AlignUp(ErofsFormat.AlignUp(boundAt, Block) - boundAt, Slot);
            AddGap(End, place);
        }

        End = ErofsFormat.AlignUp(place + size, Slot);
        return place;
    }

    private bool TryFill(int size, out long place)
    {
        for (var slots = (size + Slot - 1) / Slot; slots < _gaps.Length; slots++)
        {
            if (!_gaps[slots].TryPop(out place)) continue;
            AddGap(ErofsFormat.AlignUp(place + size, Slot), place + slots * Slot);
            return true;
        }

        place = 0;
        return false;
    }

    /// <summary>In pieces that do not cross blocks.</summary>
    private void AddGap(long from, long to)
    {
        var end = ErofsFormat.AlignUp(from + 1, Block);
        if (to > end)
        {
            AddGap(from, end);
            from = end;
        }

        if (to > from) _gaps[(to - from) / Slot].Push(from);
    }
}
