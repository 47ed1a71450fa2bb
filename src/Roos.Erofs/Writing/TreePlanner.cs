using Roos.Core;
using Roos.Core.Bytes;
using Roos.Core.Tree;
using Roos.Erofs.Format;

namespace Roos.Erofs.Writing;

/// <summary>Plans an image in steps: number the inodes, choose the layout of each content, then give out slots and blocks.</summary>
internal sealed class TreePlanner(ErofsOptions options, SpoolFactory spools, IProgress<long>? progress, CancellationToken cancellation)
{
    private const long LargestFile = 1L << 60;

    private readonly List<InodePlan> _inodes = [];
    private readonly Dictionary<FileNode, InodePlan> _byNode = new(ReferenceEqualityComparer.Instance);
    private InodePlan? _packed;

    public ErofsPlan Plan(FileTree tree)
    {
        var spool = spools();
        try
        {
            Number(tree.Root);
            foreach (var inode in _inodes) Describe(inode);
            var shared = SharedXattrs.Find(_inodes);
            foreach (var inode in _inodes) inode.XattrSize = ExtendedAttributes.Measure(inode, shared);
            new ContentPlanner(options, spool, progress, cancellation).Plan(_inodes, AddPacked);
            if (_packed is not null) _inodes.Add(_packed);
            var metadataEnd = PlaceMetadata(shared);
            var blocks = PlaceBlocks(metadataEnd);
            return new ErofsPlan(options, _inodes, _packed, shared, metadataEnd, blocks, spool);
        }
        catch
        {
            spool.Dispose();
            throw;
        }
    }

    /// <summary>Breadth first, so that the inodes and files of a directory lie together.</summary>
    private void Number(DirectoryNode root)
    {
        Add(root, null, ByteString.Empty);
        _inodes[0].LinkCount = 1;
        for (var i = 0; i < _inodes.Count; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            var inode = _inodes[i];
            if (inode.Node is not DirectoryNode directory) continue;
            inode.LinkCount++; // its own "."
            var entries = new List<(ByteString Name, InodePlan Inode)>(directory.Entries.Count + 2) { (".", inode), ("..", inode.Parent) };
            foreach (var (name, node) in directory.Entries)
            {
                CheckName(inode, name);
                if (!_byNode.TryGetValue(node, out var child)) child = Add(node, inode, name);
                else if (node is DirectoryNode) throw new RoosException($"{inode.Path}: the directory \"{name}\" is also {child.Path}: a directory can have one name only");
                child.LinkCount++;
                if (node is DirectoryNode) inode.LinkCount++; // the child's ".."
                entries.Add((name, child));
            }

            inode.Directory = new DirectoryLayout([.. entries]);
        }
    }

    private InodePlan Add(FileNode node, InodePlan? parent, ByteString name)
    {
        var inode = new InodePlan(node, parent, name, checked((uint)_inodes.Count + 1));
        _inodes.Add(inode);
        _byNode.Add(node, inode);
        return inode;
    }

    private static void CheckName(InodePlan directory, ByteString name)
    {
        if (name.Length is 0 or > ErofsFormat.MaximumNameLength)
        {
            throw new RoosException($"{directory.Path}: a file name has from 1 to {ErofsFormat.MaximumNameLength} bytes in EroFS; \"{name}\" has {name.Length}");
        }

        if (name.Span.ContainsAny((byte)0, (byte)'/') || name.Equals("."u8) || name.Equals(".."u8))
        {
            throw new RoosException($"{directory.Path}: \"{name}\" cannot be a file name: it is \".\" or \"..\" or has a slash or a NUL byte in it");
        }
    }

    /// <summary>Size and form of the inode.</summary>
    private void Describe(InodePlan inode)
    {
        inode.Size = inode.Node switch
        {
            RegularFile file => file.Content.Length,
            DirectoryNode => inode.Directory!.Size,
            SymbolicLink link => link.Target.Length,
            _ => 0,
        };
        if (inode.Size > LargestFile) throw new RoosException($"{inode.Path}: a file in an EroFS image has at most {LargestFile} bytes; this one has {inode.Size}");
        if (inode.Node is SymbolicLink && (inode.Size is 0 or > ErofsFormat.MaximumLinkLength || ((SymbolicLink)inode.Node).Target.Span.Contains((byte)0)))
        {
            throw new RoosException($"{inode.Path}: the target of a symbolic link has from 1 to {ErofsFormat.MaximumLinkLength} bytes, none of them NUL; this one has {inode.Size} bytes");
        }

        if (inode.Node is DeviceNode { Major: > 0xfff } or DeviceNode { Minor: > 0xfffff })
        {
            throw new RoosException($"{inode.Path}: a device number in EroFS is at most 4095:1048575; found {((DeviceNode)inode.Node).Major}:{((DeviceNode)inode.Node).Minor}");
        }

        var metadata = inode.Node.Metadata;
        if (metadata.ModificationTime.Nanoseconds > 999_999_999) throw new RoosException($"{inode.Path}: nanoseconds of a time must be below 1000000000; found {metadata.ModificationTime.Nanoseconds}");
        inode.IsExtended = metadata.ModificationTime != options.BuildTime || metadata.UserId > ushort.MaxValue || metadata.GroupId > ushort.MaxValue
            || inode.LinkCount > ushort.MaxValue || inode.Size > uint.MaxValue;
        ExtendedAttributes.Check(inode);
    }

    /// <summary>The inode of what is packed together. No directory has it; the superblock does.</summary>
    private InodePlan AddPacked(ByteSource content)
    {
        var node = new RegularFile(new FileMetadata(0x180) { ModificationTime = options.BuildTime }, content);
        var inode = new InodePlan(node, null, ByteString.Empty, checked((uint)_inodes.Count + 1)) { LinkCount = 1, Size = content.Length };
        inode.IsExtended = inode.Size > uint.MaxValue;
        _packed = inode;
        return inode;
    }

    /// <summary>Gives every inode its slot, the root the first; metadata begins after the superblock's block.</summary>
    private long PlaceMetadata(SharedXattrs shared)
    {
        var allocator = new MetadataAllocator(ErofsFormat.BlockSize);
        foreach (var inode in _inodes)
        {
            var place = allocator.Allocate(inode.HeadSize + inode.TailSize - inode.InlineSize, inode.InlineSize, oneBlock: inode.Node is SymbolicLink && inode.InlineSize > 0);
            inode.Nid = place / ErofsFormat.InodeSlotSize;
        }

        shared.Start = allocator.End;
        return ErofsFormat.AlignUp(shared.Start + shared.Size, ErofsFormat.BlockSize);
    }

    private uint PlaceBlocks(long metadataEnd)
    {
        var next = metadataEnd >> ErofsFormat.BlockBits;
        foreach (var inode in _inodes)
        {
            if (inode.DataBlocks == 0) continue;
            if (inode.Original is { } original)
            {
                inode.FirstBlock = original.FirstBlock; // which comes before it in the walk
                continue;
            }

            if (next + inode.DataBlocks >= ErofsFormat.NullBlock) throw new RoosException($"{inode.Path}: an EroFS image has at most {ErofsFormat.NullBlock - 1} blocks of 4096 bytes and this file goes beyond");
            inode.FirstBlock = (uint)next;
            next += inode.DataBlocks;
        }

        return (uint)next;
    }
}
