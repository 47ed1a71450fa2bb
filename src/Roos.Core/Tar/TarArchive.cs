using Roos.Core.Bytes;
using Roos.Core.Tree;

namespace Roos.Core.Tar;

/// <summary>
/// Reads tar archives byte-exact: v7, ustar, PAX (with extended attributes, ACLs, SELinux labels) and GNU's format, sparse
/// files, hard links and devices. File contents are slices of the archive; nothing is extracted.
/// </summary>
public static class TarArchive
{
    /// <summary>
    /// The tree that extracting <paramref name="tar"/> (not compressed) would make. Of members with one path the last counts;
    /// a directory that comes again takes the new metadata and keeps its entries. Leading slashes are stripped.
    /// </summary>
    /// <exception cref="DamagedInputException">
    /// The archive is cut off, corrupt or hostile: a path has "..", leads through a symbolic link of the archive, is longer than
    /// Linux allows, a hard link's target is missing, and so on. The message names the member and its offset.
    /// </exception>
    public static FileTree Read(ByteSource tar, TarReadOptions? options = null, CancellationToken cancellation = default)
    {
        options ??= new TarReadOptions();
        var assembly = new TarAssembly(new TarReader(tar, options).ReadAll(cancellation), options);
        return assembly.Build();
    }
}
