using Roos.Core.Bytes;

namespace Roos.Core.Tree;

/// <summary>
/// Puts one tree over another, as mkosi copies mkosi.extra over the installed packages (cp --recursive
/// --keep-directory-symlink).
/// </summary>
public static class Overlay
{
    /// <summary>
    /// <paramref name="lower"/> with everything of <paramref name="upper"/> in it. Directories are merged and take the upper's
    /// metadata; where the lower has a symbolic link to a directory (/lib on a merged /usr) its target is merged instead and the
    /// link stays. Other things replace each other; a symbolic link is replaced, never written through.
    /// </summary>
    /// <exception cref="RoosException">A directory meets something that is none, or the other way round.</exception>
    public static FileTree Apply(FileTree lower, FileTree upper)
    {
        var builder = lower.ToBuilder();
        Merge(upper.Root, ByteString.Empty, ByteString.Empty);
        return builder.Build();

        void Merge(DirectoryNode directory, ByteString path, ByteString target)
        {
            builder.SetDirectory(target, directory.Metadata);
            foreach (var (name, node) in directory.Entries)
            {
                var from = TreePath.Join(path, name);
                var to = TreePath.Join(target, name);
                if (node is DirectoryNode child) Merge(child, from, DirectoryFor(from, to));
                else if (builder.IsDirectory(to)) throw new RoosException($"\"/{to}\" is a directory and the {KindOf(node)} \"/{from}\" of the tree put over it cannot replace it: remove one of them");
                else builder.Set(to, node);
            }
        }

        ByteString DirectoryFor(ByteString from, ByteString to)
        {
            if (builder.IsDirectory(to) || builder.Find(to) is not { } existing) return to;
            if (existing is SymbolicLink link)
            {
                if (lower.Resolve(to) is (var real, DirectoryNode) && builder.IsDirectory(real)) return real;
                throw new RoosException($"\"/{to}\" is a symbolic link to \"{link.Target}\", which is no directory, and the directory \"/{from}\" of the tree put over it cannot replace it: remove one of them");
            }

            throw new RoosException($"\"/{to}\" is a {KindOf(existing)} and the directory \"/{from}\" of the tree put over it cannot replace it: remove one of them");
        }
    }

    private static string KindOf(FileNode node) => node switch
    {
        RegularFile => "file",
        SymbolicLink => "symbolic link",
        DeviceNode => "device",
        FifoNode => "fifo",
        SocketNode => "socket",
        _ => "directory",
    };
}
