using System.Text;
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

    public static FileTree Apply(FileTree tree, string name)
    {
        Check(name);
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
    /// <exception cref="UsageException">The name is none.</exception>
    public static void Check(string name)
    {
        var good = name.Length is > 0 and <= LongestName && name[0] is (>= 'a' and <= 'z') or '_'
            && name.All(c => c is (>= 'a' and <= 'z') or (>= '0' and <= '9') or '_' or '-');
        if (!good)
        {
            throw new UsageException($"DEFAULT_USER= must be a user name: a lower case letter or _, then lower case letters, digits, _ or -, at most {LongestName} characters; found \"{name}\"");
        }

        if (name is "root" or "nobody" or "wheel") throw new UsageException($"DEFAULT_USER= must name an ordinary user; found \"{name}\", which has a meaning of its own");
    }

    private static RegularFile File(string text) =>
        new(new FileMetadata(0x1a4), ByteSource.FromMemory(Encoding.UTF8.GetBytes(text.ReplaceLineEndings("\n"))));
}
