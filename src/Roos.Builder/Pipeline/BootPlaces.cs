using Roos.Core.Bytes;
using Roos.Core.Tree;

namespace Roos.Builder.Pipeline;

/// <summary>Stand-ins for programs of the ESP that are complete only when they are signed: recognised by which object they are.</summary>
/// <param name="Uki">Stands for the unified kernel image.</param>
/// <param name="BootLoader">systemd-boot, unsigned.</param>
internal sealed record BootPlaces(ByteSource? Uki, ByteSource? BootLoader)
{
    public static BootPlaces None { get; } = new(null, null);

    /// <summary>What a node of the ESP is.</summary>
    public FatEntryKind KindOf(FileNode node) => node switch
    {
        DirectoryNode => FatEntryKind.Directory,
        RegularFile file when Uki is not null && ReferenceEquals(file.Content, Uki) => FatEntryKind.Uki,
        RegularFile file when BootLoader is not null && ReferenceEquals(file.Content, BootLoader) => FatEntryKind.BootLoader,
        _ => FatEntryKind.File,
    };

    public FatEntry ToEntry(ByteString path, FileNode node)
    {
        var kind = KindOf(node);
        return new FatEntry(path, node.Metadata.ModificationTime, kind, kind == FatEntryKind.File ? ((RegularFile)node).Content : null);
    }
}
