using Roos.Core.Bytes;
using Roos.Core.Tree;

namespace Roos.Builder.Steps;

/// <summary>What <see cref="ImageCleanup"/> leaves and what it takes.</summary>
public sealed record ImageCleanupOptions
{
    /// <summary>WithDocs=: manual pages and documentation stay. Licence texts always do.</summary>
    public bool WithDocs { get; init; }

    /// <summary>The time of /usr/lib/clock-epoch: systemd never sets a clock to before it. Seconds since 1970-01-01 UTC.</summary>
    public required long SourceDateEpoch { get; init; }
}

/// <summary>
/// Makes the finished tree of a root image out of an installed system: what must not ship goes, mount points are empty, the kernel is where
/// systemd looks for it.
/// </summary>
public static class ImageCleanup
{
    /// <summary>
    /// Mount points of other file systems: kept, emptied. /var is a partition of its own and was seen not to be mounted over a /var with content;
    /// with it the databases and caches of package managers go (CleanPackageMetadata=), logs, and what was left of the installation.
    /// </summary>
    private static readonly string[] MountPoints = ["dev", "proc", "run", "sys", "tmp", "var"];

    private static readonly string[] Backups =
    [
        "etc/passwd-", "etc/group-", "etc/shadow-", "etc/gshadow-", "etc/subuid-", "etc/subgid-", "etc/.pwd.lock", "etc/.updated",
    ];

    private static readonly string[] Documentation =
    [
        "usr/share/man", "usr/share/info", "usr/share/groff", "usr/share/lintian", "usr/share/linda", "usr/share/gtk-doc", "usr/share/doc-base",
    ];

    public static FileTree Apply(FileTree tree, ImageCleanupOptions options)
    {
        var builder = tree.ToBuilder();
        PlaceKernels(tree, builder);
        foreach (var path in MountPoints) Empty(tree, builder, path);
        foreach (var name in tree.Find("boot") is DirectoryNode boot ? boot.Entries.Keys : [])
        {
            // What an appliance puts there goes into the ESP (a loader.conf, say); kernels and what belongs to them are in the UKI.
            if (!name.Equals("EFI"u8) && !name.Equals("loader"u8)) builder.Remove(TreePath.Join("boot", name));
        }

        foreach (var path in Backups) builder.Remove(path);
        foreach (var path in options.WithDocs ? [] : Documentation) builder.Remove(path);
        if (tree.Find("etc/machine-id") is not RegularFile { Content.Length: 0 })
        {
            builder.Set("etc/machine-id", new RegularFile(new FileMetadata(0x124), ByteSource.Empty));
        }

        var epoch = new FileMetadata(0x1a4) { ModificationTime = new Timestamp(options.SourceDateEpoch, 0) };
        builder.Set("usr/lib/clock-epoch", new RegularFile(epoch, ByteSource.Empty));
        return builder.Build().Map((path, node) => IsUnwanted(path, options) ? null : node);
    }

    /// <summary>/boot/vmlinuz-VERSION to /usr/lib/modules/VERSION/vmlinuz, where everything but Debian keeps it.</summary>
    private static void PlaceKernels(FileTree tree, FileTreeBuilder builder)
    {
        if (tree.Find("boot") is not DirectoryNode boot) return;
        foreach (var (name, node) in boot.Entries)
        {
            if (!name.StartsWith("vmlinuz-"u8) || node is not RegularFile) continue;
            ByteString modules = TreePath.Join("usr/lib/modules", new ByteString(name.Span["vmlinuz-"u8.Length..]));
            var place = TreePath.Join(modules, "vmlinuz");
            if (tree.Find(modules) is DirectoryNode && tree.Find(place) is null) builder.Set(place, node);
        }
    }

    private static void Empty(FileTree tree, FileTreeBuilder builder, string path)
    {
        if (tree.Find(path) is not DirectoryNode directory) return;
        foreach (var name in directory.Entries.Keys) builder.Remove(TreePath.Join(path, name));
    }

    private static bool IsUnwanted(ByteString path, ImageCleanupOptions options)
    {
        // Debian's links to a kernel in /boot dangle: the kernel is in the UKI.
        if (path.StartsWith("vmlinuz"u8) || path.StartsWith("initrd.img"u8)) return true;
        if (path.EndsWith(".dpkg-old"u8) || path.EndsWith(".dpkg-dist"u8) || path.EndsWith(".dpkg-new"u8) || path.EndsWith(".dpkg-tmp"u8) || path.EndsWith(".ucf-dist"u8)) return true;
        if (options.WithDocs || !path.StartsWith("usr/share/doc/"u8)) return false;

        // /usr/share/doc/PACKAGE/copyright stays, with the folders that lead there.
        var names = TreePath.Split(path);
        return names.Count > 4 && !names[4].Equals("copyright"u8);
    }
}
