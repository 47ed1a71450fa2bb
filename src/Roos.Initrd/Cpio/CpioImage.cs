using Roos.Core;
using Roos.Core.Bytes;
using Roos.Core.Tree;

namespace Roos.Initrd.Cpio;

/// <summary>
/// A file tree as a cpio archive in the newc format, as the kernel unpacks it into its first root file system.
/// <para>
/// Members are in the order of <see cref="FileTree.Walk"/>: parents before children, names in byte order. Inode numbers count
/// inodes from 1 in that order; the device is 0:0; directories have the link count 2, as GNU cpio --reproducible does. Owners and
/// permissions are the tree's: the initrd's own /etc/passwd names them (what must be root's is made so in the tree). The root
/// directory itself is not a member. Times are whole seconds, 0 before 1970. Extended attributes and ACLs have no place in the
/// format and are left out; the initrd's kernel would not see them.
/// </para>
/// <para>
/// All names of a hard-linked file but the last have no data, as newc archivers write them. The kernel (init/initramfs.c, maybe_link)
/// finds later names by inode number among what came since the last trailer, and takes data from whichever name has it.
/// </para>
/// </summary>
public sealed class CpioImage : IImage
{
    private readonly IReadOnlyList<Member> _members;

    private CpioImage(IReadOnlyList<Member> members, long length)
    {
        _members = members;
        Length = length;
    }

    /// <summary>A multiple of 4, so that archives can follow one another.</summary>
    public long Length { get; }

    /// <summary>Plans the archive. Times later than <paramref name="maximumTime"/> become it.</summary>
    /// <exception cref="RoosException">A path, name or link target is longer than the kernel unpacks, or a file is 4 GiB or more.</exception>
    public static CpioImage Plan(FileTree tree, Timestamp maximumTime) => Plan(tree, maximumTime, NewcHeader.Alignment);

    /// <param name="tree">What to pack.</param>
    /// <param name="maximumTime">Times later than this become it.</param>
    /// <param name="dataAlignment">
    /// Multiple of 4 at which the data of regular files begins: names are filled up with NULs, which the kernel and the archivers
    /// take for part of the name field.
    /// </param>
    internal static CpioImage Plan(FileTree tree, Timestamp maximumTime, int dataAlignment)
    {
        var nodes = tree.Walk().Where(item => !item.Path.IsEmpty).ToArray();
        var names = new Dictionary<FileNode, int>(ReferenceEqualityComparer.Instance);
        foreach (var (_, node) in nodes) names[node] = names.GetValueOrDefault(node) + 1;

        var inodes = new Dictionary<FileNode, uint>(ReferenceEqualityComparer.Instance);
        var remaining = new Dictionary<FileNode, int>(names, ReferenceEqualityComparer.Instance);
        var members = new List<Member>(nodes.Length + 1);
        long position = 0;
        foreach (var (path, node) in nodes)
        {
            if (!inodes.TryGetValue(node, out var inode)) inodes.Add(node, inode = checked((uint)inodes.Count + 1));
            // Only for files: the kernel makes each name of a hard-linked symbolic link a link of its own, which needs its target.
            var isLast = --remaining[node] == 0;
            var data = isLast || node is not RegularFile ? DataOf(path, node) : ByteSource.Empty;
            Add(path, data, node is RegularFile ? dataAlignment : NewcHeader.Alignment, new NewcHeader
            {
                Inode = inode,
                Mode = node.Mode,
                UserId = node.Metadata.UserId,
                GroupId = node.Metadata.GroupId,
                LinkCount = node is DirectoryNode ? 2 : (uint)names[node],
                ModificationTime = Seconds(Timestamp.Min(node.Metadata.ModificationTime, maximumTime)),
                SpecialMajor = node is DeviceNode major ? major.Major : 0,
                SpecialMinor = node is DeviceNode minor ? minor.Minor : 0,
            });
        }

        Add(new ByteString(NewcHeader.TrailerName), ByteSource.Empty, NewcHeader.Alignment, new NewcHeader { LinkCount = 1 });
        return new CpioImage(members, position);

        void Add(ByteString name, ByteSource data, int alignment, NewcHeader header)
        {
            if (name.Length >= NewcHeader.MaximumNameSize)
            {
                throw new RoosException($"a path in an initrd must be shorter than {NewcHeader.MaximumNameSize} bytes (the kernel skips longer ones) and \"{name}\" has {name.Length}: shorten it");
            }

            var last = name.Length - 1 - name.Span.LastIndexOf((byte)'/');
            if (last > NewcHeader.MaximumEntryName)
            {
                throw new RoosException($"a name in an initrd must have at most {NewcHeader.MaximumEntryName} bytes (NAME_MAX) and the last one of \"{name}\" has {last}: shorten it");
            }

            var nameStart = position + NewcHeader.Size;
            var unpadded = NewcHeader.AlignUp(nameStart + name.Length + 1, NewcHeader.Alignment);
            var dataStart = data.Length == 0 ? unpadded : NewcHeader.AlignUp(unpadded, alignment);
            var nameSize = dataStart == unpadded ? name.Length + 1 : dataStart - nameStart;
            var end = NewcHeader.AlignUp(dataStart + data.Length, NewcHeader.Alignment);
            members.Add(new Member(name, data, header with { NameSize = (uint)nameSize, FileSize = (uint)data.Length }, dataStart, end));
            position = end;
        }
    }

    public void WriteTo(ImageSink sink, CancellationToken cancellation = default)
    {
        var start = sink.Position;
        Span<byte> header = stackalloc byte[NewcHeader.Size];
        foreach (var member in _members)
        {
            cancellation.ThrowIfCancellationRequested();
            member.Header.Write(header);
            sink.Write(header);
            sink.Write(member.Name.Span);
            sink.PadTo(start + member.DataStart);
            member.Data.CopyTo(sink, cancellation);
            sink.PadTo(start + member.End);
        }
    }

    private static ByteSource DataOf(ByteString path, FileNode node)
    {
        switch (node)
        {
            case RegularFile file:
                if (file.Content.Length > uint.MaxValue)
                {
                    throw new RoosException($"a file in an initrd must be smaller than 4 GiB (the size field of cpio has 32 bits) and \"{path}\" has {file.Content.Length} bytes: leave it out");
                }

                return file.Content;
            case SymbolicLink link:
                if (link.Target.Length > NewcHeader.MaximumLinkTarget)
                {
                    throw new RoosException($"the target of a symbolic link in an initrd must have at most {NewcHeader.MaximumLinkTarget} bytes (the kernel skips longer ones) and that of \"{path}\" has {link.Target.Length}: shorten it");
                }

                return ByteSource.FromMemory(link.Target.Memory);
            default:
                return ByteSource.Empty;
        }
    }

    private static uint Seconds(Timestamp time) => (uint)Math.Clamp(time.Seconds, 0, uint.MaxValue);

    private sealed record Member(ByteString Name, ByteSource Data, NewcHeader Header, long DataStart, long End);
}
