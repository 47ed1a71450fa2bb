using System.Diagnostics.CodeAnalysis;

namespace Roos.Erofs.Reading;

/// <summary>The decoded extents that were used last, up to a number of bytes. Not thread-safe.</summary>
internal sealed class ExtentCache(long capacity)
{
    private readonly Dictionary<(CompressedFile File, long Start), LinkedListNode<Entry>> _byPlace = [];
    private readonly LinkedList<Entry> _byUse = [];
    private long _bytes;

    public bool TryGet(CompressedFile file, long start, [NotNullWhen(true)] out byte[]? decoded)
    {
        decoded = null;
        if (!_byPlace.TryGetValue((file, start), out var node)) return false;
        if (_byUse.First != node)
        {
            _byUse.Remove(node);
            _byUse.AddFirst(node);
        }

        decoded = node.Value.Decoded;
        return true;
    }

    /// <summary>Adds an extent that is not there; the oldest make room for it.</summary>
    public void Add(CompressedFile file, long start, byte[] decoded)
    {
        while (_byUse.Last is { } oldest && _bytes + decoded.Length > capacity)
        {
            _bytes -= oldest.Value.Decoded.Length;
            _byPlace.Remove((oldest.Value.File, oldest.Value.Start));
            _byUse.RemoveLast();
        }

        _byPlace.Add((file, start), _byUse.AddFirst(new Entry(file, start, decoded)));
        _bytes += decoded.Length;
    }

    private sealed record Entry(CompressedFile File, long Start, byte[] Decoded);
}
