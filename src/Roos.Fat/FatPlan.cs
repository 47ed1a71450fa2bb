using Roos.Core;
using Roos.Core.Bytes;
using Roos.Core.Tree;

namespace Roos.Fat;

/// <summary>
/// Where everything goes. Directories come first, breadth first, then files in the same order; each is one run of
/// clusters, and the runs follow each other from cluster 2 on without a gap.
/// </summary>
internal sealed class FatPlan
{
    private readonly FatGeometry _geometry;
    private readonly List<PlannedDirectory> _directories = [];
    private readonly List<PlannedFile> _files = [];

    public FatPlan(FileTree tree, FatOptions options)
    {
        _geometry = FatGeometry.For(options.Size);
        Label = FatName.ToLabel(options.Label);
        LabelTime = FatTime.From(options.MaximumTime);
        Collect(tree, options.MaximumTime);
        Allocate(options.Size);
    }

    public FatGeometry Geometry => _geometry;

    public byte[] Label { get; }

    public uint UsedClusters { get; private set; }

    private FatTime LabelTime { get; }

    /// <summary>The runs in the order of their clusters.</summary>
    public IEnumerable<(uint ClusterCount, ByteSource Content)> Runs()
    {
        foreach (var directory in _directories) yield return (directory.ClusterCount, ByteSource.FromMemory(Table(directory)));
        foreach (var file in _files.Where(file => file.ClusterCount > 0)) yield return (file.ClusterCount, file.Content);
    }

    /// <summary>The lengths of the runs in the order of their clusters.</summary>
    public IEnumerable<uint> RunLengths() =>
        _directories.Select(directory => directory.ClusterCount).Concat(_files.Select(file => file.ClusterCount).Where(count => count > 0));

    private void Collect(FileTree tree, Timestamp maximum)
    {
        _directories.Add(new PlannedDirectory(ByteString.Empty, tree.Root, null, FatTime.From(Timestamp.Min(tree.Root.Metadata.ModificationTime, maximum))));
        for (var i = 0; i < _directories.Count; i++)
        {
            var parent = _directories[i];
            var folded = new Dictionary<string, ByteString>(StringComparer.Ordinal);
            var size = FatFormat.DirectoryEntrySize * (parent.Parent is null ? 1L : 2L); // the label, or "." and ".."
            foreach (var (name, node) in parent.Node.Entries)
            {
                var path = TreePath.Join(parent.Path, name);
                var text = FatName.ToLongName(name, path);
                if (!folded.TryAdd(FatName.Fold(text), name))
                    throw new RoosException($"\"{path}\" and \"{TreePath.Join(parent.Path, folded[FatName.Fold(text)])}\" cannot both go into the EFI system partition: FAT does not tell upper from lower case in names; rename one");
                size += DirectoryTable.SizeOf(text);
                var time = FatTime.From(Timestamp.Min(node.Metadata.ModificationTime, maximum));
                parent.Names.Add(text);
                switch (node)
                {
                    case DirectoryNode directory:
                        var child = new PlannedDirectory(path, directory, parent, time);
                        _directories.Add(child);
                        parent.Children.Add(child);
                        break;
                    case RegularFile file:
                        if (file.Content.Length > uint.MaxValue)
                            throw new RoosException($"\"{path}\" cannot go into the EFI system partition: it has {file.Content.Length} bytes and a FAT file has at most {uint.MaxValue}");
                        var planned = new PlannedFile(file.Content, time);
                        _files.Add(planned);
                        parent.Children.Add(planned);
                        break;
                    default:
                        throw new RoosException($"\"{path}\" cannot go into the EFI system partition: it is {Kind(node)}, and FAT has only files and directories");
                }
            }

            if (size > FatFormat.MaximumDirectorySize)
                throw new RoosException($"\"{parent.Path}\" cannot go into the EFI system partition: its {parent.Names.Count} names take {size} bytes and a FAT directory has at most {FatFormat.MaximumDirectorySize}");
            parent.Size = (int)size;
        }
    }

    private void Allocate(long size)
    {
        long next = FatFormat.FirstCluster;
        foreach (var item in _directories.Cast<Planned>().Concat(_files))
        {
            var count = (item.Length + _geometry.ClusterSize - 1) / _geometry.ClusterSize;
            if (next + count - FatFormat.FirstCluster <= _geometry.ClusterCount)
            {
                item.FirstCluster = count == 0 ? 0 : (uint)next;
                item.ClusterCount = (uint)count;
            }

            next += count;
        }

        var used = next - FatFormat.FirstCluster;
        if (used > _geometry.ClusterCount)
        {
            throw new RoosException(
                $"the files of the EFI system partition take {used * _geometry.ClusterSize} bytes (in clusters of {_geometry.ClusterSize}), and a FAT file system of {size} bytes holds {_geometry.Capacity}: make the partition larger (SizeMinBytes=) or put less into it");
        }

        UsedClusters = (uint)used;
    }

    private byte[] Table(PlannedDirectory directory)
    {
        var table = new List<byte>(directory.Size);
        if (directory.Parent is null) DirectoryTable.AppendLabel(table, Label, LabelTime);
        else DirectoryTable.AppendDots(table, directory.FirstCluster, directory.Parent.Parent is null ? 0 : directory.Parent.FirstCluster, directory.Time);
        var shortNames = ShortNames.Assign(directory.Names);
        for (var i = 0; i < directory.Children.Count; i++)
        {
            var child = directory.Children[i];
            var bytes = child is PlannedFile file ? (uint)file.Length : 0;
            DirectoryTable.AppendEntry(table, directory.Names[i], shortNames[i], child is PlannedDirectory, child.FirstCluster, bytes, child.Time);
        }

        return [.. table];
    }

    private static string Kind(FileNode node) => node switch
    {
        SymbolicLink => "a symbolic link",
        DeviceNode => "a device",
        FifoNode => "a named pipe",
        _ => "a socket",
    };

    private abstract class Planned(FatTime time)
    {
        public FatTime Time { get; } = time;

        public abstract long Length { get; }

        /// <summary>0 where there are no clusters.</summary>
        public uint FirstCluster { get; set; }

        public uint ClusterCount { get; set; }
    }

    private sealed class PlannedFile(ByteSource content, FatTime time) : Planned(time)
    {
        public ByteSource Content { get; } = content;

        public override long Length => Content.Length;
    }

    private sealed class PlannedDirectory(ByteString path, DirectoryNode node, PlannedDirectory? parent, FatTime time) : Planned(time)
    {
        public ByteString Path { get; } = path;

        public DirectoryNode Node { get; } = node;

        public PlannedDirectory? Parent { get; } = parent;

        /// <summary>In byte order; <see cref="Children"/> has what they name at the same index.</summary>
        public List<string> Names { get; } = [];

        public List<Planned> Children { get; } = [];

        public int Size { get; set; }

        public override long Length => Size;
    }
}
