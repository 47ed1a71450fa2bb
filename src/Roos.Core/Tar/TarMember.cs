using Roos.Core.Bytes;
using Roos.Core.Tree;

namespace Roos.Core.Tar;

internal enum TarMemberKind
{
    RegularFile,
    HardLink,
    SymbolicLink,
    CharacterDevice,
    BlockDevice,
    Directory,
    Fifo,
}

/// <summary>One member with everything that its extension headers say, before it has a place in a tree.</summary>
internal sealed record TarMember(TarPlace Place, ByteString Path, TarMemberKind Kind, FileMetadata Metadata)
{
    /// <summary>The target of a symbolic link, or the normalised path that a hard link is to.</summary>
    public ByteString LinkTarget { get; init; }

    public ByteSource Content { get; init; } = ByteSource.Empty;

    public uint DeviceMajor { get; init; }

    public uint DeviceMinor { get; init; }

    /// <summary>ACLs as text (SCHILY.acl.*): names in them can only be looked up when the whole archive is known.</summary>
    public ByteString? AccessAcl { get; init; }

    public ByteString? DefaultAcl { get; init; }
}
