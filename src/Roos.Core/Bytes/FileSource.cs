using Microsoft.Win32.SafeHandles;

namespace Roos.Core.Bytes;

/// <summary>The bytes of a file on the host, as long as they are when it is opened. Dispose it to close the file.</summary>
public sealed class FileSource : ByteSource, IDisposable
{
    private readonly SafeFileHandle _handle;

    private FileSource(string path, SafeFileHandle handle)
    {
        Path = path;
        _handle = handle;
        Length = RandomAccess.GetLength(handle);
    }

    /// <summary>The path the file was opened by.</summary>
    public string Path { get; }

    public override long Length { get; }

    /// <exception cref="RoosException">The file is not there or may not be read.</exception>
    public static FileSource Open(string path)
    {
        try
        {
            return new FileSource(path, File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, FileOptions.RandomAccess));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new RoosException($"{path}: cannot be read: {e.Message}", e);
        }
    }

    public void Dispose() => _handle.Dispose();

    protected override void ReadCore(long offset, Span<byte> destination)
    {
        try
        {
            while (!destination.IsEmpty)
            {
                var count = RandomAccess.Read(_handle, destination, offset);
                if (count == 0) throw new RoosException($"{Path}: became shorter than {Length} bytes while it was read");
                offset += count;
                destination = destination[count..];
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RoosException($"{Path}: cannot be read at offset {offset}: {e.Message}", e);
        }
    }
}
