using System.Text;
using Roos.Core.Bytes;
using Roos.Core.Tree;

namespace Roos.Testing;

/// <summary>A folder of this machine as a tree: names, link targets and bytes; owners are root's and times the epoch.</summary>
public static class HostTree
{
    public static FileTree Read(string folder)
    {
        var tree = new FileTreeBuilder();
        Add("", new DirectoryInfo(folder));
        return tree.Build();

        void Add(string path, DirectoryInfo directory)
        {
            foreach (var item in directory.EnumerateFileSystemInfos())
            {
                var itemPath = path + item.Name;
                if (item.LinkTarget is { } target) tree.Set(itemPath, new SymbolicLink(new FileMetadata(0x1ff), target));
                else if (item is DirectoryInfo child) AddFolder(itemPath, child);
                else tree.Set(itemPath, new RegularFile(new FileMetadata((uint)item.UnixFileMode), new LateFile(item.FullName, ((FileInfo)item).Length)));
            }
        }

        void AddFolder(string path, DirectoryInfo directory)
        {
            tree.SetDirectory(path, new FileMetadata((uint)directory.UnixFileMode));
            Add(path + "/", directory);
        }
    }

    /// <summary>Writes the folders, files and links of a tree below a folder of this machine; devices and owners are left out.</summary>
    public static void Write(FileTree tree, string folder)
    {
        foreach (var (path, node) in tree.Walk())
        {
            var target = Path.Combine(folder, Encoding.UTF8.GetString(path.Span));
            switch (node)
            {
                case DirectoryNode:
                    Directory.CreateDirectory(target);
                    break;
                case SymbolicLink link:
                    File.CreateSymbolicLink(target, Encoding.UTF8.GetString(link.Target.Span));
                    break;
                case RegularFile file:
                    using (var stream = File.Create(target)) new SourceImage(file.Content).WriteTo(stream);
                    break;
            }
        }
    }

    /// <summary>A file that is open only while it is read: a tree has more of them than a process may have open.</summary>
    private sealed class LateFile(string path, long length) : ByteSource
    {
        public override long Length => length;

        protected override void ReadCore(long offset, Span<byte> destination)
        {
            using var file = FileSource.Open(path);
            file.Read(offset, destination);
        }
    }
}
