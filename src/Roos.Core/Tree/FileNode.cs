using System.Collections.Immutable;
using Roos.Core.Bytes;

namespace Roos.Core.Tree;

/// <summary>
/// An inode: immutable. A hard link is the same object under two names, so link counts are computed and never stored.
/// The hierarchy is closed: <see cref="RegularFile"/>, <see cref="DirectoryNode"/>, <see cref="SymbolicLink"/>,
/// <see cref="DeviceNode"/>, <see cref="FifoNode"/>, <see cref="SocketNode"/>.
/// </summary>
public abstract class FileNode
{
    private protected FileNode(FileMetadata metadata) => Metadata = metadata;

    public FileMetadata Metadata { get; }

    /// <summary>The file type bits of <c>st_mode</c> (S_IFMT).</summary>
    public abstract uint TypeBits { get; }

    /// <summary>Type and permission bits, as in <c>st_mode</c>.</summary>
    public uint Mode => TypeBits | Metadata.Permissions;

    /// <summary>The same node with other metadata: a new object, so hard links must be handled by the caller (see FileTree.Map).</summary>
    public abstract FileNode WithMetadata(FileMetadata metadata);
}

/// <summary>Owner, permissions, time and extended attributes of an inode.</summary>
public sealed record FileMetadata
{
    private readonly uint _permissions;

    /// <summary>Owned by root, no extended attributes, modified at the epoch.</summary>
    public FileMetadata(uint permissions) => Permissions = permissions;

    /// <summary>Permission bits including setuid, setgid and sticky: 0 to 07777.</summary>
    public uint Permissions
    {
        get => _permissions;
        init
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, 0xfffu);
            _permissions = value;
        }
    }

    public uint UserId { get; init; }

    public uint GroupId { get; init; }

    public Timestamp ModificationTime { get; init; }

    /// <summary>Full names (<c>security.capability</c>) to raw values, in byte order of the names.</summary>
    public ImmutableSortedDictionary<ByteString, ByteString> ExtendedAttributes { get; init; } = ImmutableSortedDictionary<ByteString, ByteString>.Empty;
}

/// <summary>A regular file (S_IFREG).</summary>
public sealed class RegularFile(FileMetadata metadata, ByteSource content) : FileNode(metadata)
{
    public ByteSource Content { get; } = content;

    public override uint TypeBits => 0x8000;

    public override FileNode WithMetadata(FileMetadata metadata) => new RegularFile(metadata, Content);
}

/// <summary>A directory (S_IFDIR). Entries are in byte order of their names; "." and ".." are not among them.</summary>
public sealed class DirectoryNode(FileMetadata metadata, ImmutableSortedDictionary<ByteString, FileNode> entries) : FileNode(metadata)
{
    public ImmutableSortedDictionary<ByteString, FileNode> Entries { get; } = entries;

    public override uint TypeBits => 0x4000;

    public override FileNode WithMetadata(FileMetadata metadata) => new DirectoryNode(metadata, Entries);
}

/// <summary>A symbolic link (S_IFLNK).</summary>
public sealed class SymbolicLink(FileMetadata metadata, ByteString target) : FileNode(metadata)
{
    public ByteString Target { get; } = target;

    public override uint TypeBits => 0xa000;

    public override FileNode WithMetadata(FileMetadata metadata) => new SymbolicLink(metadata, Target);
}

/// <summary>A character (S_IFCHR) or block (S_IFBLK) device.</summary>
public sealed class DeviceNode(FileMetadata metadata, bool isBlockDevice, uint major, uint minor) : FileNode(metadata)
{
    public bool IsBlockDevice { get; } = isBlockDevice;

    public uint Major { get; } = major;

    public uint Minor { get; } = minor;

    public override uint TypeBits => IsBlockDevice ? 0x6000u : 0x2000u;

    public override FileNode WithMetadata(FileMetadata metadata) => new DeviceNode(metadata, IsBlockDevice, Major, Minor);
}

/// <summary>A named pipe (S_IFIFO).</summary>
public sealed class FifoNode(FileMetadata metadata) : FileNode(metadata)
{
    public override uint TypeBits => 0x1000;

    public override FileNode WithMetadata(FileMetadata metadata) => new FifoNode(metadata);
}

/// <summary>A Unix socket (S_IFSOCK).</summary>
public sealed class SocketNode(FileMetadata metadata) : FileNode(metadata)
{
    public override uint TypeBits => 0xc000;

    public override FileNode WithMetadata(FileMetadata metadata) => new SocketNode(metadata);
}
