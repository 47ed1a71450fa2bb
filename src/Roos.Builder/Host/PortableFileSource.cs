using Roos.Core.Bytes;

namespace Roos.Builder.Host;

/// <summary>A file that is open only while it is read, on any system.</summary>
internal sealed class PortableFileSource(string path, long length) : ByteSource
{
    public override long Length => length;

    protected override void ReadCore(long offset, Span<byte> destination)
    {
        using var file = FileSource.Open(path);
        if (offset + destination.Length > file.Length) throw new Core.RoosException($"{path}: became shorter than {length} bytes while it was read");
        file.Read(offset, destination);
    }
}
