using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Roos.Core;
using Roos.Core.Bytes;

namespace Roos.Builder.Host;

/// <summary>What Linux says about a path, as bytes.</summary>
[SupportedOSPlatform("linux")]
internal static class LinuxPath
{
    private const int NameOffset = 19; // of d_name in struct dirent

    public static LinuxCalls.Statistics Statistics(ByteString path) =>
        LinuxCalls.ReadStatistics(LinuxCalls.CurrentDirectory, Terminated(path), LinuxCalls.DoNotFollow, LinuxCalls.BasicStatistics, out var result) == 0
            ? result
            : throw Failed(path, "looked at");

    /// <summary>Whether a path, at the end of its links, is a regular file and not a device or the like. It exists.</summary>
    public static bool IsRegularFile(string path)
    {
        const uint typeMask = 0xf000, regular = 0x8000; // S_IFMT, S_IFREG
        var target = new FileInfo(path).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? path;
        return (Statistics(ByteString.FromUtf8(target)).Mode & typeMask) == regular;
    }

    /// <summary>The names in a directory, in byte order.</summary>
    public static SortedSet<ByteString> List(ByteString path)
    {
        var names = new SortedSet<ByteString>();
        var directory = LinuxCalls.OpenDirectory(Terminated(path));
        if (directory == 0) throw Failed(path, "listed");
        try
        {
            while (true)
            {
                Marshal.SetLastSystemError(0);
                var entry = LinuxCalls.ReadDirectory(directory);
                if (entry == 0) return Marshal.GetLastPInvokeError() == 0 ? names : throw Failed(path, "listed");
                var name = NameAt(entry + NameOffset);
                if (!name.Equals("."u8) && !name.Equals(".."u8)) names.Add(name);
            }
        }
        finally
        {
            _ = LinuxCalls.CloseDirectory(directory);
        }
    }

    public static ByteString LinkTarget(ByteString path)
    {
        var target = new byte[4096]; // PATH_MAX
        var length = LinuxCalls.ReadLink(Terminated(path), target, target.Length);
        return length >= 0 ? new ByteString(target.AsSpan(0, (int)length)) : throw Failed(path, "read");
    }

    /// <summary>All extended attributes, those of other namespaces than user included as far as this process may see them.</summary>
    public static ImmutableSortedDictionary<ByteString, ByteString> Attributes(ByteString path)
    {
        var terminated = Terminated(path);
        var names = Grow(buffer => LinuxCalls.ListAttributes(terminated, buffer, buffer.Length));
        if (names is null) return HasNoAttributes() ? ImmutableSortedDictionary<ByteString, ByteString>.Empty : throw Failed(path, "asked for its extended attributes");
        if (names.Length == 0) return ImmutableSortedDictionary<ByteString, ByteString>.Empty;
        var result = ImmutableSortedDictionary.CreateBuilder<ByteString, ByteString>();
        var start = 0;
        for (var end = Array.IndexOf(names, (byte)0); end >= 0; end = Array.IndexOf(names, (byte)0, start))
        {
            var name = new ByteString(names.AsSpan(start, end - start));
            var terminatedName = Terminated(name);
            start = end + 1;
            var value = Grow(buffer => LinuxCalls.GetAttribute(terminated, terminatedName, buffer, buffer.Length));
            if (value is not null) result[name] = new ByteString(value);
            else if (!HasNoAttributes()) throw Failed(path, $"asked for its extended attribute {name}");
        }

        return result.ToImmutable();

        static bool HasNoAttributes() => Marshal.GetLastPInvokeError() is LinuxCalls.NotSupported or LinuxCalls.NoData;
    }

    public static byte[] Terminated(ByteString path) => [.. path.Span, 0];

    public static RoosException Failed(ByteString path, string what) => new($"{path}: cannot be {what}: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}");

    /// <summary>Calls until the answer fits; null on an error, which is then the last one.</summary>
    private static byte[]? Grow(Func<byte[], nint> call)
    {
        for (var size = 256; ; size *= 4)
        {
            var buffer = new byte[size];
            var length = call(buffer);
            if (length >= 0) return buffer[..(int)length];
            if (Marshal.GetLastPInvokeError() != LinuxCalls.TooSmall || size > 1 << 20) return null;
        }
    }

    private static ByteString NameAt(nint text)
    {
        Span<byte> name = stackalloc byte[256];
        var length = 0;
        for (byte b; length < name.Length && (b = Marshal.ReadByte(text, length)) != 0; length++) name[length] = b;
        return new ByteString(name[..length]);
    }
}
