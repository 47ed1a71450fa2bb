using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace Roos.Builder.Host;

/// <summary>
/// The C library calls that the base class library has no equal for: names as bytes, owners, nanoseconds, extended attributes,
/// devices, holes. Paths end with a NUL. All structures are the same on every 64-bit Linux.
/// </summary>
[SupportedOSPlatform("linux")]
internal static partial class LinuxCalls
{
    public const int CurrentDirectory = -100, // AT_FDCWD
        DoNotFollow = 0x100, // AT_SYMLINK_NOFOLLOW
        BasicStatistics = 0x7ff, // STATX_BASIC_STATS
        OpenReadOnly = 0x80000, // O_RDONLY | O_CLOEXEC
        SeekData = 3; // SEEK_DATA

    public const int NotSupported = 95, NoData = 61, NoSuchAddress = 6, TooSmall = 34, InvalidArgument = 22; // EOPNOTSUPP, ENODATA, ENXIO, ERANGE, EINVAL

    private const string Library = "libc";

    /// <summary><c>struct statx</c> of linux/stat.h.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Statistics
    {
        public uint Mask, BlockSize;
        public ulong Attributes;
        public uint Links, UserId, GroupId;
        public ushort Mode, Spare0;
        public ulong Inode, Size, Blocks, AttributesMask;
        public Time AccessTime, BirthTime, ChangeTime, ModificationTime;
        public uint DeviceMajor, DeviceMinor, FileSystemMajor, FileSystemMinor;
        public ulong MountId;
        public Spare Rest;
    }

    /// <summary><c>struct statx_timestamp</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Time
    {
        public long Seconds;
        public uint Nanoseconds;
        public int Reserved;
    }

    [System.Runtime.CompilerServices.InlineArray(13)]
    public struct Spare
    {
        private ulong _first;
    }

    [LibraryImport(Library, EntryPoint = "statx", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int ReadStatistics(int directory, ReadOnlySpan<byte> path, int flags, uint mask, out Statistics statistics);

    [LibraryImport(Library, EntryPoint = "readlink", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial nint ReadLink(ReadOnlySpan<byte> path, Span<byte> target, nint size);

    [LibraryImport(Library, EntryPoint = "llistxattr", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial nint ListAttributes(ReadOnlySpan<byte> path, Span<byte> names, nint size);

    [LibraryImport(Library, EntryPoint = "lgetxattr", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial nint GetAttribute(ReadOnlySpan<byte> path, ReadOnlySpan<byte> name, Span<byte> value, nint size);

    [LibraryImport(Library, EntryPoint = "open", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int Open(ReadOnlySpan<byte> path, int flags);

    [LibraryImport(Library, EntryPoint = "lseek", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial long Seek(Microsoft.Win32.SafeHandles.SafeFileHandle file, long offset, int whence);

    [LibraryImport(Library, EntryPoint = "opendir", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial nint OpenDirectory(ReadOnlySpan<byte> path);

    /// <summary>A pointer to <c>struct dirent</c>: inode 8 bytes, offset 8, record length 2, type 1, then the name.</summary>
    [LibraryImport(Library, EntryPoint = "readdir", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial nint ReadDirectory(nint directory);

    [LibraryImport(Library, EntryPoint = "closedir")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int CloseDirectory(nint directory);
}
