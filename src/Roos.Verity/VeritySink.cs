using Roos.Core;
using Roos.Core.Bytes;

namespace Roos.Verity;

/// <summary>
/// Hashes an image while it is written, so that it need not be read again: put it beside the file in a
/// <see cref="TeeSink"/>, write the image, then take the tree from <see cref="Complete"/>.
/// </summary>
/// <remarks>
/// Blocks are hashed in batches of a constant size and their digests joined in order, so the tree is the same for any number of
/// workers. Runs of zeros cost nothing but their digests. Memory: a batch for each worker and 32 bytes for each block.
/// </remarks>
public sealed class VeritySink : ImageSink
{
    internal const int BlocksPerBatch = 256;
    internal const int BatchLength = BlocksPerBatch * VerityGeometry.BlockSize;

    private readonly VerityOptions _options;
    private readonly BlockHasher _hasher;
    private readonly List<byte[]> _digests = []; // a chunk for each batch
    private readonly Queue<(Task Task, byte[] Buffer)> _inFlight = new();
    private byte[] _buffer = NewBuffer();
    private int _buffered;
    private byte[]? _zeroDigests;
    private bool _completed;

    /// <exception cref="RoosException">The salt is too long.</exception>
    public VeritySink(VerityOptions options)
    {
        options.Check();
        _options = options;
        _hasher = new BlockHasher(options.Salt);
    }

    /// <summary>Ends the data and returns its hash tree. Nothing may be written afterwards.</summary>
    /// <exception cref="RoosException">Nothing was written, or no whole number of blocks.</exception>
    public VerityTree Complete()
    {
        ObjectDisposedException.ThrowIf(_completed, this);
        var geometry = VerityGeometry.OfData(Position);
        _completed = true;
        var tail = _buffered / VerityGeometry.BlockSize;
        if (tail > 0) Submit();
        while (_inFlight.TryDequeue(out var oldest)) oldest.Task.GetAwaiter().GetResult();
        _buffer = [];
        return new VerityTree(_options, _hasher, geometry, _digests);
    }

    protected override void WriteCore(ReadOnlySpan<byte> bytes)
    {
        ObjectDisposedException.ThrowIf(_completed, this);
        while (!bytes.IsEmpty)
        {
            var count = Math.Min(bytes.Length, BatchLength - _buffered);
            bytes[..count].CopyTo(_buffer.AsSpan(_buffered));
            Advance(count);
            bytes = bytes[count..];
        }
    }

    protected override void WriteZerosCore(long count)
    {
        ObjectDisposedException.ThrowIf(_completed, this);
        while (count > 0)
        {
            if (_buffered == 0 && count >= BatchLength)
            {
                _digests.Add(_zeroDigests ??= ZeroDigests());
                count -= BatchLength;
                continue;
            }

            var here = (int)Math.Min(count, BatchLength - _buffered);
            _buffer.AsSpan(_buffered, here).Clear();
            Advance(here);
            count -= here;
        }
    }

    private static byte[] NewBuffer() => GC.AllocateUninitializedArray<byte>(BatchLength);

    private void Advance(int count)
    {
        _buffered += count;
        if (_buffered == BatchLength) Submit();
    }

    /// <summary>Hashes what is buffered, here or on another thread, into the next chunk of digests.</summary>
    private void Submit()
    {
        var length = _buffered;
        var buffer = _buffer;
        var chunk = new byte[length / VerityGeometry.BlockSize * VerityGeometry.DigestSize];
        _digests.Add(chunk);
        _buffered = 0;
        if (_options.Workers == 1)
        {
            _hasher.Hash(buffer.AsSpan(0, length), chunk);
            return;
        }

        _inFlight.Enqueue((Task.Run(() => _hasher.Hash(buffer.AsSpan(0, length), chunk)), buffer));
        if (_inFlight.Count < _options.Workers)
        {
            _buffer = NewBuffer();
            return;
        }

        var (task, free) = _inFlight.Dequeue();
        task.GetAwaiter().GetResult();
        _buffer = free;
    }

    private byte[] ZeroDigests()
    {
        var chunk = new byte[BlocksPerBatch * VerityGeometry.DigestSize];
        for (var at = 0; at < chunk.Length; at += VerityGeometry.DigestSize) _hasher.ZeroDigest.CopyTo(chunk.AsSpan(at));
        return chunk;
    }
}
