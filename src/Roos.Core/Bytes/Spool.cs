namespace Roos.Core.Bytes;

/// <summary>
/// A place for bytes whose number is not known before they are made (compressed data). Appended to, then read at any offset.
/// The libraries never choose where it lives: the caller gives a factory.
/// </summary>
public abstract class Spool : ByteSource, IDisposable
{
    /// <summary>Adds <paramref name="bytes"/> at the end and returns the offset at which they begin. Not thread-safe.</summary>
    public abstract long Append(ReadOnlySpan<byte> bytes);

    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing)
    {
    }
}

/// <summary>Makes spools: in memory for tests and small things (<see cref="MemorySpool"/>), in files of the workspace for images.</summary>
public delegate Spool SpoolFactory();

/// <summary>A spool in memory.</summary>
public sealed class MemorySpool : Spool
{
    private readonly MemoryStream _stream = new();

    public override long Length => _stream.Length;

    public override long Append(ReadOnlySpan<byte> bytes)
    {
        var at = _stream.Length;
        _stream.Write(bytes);
        return at;
    }

    protected override void ReadCore(long offset, Span<byte> destination) =>
        _stream.GetBuffer().AsSpan((int)offset, destination.Length).CopyTo(destination);
}
