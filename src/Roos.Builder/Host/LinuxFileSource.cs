using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;
using Roos.Core;
using Roos.Core.Bytes;

namespace Roos.Builder.Host;

/// <summary>A file that is open only while it is read: a tree has more of them than a process may have open.</summary>
[SupportedOSPlatform("linux")]
internal sealed class LinuxFileSource(ByteString path, long length, bool hasHoles) : ByteSource
{
    public override long Length => length;

    public override bool IsHole(long offset, long count)
    {
        if (count == 0) return true;
        if (!hasHoles) return false;
        using var file = Open();
        var data = LinuxCalls.Seek(file, offset, LinuxCalls.SeekData);
        return data >= 0 ? data >= offset + count : Marshal.GetLastPInvokeError() == LinuxCalls.NoSuchAddress; // no data up to the end
    }

    protected override void ReadCore(long offset, Span<byte> destination)
    {
        using var file = Open();
        try
        {
            while (!destination.IsEmpty)
            {
                var count = RandomAccess.Read(file, destination, offset);
                if (count == 0) throw new RoosException($"{path}: became shorter than {length} bytes while it was read");
                offset += count;
                destination = destination[count..];
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RoosException($"{path}: cannot be read at offset {offset}: {e.Message}", e);
        }
    }

    private SafeFileHandle Open()
    {
        var file = LinuxCalls.Open(LinuxPath.Terminated(path), LinuxCalls.OpenReadOnly);
        return file >= 0 ? new SafeFileHandle(file, ownsHandle: true) : throw LinuxPath.Failed(path, "opened");
    }
}
