using Roos.Core.Bytes;
using Roos.Core.Tree;

namespace Roos.Builder.Steps;

/// <summary>
/// Removes from a fresh package tree what came from the machine that installed the packages, and what differs from one installation to
/// the next: host name, resolver, host keys, machine ID, random seeds. Asked for before the appliance's own files are laid over it, which
/// may well bring an /etc/hostname.
/// </summary>
public static class BuildMachineTraces
{
    private static readonly string[] Paths =
    [
        "etc/hostname", "etc/resolv.conf", "etc/.pwd.lock", "etc/machine-id", "etc/adjtime",
        "var/lib/dbus/machine-id", "var/lib/systemd/random-seed", "var/lib/systemd/credential.secret", "boot/efi/loader/random-seed", "boot/loader/random-seed",
        "etc/apt/apt.conf.d/99mmdebstrap", "etc/dpkg/dpkg.cfg.d/99mmdebstrap",
    ];

    public static FileTree Remove(FileTree tree)
    {
        var builder = tree.ToBuilder();
        foreach (var path in Paths) builder.Remove(path);
        if (tree.Find("etc/ssh") is DirectoryNode ssh)
        {
            foreach (var name in ssh.Entries.Keys)
            {
                if (name.StartsWith("ssh_host_"u8)) builder.Remove(TreePath.Join("etc/ssh", name));
            }
        }

        // machine-id(5): where /etc is read-only, an empty file has to be there for systemd to mount its own over.
        builder.Set("etc/machine-id", new RegularFile(new FileMetadata(0x124), ByteSource.Empty));
        if (tree.FindFile("usr/lib/systemd/systemd-resolved") is not null)
        {
            builder.Set("etc/resolv.conf", new SymbolicLink(new FileMetadata(0x1ff), "../run/systemd/resolve/stub-resolv.conf"));
        }

        return builder.Build();
    }
}
