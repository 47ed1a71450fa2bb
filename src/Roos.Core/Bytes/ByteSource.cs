using System.Buffers;

namespace Roos.Core.Bytes;

/// <summary>
/// Bytes that exist: of known length, readable at any offset, from any thread. A slice of a file (a member of a tar,
/// say) is one, so nothing is ever extracted to be used.
/// </summary>
public abstract class ByteSource
{
    /// <summary>A source with no bytes.</summary>
    public static ByteSource Empty { get; } = new MemorySource(ReadOnlyMemory<byte>.Empty);

    /// <summary>Length in bytes.</summary>
    public abstract long Length { get; }

    /// <summary>Fills the whole of <paramref name="destination"/> from <paramref name="offset"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The range is not within the source.</exception>
    /// <exception cref="RoosException">The bytes cannot be read any more (a file was truncated, a device failed).</exception>
    public void Read(long offset, Span<byte> destination)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, Length - destination.Length, nameof(offset));
        if (!destination.IsEmpty) ReadCore(offset, destination);
    }

    /// <summary>
    /// True where the range is known, without reading it, to be all zeros (a hole). False says nothing.
    /// </summary>
    public virtual bool IsHole(long offset, long length) => length == 0;

    /// <summary>The part from <paramref name="offset"/>, <paramref name="length"/> bytes long; shares the bytes.</summary>
    public virtual ByteSource Slice(long offset, long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, Length - length, nameof(offset));
        return offset == 0 && length == Length ? this : new SliceSource(this, offset, length);
    }

    /// <summary>Writes all bytes to <paramref name="sink"/>, in order; holes as holes.</summary>
    public void CopyTo(ImageSink sink, CancellationToken cancellation = default)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(1 << 18);
        try
        {
            for (long at = 0; at < Length;)
            {
                cancellation.ThrowIfCancellationRequested();
                var count = (int)Math.Min(buffer.Length, Length - at);
                if (IsHole(at, count))
                {
                    sink.WriteZeros(count);
                }
                else
                {
                    Read(at, buffer.AsSpan(0, count));
                    sink.Write(buffer.AsSpan(0, count));
                }

                at += count;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>All bytes in memory; for small things.</summary>
    /// <exception cref="RoosException">The source is too large for an array.</exception>
    public byte[] ToArray()
    {
        if (Length > Array.MaxLength) throw new RoosException($"{Length} bytes do not fit into memory as one piece");
        var result = new byte[Length];
        Read(0, result);
        return result;
    }

    /// <summary>A read-only seekable stream over the bytes.</summary>
    public Stream OpenRead() => new ByteSourceStream(this);

    public static ByteSource FromMemory(ReadOnlyMemory<byte> bytes) => bytes.IsEmpty ? Empty : new MemorySource(bytes);

    /// <summary>A sparse run of zeros.</summary>
    public static ByteSource Zeros(long length) => length == 0 ? Empty : new ZeroSource(length);

    /// <summary>The parts one after another.</summary>
    public static ByteSource Concat(IReadOnlyList<ByteSource> parts) => parts.Count == 1 ? parts[0] : new ConcatSource(parts);

    /// <summary>A range inside the source; the caller has checked it.</summary>
    protected abstract void ReadCore(long offset, Span<byte> destination);

    /// <summary>Lets wrappers call <see cref="ReadCore"/> of what they wrap.</summary>
    private protected static void ReadFrom(ByteSource source, long offset, Span<byte> destination) => source.ReadCore(offset, destination);

    private sealed class MemorySource(ReadOnlyMemory<byte> bytes) : ByteSource
    {
        public override long Length => bytes.Length;

        protected override void ReadCore(long offset, Span<byte> destination) =>
            bytes.Span.Slice((int)offset, destination.Length).CopyTo(destination);

        public override ByteSource Slice(long offset, long length)
        {
            _ = base.Slice(offset, length); // range checks
            return FromMemory(bytes.Slice((int)offset, (int)length));
        }
    }

    private sealed class ZeroSource(long length) : ByteSource
    {
        public override long Length => length;

        public override bool IsHole(long offset, long count) => true;

        protected override void ReadCore(long offset, Span<byte> destination) => destination.Clear();
    }

    private sealed class SliceSource(ByteSource whole, long start, long length) : ByteSource
    {
        public override long Length => length;

        public override bool IsHole(long offset, long count) => whole.IsHole(start + offset, count);

        protected override void ReadCore(long offset, Span<byte> destination) => ReadFrom(whole, start + offset, destination);

        public override ByteSource Slice(long offset, long count)
        {
            _ = base.Slice(offset, count); // range checks
            return whole.Slice(start + offset, count);
        }
    }

    private sealed class ConcatSource : ByteSource
    {
        private readonly ByteSource[] _parts;
        private readonly long[] _ends;

        public ConcatSource(IReadOnlyList<ByteSource> parts)
        {
            _parts = [.. parts.Where(part => part.Length > 0)];
            _ends = new long[_parts.Length];
            long end = 0;
            for (var i = 0; i < _parts.Length; i++) _ends[i] = end += _parts[i].Length;
            Length = end;
        }

        public override long Length { get; }

        public override bool IsHole(long offset, long count)
        {
            for (var i = IndexOf(offset); count > 0; i++)
            {
                var within = offset - (_ends[i] - _parts[i].Length);
                var here = Math.Min(count, _parts[i].Length - within);
                if (!_parts[i].IsHole(within, here)) return false;
                offset += here;
                count -= here;
            }

            return true;
        }

        protected override void ReadCore(long offset, Span<byte> destination)
        {
            for (var i = IndexOf(offset); !destination.IsEmpty; i++)
            {
                var within = offset - (_ends[i] - _parts[i].Length);
                var here = (int)Math.Min(destination.Length, _parts[i].Length - within);
                ReadFrom(_parts[i], within, destination[..here]);
                offset += here;
                destination = destination[here..];
            }
        }

        private int IndexOf(long offset)
        {
            var found = Array.BinarySearch(_ends, offset);
            return found >= 0 ? found + 1 : ~found;
        }
    }
}
