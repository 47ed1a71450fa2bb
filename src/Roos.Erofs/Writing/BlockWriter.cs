using Roos.Core.Bytes;

namespace Roos.Erofs.Writing;

/// <summary>Gathers small writes (inodes, padding) into large ones; lets large ones and long runs of zeros through.</summary>
internal sealed class BlockWriter(ImageSink sink)
{
    private const int LongRun = 1 << 14;

    private readonly byte[] _buffer = new byte[1 << 17];
    private int _used;

    public long Position { get; private set; }

    public void Write(ReadOnlySpan<byte> bytes)
    {
        Position += bytes.Length;
        if (bytes.Length > _buffer.Length - _used) Flush();
        if (bytes.Length > _buffer.Length)
        {
            sink.Write(bytes);
            return;
        }

        bytes.CopyTo(_buffer.AsSpan(_used));
        _used += bytes.Length;
    }

    public void WriteZeros(long count)
    {
        Position += count;
        if (count > LongRun)
        {
            Flush();
            sink.WriteZeros(count);
            return;
        }

        if (count > _buffer.Length - _used) Flush();
        _buffer.AsSpan(_used, (int)count).Clear();
        _used += (int)count;
    }

    public void PadTo(long position) => WriteZeros(position - Position);

    public void Flush()
    {
        sink.Write(_buffer.AsSpan(0, _used));
        _used = 0;
    }
}
