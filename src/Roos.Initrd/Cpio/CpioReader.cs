using Roos.Core;
using Roos.Core.Bytes;
using Roos.Core.Tree;

namespace Roos.Initrd.Cpio;

/// <summary>
/// Reads cpio archives in the newc format, from anybody: only <see cref="RoosException"/> is thrown for bad ones, and what is kept in
/// memory is bounded by the length of the archive.
/// </summary>
public static class CpioReader
{
    /// <summary>The members of the one archive at the start of <paramref name="source"/>, without the trailer.</summary>
    /// <param name="source">Bytes that begin with a cpio header.</param>
    /// <param name="end">Where the archive ends: right after the trailer, at a multiple of 4.</param>
    /// <exception cref="DamagedInputException">The archive is cut off or damaged.</exception>
    public static IReadOnlyList<CpioMember> ReadArchive(ByteSource source, out long end)
    {
        var members = new List<CpioMember>();
        var bytes = new byte[NewcHeader.Size];
        long at = 0;
        while (true)
        {
            if (at > source.Length - NewcHeader.Size) throw CutOff(source, at, "header");
            source.Read(at, bytes);
            var header = NewcHeader.Parse(bytes, at);
            if (header.NameSize is 0 or > NewcHeader.MaximumNameSize)
            {
                throw new DamagedInputException($"the name of a cpio member must have 1 to {NewcHeader.MaximumNameSize} bytes with its NUL, and that at offset {at} has {header.NameSize}: the archive is damaged");
            }

            var dataStart = NewcHeader.AlignUp(at + NewcHeader.Size + header.NameSize, NewcHeader.Alignment);
            var dataEnd = dataStart + header.FileSize;
            if (dataEnd > source.Length) throw CutOff(source, at, "member");
            var name = ReadName(source, at + NewcHeader.Size, (int)header.NameSize);
            if (name.Equals(NewcHeader.TrailerName))
            {
                end = Math.Min(NewcHeader.AlignUp(dataEnd, NewcHeader.Alignment), source.Length);
                return members;
            }

            members.Add(new CpioMember(
                name, header.Mode, header.UserId, header.GroupId, header.LinkCount, header.ModificationTime, header.Inode, header.DeviceMajor,
                header.DeviceMinor, header.SpecialMajor, header.SpecialMinor, at, source.Slice(dataStart, header.FileSize)));
            at = NewcHeader.AlignUp(dataEnd, NewcHeader.Alignment);
        }
    }

    /// <summary>
    /// The tree that the kernel makes of the members: a later member of the same path replaces the earlier one (a directory keeps its entries),
    /// names of one inode become one node with the data of whichever has some.
    /// </summary>
    /// <exception cref="RoosException">A member is of no known type, or its path leaves the root or has no directory.</exception>
    public static FileTree ToTree(IEnumerable<CpioMember> members)
    {
        var all = members.ToArray();
        var data = new Dictionary<(uint, uint, uint, uint), ByteSource>();
        foreach (var member in all.Where(member => member.LinkCount >= 2 && member.Data.Length > 0)) data[LinkKey(member)] = member.Data;

        var linked = new Dictionary<(uint, uint, uint, uint), FileNode>();
        var tree = new FileTreeBuilder();
        foreach (var member in all)
        {
            var path = TreePath.Normalise(member.Name);
            var metadata = new FileMetadata(member.Mode & 0xfff)
            {
                UserId = member.UserId,
                GroupId = member.GroupId,
                ModificationTime = new Timestamp(member.ModificationTime, 0),
            };
            var type = member.Mode & 0xf000;
            if (type == 0x4000)
            {
                tree.SetDirectory(path, metadata);
                continue;
            }

            if (member.LinkCount < 2 || type == 0xa000)
            {
                tree.Set(path, NodeOf(member, type, metadata, member.Data));
                continue;
            }

            var key = LinkKey(member);
            if (!linked.TryGetValue(key, out var node)) linked.Add(key, node = NodeOf(member, type, metadata, data.GetValueOrDefault(key, ByteSource.Empty)));
            tree.Set(path, node);
        }

        return tree.Build();
    }

    private static (uint Major, uint Minor, uint Inode, uint Type) LinkKey(CpioMember member) =>
        (member.DeviceMajor, member.DeviceMinor, member.Inode, member.Mode & 0xf000);

    private static FileNode NodeOf(CpioMember member, uint type, FileMetadata metadata, ByteSource data) => type switch
    {
        0x8000 => new RegularFile(metadata, data),
        0xa000 when data.Length <= NewcHeader.MaximumLinkTarget => new SymbolicLink(metadata, new ByteString(data.ToArray())),
        0xa000 => throw new DamagedInputException($"the target of a symbolic link in an initrd must have at most {NewcHeader.MaximumLinkTarget} bytes and that of \"{member.Name}\" has {data.Length}: the archive is damaged"),
        0x6000 => new DeviceNode(metadata, isBlockDevice: true, member.SpecialMajor, member.SpecialMinor),
        0x2000 => new DeviceNode(metadata, isBlockDevice: false, member.SpecialMajor, member.SpecialMinor),
        0x1000 => new FifoNode(metadata),
        0xc000 => new SocketNode(metadata),
        _ => throw new DamagedInputException($"a cpio member must be a file, directory, link, device, fifo or socket and the mode of \"{member.Name}\" at offset {member.Offset} is 0{Convert.ToString(member.Mode, 8)}: the archive is damaged"),
    };

    private static ByteString ReadName(ByteSource source, long offset, int size)
    {
        var bytes = new byte[size];
        source.Read(offset, bytes);
        var nul = bytes.AsSpan().IndexOf((byte)0);
        if (nul < 0) throw new DamagedInputException($"the name of a cpio member must end with a NUL, which that at offset {offset} does not: the archive is damaged");
        return new ByteString(bytes.AsSpan(0, nul));
    }

    private static DamagedInputException CutOff(ByteSource source, long at, string what) =>
        new($"a cpio archive must go on to its trailer, but its {source.Length} bytes end within the {what} at offset {at}: the archive is cut off");
}
