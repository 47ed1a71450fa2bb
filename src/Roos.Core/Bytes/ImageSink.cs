using System.Security.Cryptography;

namespace Roos.Core.Bytes;

/// <summary>
/// Where planned bytes go: forward only. Runs of zeros are told apart from data, so that a 4 GB slot with a 200 MB file
/// system costs neither the disk nor the processor 4 GB.
/// </summary>
public abstract class ImageSink
{
    private static readonly byte[] ZeroBlock = new byte[1 << 16];

    /// <summary>Bytes written so far, zeros included.</summary>
    public long Position { get; private set; }

    public void Write(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty) return;
        WriteCore(bytes);
        Position += bytes.Length;
    }

    /// <summary>Writes <paramref name="count"/> zero bytes.</summary>
    public void WriteZeros(long count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        if (count == 0) return;
        WriteZerosCore(count);
        Position += count;
    }

    /// <summary>Zeros up to <paramref name="position"/>, counted from where this sink began.</summary>
    /// <exception cref="ArgumentOutOfRangeException">More has been written already: the plan was wrong.</exception>
    public void PadTo(long position)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(position, Position);
        WriteZeros(position - Position);
    }

    protected abstract void WriteCore(ReadOnlySpan<byte> bytes);

    /// <summary>Writes the zeros out; sinks that can do better override it.</summary>
    protected virtual void WriteZerosCore(long count)
    {
        for (; count > 0; count -= Math.Min(count, ZeroBlock.Length))
        {
            WriteCore(ZeroBlock.AsSpan(0, (int)Math.Min(count, ZeroBlock.Length)));
        }
    }
}

/// <summary>Writes to a stream. On a seekable stream zeros at or past its end become holes; call <see cref="Complete"/> last.</summary>
public sealed class StreamSink(Stream stream) : ImageSink
{
    private long _pendingZeros;

    /// <summary>Makes trailing zeros real (by length, not by writing) and flushes.</summary>
    public void Complete()
    {
        if (_pendingZeros > 0)
        {
            stream.SetLength(stream.Position + _pendingZeros);
            stream.Seek(_pendingZeros, SeekOrigin.Current);
            _pendingZeros = 0;
        }

        stream.Flush();
    }

    protected override void WriteCore(ReadOnlySpan<byte> bytes)
    {
        if (_pendingZeros > 0)
        {
            stream.Seek(_pendingZeros, SeekOrigin.Current);
            _pendingZeros = 0;
        }

        stream.Write(bytes);
    }

    protected override void WriteZerosCore(long count)
    {
        // A hole can only be left where nothing was: past the end of a stream that can seek.
        if (stream.CanSeek && stream.Position + _pendingZeros >= stream.Length) _pendingZeros += count;
        else base.WriteZerosCore(count);
    }
}

/// <summary>Hands everything to several sinks, in order.</summary>
public sealed class TeeSink(params IReadOnlyList<ImageSink> sinks) : ImageSink
{
    protected override void WriteCore(ReadOnlySpan<byte> bytes)
    {
        foreach (var sink in sinks) sink.Write(bytes);
    }

    protected override void WriteZerosCore(long count)
    {
        foreach (var sink in sinks) sink.WriteZeros(count);
    }
}

/// <summary>SHA-256 of everything written.</summary>
public sealed class Sha256Sink : ImageSink, IDisposable
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    /// <summary>The digest so far; writing may go on.</summary>
    public byte[] GetDigest() => _hash.GetCurrentHash();

    public void Dispose() => _hash.Dispose();

    protected override void WriteCore(ReadOnlySpan<byte> bytes) => _hash.AppendData(bytes);
}
