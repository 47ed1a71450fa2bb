using System.Collections.Immutable;
using System.Runtime.Versioning;
using System.Text;
using Roos.Core;
using Roos.Core.Bytes;
using Roos.Core.Tree;

namespace Roos.Builder.Host;

/// <summary>A directory of the build machine as a tree. Contents are read later, when they are needed; the files must stay as they are until then.</summary>
public static class HostDirectory
{
    private const uint FileTypeMask = 0xf000, ReadWrite = 0x1a4, ReadWriteExecute = 0x1ed, AllPermissions = 0x1ff; // S_IFMT, 0644, 0755, 0777
    private const int SectorSize = 512; // st_blocks counts these

    /// <summary>
    /// A tree that people keep in version control (mkosi.extra): everything is root's, modified at
    /// <paramref name="modificationTime"/>; directories and executable files are 0755 and other files 0644, so umask, checkout
    /// time and user do not show. A file is executable where it begins with "#!" or as ELF, on every system. An executable bit on
    /// any other file counts too, but Windows and a checkout there do not have it: such files are listed.
    /// On Windows a symbolic link that git wrote as a plain text file (core.symlinks=false) is such a file: clone with symlinks enabled.
    /// </summary>
    /// <exception cref="RoosException">It is no directory, cannot be read, or has devices, fifos or sockets in it.</exception>
    public static HostOverlay ReadOverlay(string path, Timestamp modificationTime)
    {
        if (!Directory.Exists(path)) throw new RoosException($"{path}: there is no such directory");
        var executableByBit = new List<string>();
        var root = OperatingSystem.IsLinux()
            ? LinuxOverlay(BytesOf(path), modificationTime, executableByBit)
            : PortableOverlay(new DirectoryInfo(path), modificationTime, executableByBit);
        return new HostOverlay(new FileTree(root), executableByBit);
    }

    /// <summary>
    /// The directory with all its metadata: owners, permissions, times in nanoseconds, extended attributes, hard links, holes,
    /// special files. Linux only.
    /// </summary>
    /// <exception cref="RoosException">It is no directory or cannot be read, or the system is another one.</exception>
    public static FileTree ReadExact(string path)
    {
        if (!OperatingSystem.IsLinux()) throw new RoosException($"{path}: only Linux shows owners, devices and extended attributes; give a tar instead of a directory");
        if (!Directory.Exists(path)) throw new RoosException($"{path}: there is no such directory");
        var root = BytesOf(path);
        return new FileTree((DirectoryNode)Exact(new ByteString([.. root.Span, (byte)'/', (byte)'.']), [])); // the directory itself where the path is a link
    }

    [SupportedOSPlatform("linux")]
    private static FileNode Exact(ByteString path, Dictionary<(uint Major, uint Minor, ulong Inode), FileNode> linked)
    {
        var statistics = LinuxPath.Statistics(path);
        var identity = (statistics.FileSystemMajor, statistics.FileSystemMinor, statistics.Inode);
        var metadata = new FileMetadata(statistics.Mode & 0xfffu)
        {
            UserId = statistics.UserId,
            GroupId = statistics.GroupId,
            ModificationTime = new Timestamp(statistics.ModificationTime.Seconds, statistics.ModificationTime.Nanoseconds),
            ExtendedAttributes = LinuxPath.Attributes(path),
        };
        if ((statistics.Mode & FileTypeMask) == 0x4000)
        {
            var entries = ImmutableSortedDictionary.CreateBuilder<ByteString, FileNode>();
            foreach (var name in LinuxPath.List(path)) entries.Add(name, Exact(TreePath.Join(path, name), linked));
            return new DirectoryNode(metadata, entries.ToImmutable());
        }

        if (linked.TryGetValue(identity, out var earlier)) return earlier;
        var length = checked((long)statistics.Size);
        FileNode node = (statistics.Mode & FileTypeMask) switch
        {
            0x8000 => new RegularFile(metadata, new LinuxFileSource(path, length, statistics.Blocks < (statistics.Size + SectorSize - 1) / SectorSize)),
            0xa000 => new SymbolicLink(metadata, LinuxPath.LinkTarget(path)),
            0x6000 => new DeviceNode(metadata, isBlockDevice: true, statistics.DeviceMajor, statistics.DeviceMinor),
            0x2000 => new DeviceNode(metadata, isBlockDevice: false, statistics.DeviceMajor, statistics.DeviceMinor),
            0x1000 => new FifoNode(metadata),
            0xc000 => new SocketNode(metadata),
            var type => throw new RoosException($"{path}: its file type 0x{type:x4} is none that Roos knows"),
        };
        if (statistics.Links > 1) linked.Add(identity, node);
        return node;
    }

    [SupportedOSPlatform("linux")]
    private static DirectoryNode LinuxOverlay(ByteString path, Timestamp time, List<string> executableByBit)
    {
        var entries = ImmutableSortedDictionary.CreateBuilder<ByteString, FileNode>();
        foreach (var name in LinuxPath.List(path))
        {
            var item = TreePath.Join(path, name);
            var statistics = LinuxPath.Statistics(item);
            entries.Add(name, (statistics.Mode & FileTypeMask) switch
            {
                0x4000 => LinuxOverlay(item, time, executableByBit),
                0x8000 => OverlayFile(item.ToString(), new LinuxFileSource(item, checked((long)statistics.Size), hasHoles: false), (statistics.Mode & 0x49) != 0, time, executableByBit),
                0xa000 => new SymbolicLink(Metadata(AllPermissions, time), LinuxPath.LinkTarget(item)),
                _ => throw new RoosException($"{item}: must be a file, directory or symbolic link to be put into the image"),
            });
        }

        return new DirectoryNode(Metadata(ReadWriteExecute, time), entries.ToImmutable());
    }

    private static DirectoryNode PortableOverlay(DirectoryInfo directory, Timestamp time, List<string> executableByBit)
    {
        var entries = ImmutableSortedDictionary.CreateBuilder<ByteString, FileNode>();
        try
        {
            foreach (var item in directory.EnumerateFileSystemInfos())
            {
                entries.Add(item.Name, item.LinkTarget is { } target ? new SymbolicLink(Metadata(AllPermissions, time), target.Replace('\\', '/'))
                    : item is DirectoryInfo child ? PortableOverlay(child, time, executableByBit)
                    : OverlayFile(item.FullName, new PortableFileSource(item.FullName, ((FileInfo)item).Length), HasExecutableBit(item), time, executableByBit));
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RoosException($"{directory.FullName}: cannot be read: {e.Message}", e);
        }

        return new DirectoryNode(Metadata(ReadWriteExecute, time), entries.ToImmutable());
    }

    private static bool HasExecutableBit(FileSystemInfo item) =>
        !OperatingSystem.IsWindows() && (item.UnixFileMode & (UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute)) != 0;

    private static RegularFile OverlayFile(string path, ByteSource content, bool hasExecutableBit, Timestamp time, List<string> executableByBit)
    {
        var start = content.Slice(0, Math.Min(4, content.Length)).ToArray().AsSpan();
        var isProgram = start.StartsWith("#!"u8) || start.SequenceEqual("\u007fELF"u8);
        if (hasExecutableBit && !isProgram) executableByBit.Add(path);
        return new RegularFile(Metadata(hasExecutableBit || isProgram ? ReadWriteExecute : ReadWrite, time), content);
    }

    private static FileMetadata Metadata(uint permissions, Timestamp time) => new(permissions) { ModificationTime = time };

    /// <summary>Contents are read later, when the working directory may be another: the path is made whole now.</summary>
    private static ByteString BytesOf(string path) => new(Encoding.UTF8.GetBytes(Path.TrimEndingDirectorySeparator(Path.GetFullPath(path))));
}
