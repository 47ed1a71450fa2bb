using Microsoft.Win32.SafeHandles;
using Roos.Core;
using Roos.Core.Bytes;

namespace Roos.Builder.Workspaces;

/// <summary>A spool in a temporary file that is deleted when it is closed.</summary>
internal sealed class FileSpool : Spool
{
    private readonly string _path;
    private readonly SafeFileHandle _handle;
    private long _length;

    public FileSpool(string path)
    {
        _path = path;
        try
        {
            _handle = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Delete, FileOptions.DeleteOnClose | FileOptions.RandomAccess);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Workspace.CannotWrite(path, 0, e);
        }
    }

    public override long Length => Interlocked.Read(ref _length);

    public override long Append(ReadOnlySpan<byte> bytes)
    {
        var at = _length;
        try
        {
            RandomAccess.Write(_handle, bytes, at);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Workspace.CannotWrite(_path, at + bytes.Length, e);
        }

        Interlocked.Add(ref _length, bytes.Length);
        return at;
    }

    protected override void ReadCore(long offset, Span<byte> destination)
    {
        try
        {
            while (!destination.IsEmpty)
            {
                var count = RandomAccess.Read(_handle, destination, offset);
                if (count == 0) throw new RoosException($"{_path}: a temporary file of this build was truncated");
                offset += count;
                destination = destination[count..];
            }
        }
        catch (IOException e)
        {
            throw new RoosException($"{_path}: cannot be read: {e.Message}", e);
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing) _handle.Dispose();
        base.Dispose(disposing);
    }
}
