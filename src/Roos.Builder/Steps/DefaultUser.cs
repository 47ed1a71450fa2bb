using System.Globalization;
using System.Text;
using Roos.Builder.Configuration;
using Roos.Builder.Steps.Users;
using Roos.Core.Bytes;
using Roos.Core.Tree;

namespace Roos.Builder.Steps;

/// <summary>
/// The one user that can log in: <c>DEFAULT_USER</c> of mkosi.env. A sysusers.d line makes it (so it is asked for before
/// <see cref="SystemUsers"/>), a tmpfiles.d line makes its home on the first boot, because /var is not in the image.
/// </summary>
public static class DefaultUser
{
    private const int LongestName = 31; // UT_NAMESIZE - 1: what every program can show

    // The first ID of login.defs for people. The same for user and group: files of an older image keep their owner.
    private const int UserId = 1000;

    /// <summary>Users of the names that Debian's base system and systemd have.</summary>
    private static readonly string[] Taken =
    [
        "root", "daemon", "bin", "sys", "sync", "games", "man", "lp", "mail", "news", "uucp", "proxy", "www-data", "backup", "list", "irc", "_apt", "nobody", "sshd",
        "messagebus", "polkitd", "tss",
    ];

    /// <summary>Groups of them: the user has a group of its own, with its name.</summary>
    private static readonly string[] TakenGroups =
    [
        "adm", "tty", "disk", "dialout", "fax", "voice", "cdrom", "floppy", "tape", "sudo", "audio", "dip", "kmem", "operator", "src", "shadow", "utmp", "video", "sasl", "plugdev",
        "staff", "users", "nogroup", "wheel", "input", "sgx", "clock", "kvm", "render", "crontab", "_ssh", "lock", "netdev",
    ];

    /// <summary>Adds the files that make the user.</summary>
    /// <param name="tree">The tree of the packages and overlays.</param>
    /// <param name="user">The name, with the place to blame.</param>
    /// <exception cref="UsageException">The name is none, or belongs to a user or group of the packages.</exception>
    public static FileTree Apply(FileTree tree, Setting<string> user)
    {
        var name = user.Value;
        if ((Problem(name) ?? ProblemIn(tree, name)) is { } problem) throw user.Origin.Error(problem);
        var users =
            $"""
            # The user that can log in, by ssh with the keys of /etc/authorized_keys. It has no password.
            g wheel -
            g {name} {UserId}
            u {name} {UserId}:{name} "{name}" /var/home/{name} /bin/bash
            m {name} wheel

            """;
        var files =
            $"""
            d /var/home 0755 root root -
            d /var/home/{name} 0700 {name} {name} -
            C /var/home/{name}/.profile 0644 {name} {name} - /etc/skel/.profile
            C /var/home/{name}/.bashrc 0644 {name} {name} - /etc/skel/.bashrc

            """;
        return tree.ToBuilder()
            .Set("usr/lib/sysusers.d/roos-default-user.conf", File(users))
            .Set("usr/lib/tmpfiles.d/roos-default-user.conf", File(files))
            .Build();
    }

    /// <summary>Stricter than useradd: what adduser(8)'s NAME_REGEX of Debian takes, no dots and no upper case, and not a name that has a meaning.</summary>
    /// <returns>What is wrong with the name; null where nothing is.</returns>
    public static string? Problem(string name)
    {
        var good = name.Length is > 0 and <= LongestName && name[0] is (>= 'a' and <= 'z') or '_'
            && name.All(c => c is (>= 'a' and <= 'z') or (>= '0' and <= '9') or '_' or '-');
        if (!good)
        {
            return $"DEFAULT_USER= must be a user name: a lower case letter or _, then lower case letters, digits, _ or -, at most {LongestName} characters; found \"{name}\"";
        }

        var isTaken = Taken.Contains(name) || TakenGroups.Contains(name) || name.StartsWith("systemd-", StringComparison.Ordinal);
        return isTaken ? $"DEFAULT_USER= must name an ordinary user; found \"{name}\", which belongs to the system" : null;
    }

    /// <summary>The packages may have brought one.</summary>
    private static string? ProblemIn(FileTree tree, string name)
    {
        var user = AccountFile.Read(tree, "etc/passwd", 0x1a4).Find(name);
        var group = AccountFile.Read(tree, "etc/group", 0x1a4).Find(name);
        var found = user ?? group;
        if (found is not null && found.ElementAtOrDefault(2) != UserId.ToString(CultureInfo.InvariantCulture))
        {
            return $"DEFAULT_USER= must name a user of its own; the packages of this image have a {(user is null ? "group" : "user")} \"{name}\" with the ID {found.ElementAtOrDefault(2)}";
        }

        // A line "m" may have the user in it: it makes no other.
        var asked = SystemUserConfiguration.Read(tree);
        var other = asked.Users.FirstOrDefault(item => item.Name == name && item.UserId != UserId && item.Place.Length > 0)
            ?? asked.Groups.FirstOrDefault(item => item.Name == name && item.GroupId != UserId && item.Place.Length > 0);
        return other is null ? null : $"DEFAULT_USER= must name a user of its own; {other.Place} asks for a system {(other.IsUser ? "user" : "group")} \"{name}\"";
    }

    private static RegularFile File(string text) =>
        new(new FileMetadata(0x1a4), ByteSource.FromMemory(Encoding.UTF8.GetBytes(text.ReplaceLineEndings("\n"))));
}
