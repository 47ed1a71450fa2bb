using System.Collections.Immutable;
using Roos.Core;
using Roos.Core.Bytes;
using Roos.Core.Tree;
using Roos.Erofs.Format;

namespace Roos.Erofs.Reading;

/// <summary>Walks an image from its root and makes a tree of it.</summary>
internal sealed class TreeReader
{
    private const int DeepestDirectory = 2048; // a path of PATH_MAX bytes has no more names

    private readonly ImageBytes _image;
    private readonly ErofsSuperblock _superblock;
    private readonly ContentReader _content;
    private readonly XattrReader _xattrs;
    private readonly CancellationToken _cancellation;
    private readonly Dictionary<ulong, (FileNode Node, StoredInode Inode)> _nodes = [];
    private readonly HashSet<ulong> _directories = [];
    private long _directoryBytes;

    public TreeReader(ImageBytes image, ErofsSuperblock superblock, ExtentDecoder decoder, CancellationToken cancellation)
    {
        _image = image;
        _superblock = superblock;
        _content = new ContentReader(image, superblock, decoder);
        _xattrs = new XattrReader(image, superblock, _content);
        _cancellation = cancellation;
    }

    /// <summary>Every inode but directories, with how many names it has; in the order in which they were met.</summary>
    public List<(FileNode Node, StoredInode Inode)> Leaves { get; } = [];

    public PackedInode Packed => _content.Packed;

    public long DirectoryCount => _directories.Count;

    /// <summary>Names of each inode that is not a directory.</summary>
    public Dictionary<long, uint> Names { get; } = [];

    public FileTree Read()
    {
        var root = InodeReader.Read(_image, _superblock, _superblock.RootNid);
        if (!root.IsDirectory) throw new DamagedInputException($"damaged EroFS image: the root, {root}, is not a directory");
        return new FileTree(ReadDirectory(root, _superblock.RootNid, _superblock.RootNid, 0));
    }

    private DirectoryNode ReadDirectory(StoredInode inode, ulong nid, ulong parent, int depth)
    {
        _cancellation.ThrowIfCancellationRequested();
        if (!_directories.Add(nid)) throw new DamagedInputException($"damaged EroFS image: the directory at {inode} is in the tree twice, or in itself");
        if (depth > DeepestDirectory) throw new DamagedInputException($"damaged EroFS image: directories are nested more than {DeepestDirectory} deep");
        _directoryBytes += inode.Size > _image.Length ? _image.Length + 1 : inode.Size;
        if (_directoryBytes > _image.Length) throw new DamagedInputException($"damaged EroFS image: directories take more than the image's {_image.Length} bytes at {inode}");

        var entries = ImmutableSortedDictionary.CreateBuilder<ByteString, FileNode>();
        uint children = 0;
        var dots = 0;
        foreach (var entry in DirectoryReader.Read(inode, _content.Open(inode)))
        {
            if (entry.Name.Equals("."u8) || entry.Name.Equals(".."u8))
            {
                var expected = entry.Name.Length == 1 ? nid : parent;
                if (entry.Nid != expected) throw new DamagedInputException($"damaged EroFS image: \"{entry.Name}\" in the directory at {inode} must be inode {expected}; found {entry.Nid}");
                dots++;
                continue;
            }

            var node = ReadEntry(entry, nid, inode, depth);
            if (node is DirectoryNode) children++;
            entries.Add(entry.Name, node);
        }

        if (dots != 2) throw new DamagedInputException($"damaged EroFS image: the directory at {inode} must have \".\" and \"..\"");
        if (inode.LinkCount != children + 2) throw new DamagedInputException($"damaged EroFS image: the directory at {inode} has the link count {inode.LinkCount}; its entries make it {children + 2}");
        return new DirectoryNode(Metadata(inode), entries.ToImmutable());
    }

    private FileNode ReadEntry(StoredDirent entry, ulong directory, StoredInode parent, int depth)
    {
        if (!_nodes.TryGetValue(entry.Nid, out var known))
        {
            var inode = InodeReader.Read(_image, _superblock, entry.Nid);
            if (inode.IsDirectory)
            {
                CheckType(entry, inode, parent);
                return ReadDirectory(inode, entry.Nid, directory, depth + 1);
            }

            known = (ReadLeaf(inode), inode);
            _nodes.Add(entry.Nid, known);
            Leaves.Add(known);
        }

        CheckType(entry, known.Inode, parent);
        Names[known.Inode.Nid] = Names.GetValueOrDefault(known.Inode.Nid) + 1;
        return known.Node;
    }

    private static void CheckType(StoredDirent entry, StoredInode inode, StoredInode parent)
    {
        if (entry.Type != inode.DirentType) throw new DamagedInputException($"damaged EroFS image: \"{entry.Name}\" in the directory at {parent} is said to be of type {entry.Type} and {inode} is of type {inode.DirentType}");
    }

    private FileNode ReadLeaf(StoredInode inode)
    {
        var metadata = Metadata(inode);
        return inode.DirentType switch
        {
            DirentType.Regular => new RegularFile(metadata, _content.Open(inode)),
            DirentType.SymbolicLink => new SymbolicLink(metadata, ReadTarget(inode)),
            DirentType.CharacterDevice or DirentType.BlockDevice => new DeviceNode(metadata, inode.DirentType == DirentType.BlockDevice, inode.Union >> 8 & 0xfff, (inode.Union & 0xff) | (inode.Union >> 12 & 0xfff00)),
            DirentType.Fifo => new FifoNode(metadata),
            _ => new SocketNode(metadata),
        };
    }

    private ByteString ReadTarget(StoredInode inode)
    {
        if (inode.Size is 0 or > ErofsFormat.MaximumLinkLength) throw new DamagedInputException($"damaged EroFS image: the symbolic link at {inode} has a target of {inode.Size} bytes; from 1 to {ErofsFormat.MaximumLinkLength} are allowed");
        var target = _content.Open(inode).ToArray();
        return target.AsSpan().Contains((byte)0) ? throw new DamagedInputException($"damaged EroFS image: the target of the symbolic link at {inode} has a NUL byte") : new ByteString(target);
    }

    private FileMetadata Metadata(StoredInode inode) => new(inode.Mode & 0xfff)
    {
        UserId = inode.UserId,
        GroupId = inode.GroupId,
        ModificationTime = inode.ModificationTime,
        ExtendedAttributes = _xattrs.Read(inode),
    };
}
