using Roos.Core;
using Roos.Core.Bytes;
using Roos.Core.Tree;

namespace Roos.Builder.Steps;

/// <summary>
/// Makes an initrd of the tree of its packages: what only package management, documentation and development need goes, what the kernel
/// and systemd look for in an initrd comes. All of an initrd lies in memory, and is unpacked at every boot.
/// <para>
/// Presets, users and os-release are other steps, the same as for the root image. Licence texts of the packages are not in the initrd;
/// the root image keeps them.
/// </para>
/// </summary>
public static class InitrdTree
{
    /// <summary>Removed with all below. A last name of <c>*</c> keeps the folder; otherwise <c>*</c> matches within one name.</summary>
    private static readonly string[] Unneeded =
    [
        // Mounted over at boot, or made then.
        "dev/*", "proc/*", "sys/*", "run/*", "tmp/*", "var/tmp/*", "boot/*", "vmlinuz*", "initrd.img*",

        // The build machine's, or made at boot.
        "etc/hostname", "etc/resolv.conf", "etc/.pwd.lock", "etc/passwd-", "etc/group-", "etc/shadow-", "etc/gshadow-", "etc/subuid-", "etc/subgid-",

        // Package management, and Perl, which nothing else needs here.
        "etc/apt", "etc/dpkg", "etc/debconf.conf", "etc/adduser.conf", "etc/deluser.conf", "etc/kernel", "etc/cron*", "etc/logrotate.d",
        "etc/init.d", "etc/rc?.d", "etc/skel", "etc/update-motd.d", "etc/perl", "etc/ucf.conf", "etc/initramfs-tools",
        "usr/bin/apt", "usr/bin/apt-*", "usr/bin/dpkg", "usr/bin/dpkg-*", "usr/sbin/dpkg-*", "usr/bin/deb-systemd-*", "usr/bin/debconf*", "usr/sbin/dpkg-*",
        "usr/bin/update-alternatives", "usr/bin/perl*", "usr/sbin/adduser", "usr/sbin/addgroup", "usr/sbin/deluser", "usr/sbin/delgroup", "usr/bin/ucf*",
        "usr/sbin/update-initramfs", "usr/sbin/mkinitramfs",
        "usr/lib/apt", "usr/lib/dpkg", "usr/libexec/dpkg", "usr/lib/*/libapt-*", "usr/lib/*/perl*", "usr/lib/*/libperl.*", "usr/lib/init",
        "usr/share/apt", "usr/share/dpkg", "usr/share/debconf", "usr/share/debianutils", "usr/share/base-passwd", "usr/share/perl*", "usr/share/keyrings",
        "usr/share/adduser", "usr/share/ucf", "usr/share/initramfs-tools", "usr/share/bug", "usr/share/lintian", "usr/share/menu", "usr/share/apport",
        "var/lib/apt", "var/lib/dpkg", "var/lib/pam", "var/lib/ucf", "var/lib/systemd/deb-systemd-*", "var/lib/systemd/catalog", "var/backups/*", "var/cache/*", "var/log/*",

        // Documentation, translations, shell completion, things to compile with.
        "usr/share/doc", "usr/share/doc-base", "usr/share/man", "usr/share/info", "usr/share/locale", "usr/share/i18n", "usr/share/common-licenses",
        "usr/share/bash-completion", "usr/share/zsh", "usr/share/fish", "usr/share/dict", "usr/share/gdb", "usr/share/gcc", "usr/share/pixmaps",
        "usr/share/base-files", "usr/share/zoneinfo", "usr/share/pkgconfig", "usr/lib/*/pkgconfig", "usr/include", "usr/src", "usr/games", "usr/local/*", "etc/services",

        // As mkosi's initrd: only the sources of binary databases. The hardware database itself stays out too: 13 MB for names and quirks that
        // udev reads again when it sees all devices anew in the root file system.
        "usr/lib/systemd/catalog", "etc/udev/hwdb.d", "usr/lib/udev/hwdb.d", "usr/lib/udev/hwdb.bin", "etc/udev/hwdb.bin",
        "usr/lib/modules/*/vmlinuz*", "usr/lib/modules/*/System.map*", "usr/lib/modules/*/build", "usr/lib/modules/*/source",
    ];

    private static readonly ByteString[][] UnneededNames = [.. Unneeded.Select(pattern => TreePath.Split(pattern).ToArray())];

    /// <summary>The initrd for the packages in <paramref name="packages"/>.</summary>
    /// <exception cref="RoosException">There is no systemd in the tree.</exception>
    public static FileTree Make(FileTree packages)
    {
        const string systemd = "usr/lib/systemd/systemd";
        if (packages.FindFile(systemd) is null)
        {
            throw new RoosException($"an initrd must contain /{systemd} and its packages have none: add systemd to Packages= of mkosi.images/initrd");
        }

        var tree = packages.Map((path, node) => IsUnneeded(path) ? null : node).ToBuilder();

        // What the kernel starts, and how systemd knows that it is in an initrd.
        AddLink("init", "/" + systemd);
        AddLink("etc/initrd-release", "/etc/os-release");

        // Empty: systemd takes the ID from the kernel command line or the firmware, or makes one up, for this boot.
        tree.Set("etc/machine-id", new RegularFile(new FileMetadata(0x124), ByteSource.Empty));
        return tree.Build();

        void AddLink(ByteString path, ByteString target)
        {
            if (tree.Find(path) is null) tree.Set(path, new SymbolicLink(new FileMetadata(0x1ff), target));
        }
    }

    private static bool IsUnneeded(ByteString path)
    {
        if (path.IsEmpty) return false;
        var names = TreePath.Split(path);
        return UnneededNames.Any(pattern => pattern.Length == names.Count && pattern.Zip(names).All(pair => GlobPattern.IsMatch(pair.First.Span, pair.Second.Span)))
            || IsUnneededCharacterSet(names);
    }

    /// <summary>iconv's tables, but for those that mkfs.fat converts volume labels with.</summary>
    private static bool IsUnneededCharacterSet(IReadOnlyList<ByteString> names) =>
        names.Count == 5 && names[0].Equals("usr"u8) && names[1].Equals("lib"u8) && names[3].Equals("gconv"u8)
        && !names[4].StartsWith("gconv-modules"u8) && !names[4].Equals("IBM850.so"u8);
}
