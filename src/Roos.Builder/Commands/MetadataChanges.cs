using System.Collections.Immutable;
using System.Globalization;
using Roos.Core.Bytes;
using Roos.Core.Tree;

namespace Roos.Builder.Commands;

/// <summary>Owners, times and attributes that are decided on the command line and not by the source.</summary>
internal sealed record MetadataChanges
{
    /// <summary>The time of every inode; null for its own.</summary>
    public Timestamp? Time { get; init; }

    public uint? User { get; init; }

    public uint? Group { get; init; }

    /// <summary>Added to the user, also to <see cref="User"/>.</summary>
    public long UserOffset { get; init; }

    /// <summary>Added to the group, also to <see cref="Group"/>.</summary>
    public long GroupOffset { get; init; }

    /// <summary>Leaves all extended attributes out.</summary>
    public bool DropAttributes { get; init; }

    /// <exception cref="UsageException">An offset leads out of the range of user or group numbers.</exception>
    public FileTree Apply(FileTree tree) => this == new MetadataChanges() ? tree : tree.Map((path, node) => node.WithMetadata(node.Metadata with
    {
        UserId = Shift("--uid-offset", path, User ?? node.Metadata.UserId, UserOffset),
        GroupId = Shift("--gid-offset", path, Group ?? node.Metadata.GroupId, GroupOffset),
        ModificationTime = Time ?? node.Metadata.ModificationTime,
        ExtendedAttributes = DropAttributes ? ImmutableSortedDictionary<ByteString, ByteString>.Empty : node.Metadata.ExtendedAttributes,
    }));

    private static uint Shift(string option, ByteString path, uint id, long offset)
    {
        if (id + offset is >= 0 and < uint.MaxValue) return (uint)(id + offset);
        throw new UsageException(string.Create(CultureInfo.InvariantCulture, $"{option} takes {id} of \"/{path}\" out of the range from 0 to {uint.MaxValue - 1}; found {offset}"));
    }
}
