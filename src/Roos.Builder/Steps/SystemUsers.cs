using System.Globalization;
using Roos.Builder.Steps.Users;
using Roos.Core;
using Roos.Core.Tree;

namespace Roos.Builder.Steps;

/// <summary>
/// Makes the users and groups of sysusers.d(5) in passwd, group, shadow and gshadow, as <c>systemd-sysusers --root</c> 257 does:
/// groups before users, free ids from the top of the range down, one counter for users and groups.
/// </summary>
public sealed class SystemUsers
{
    private readonly FileTree _tree;
    private readonly SystemUserConfiguration _configuration;
    private readonly AccountFile _passwd, _group, _shadow, _gshadow;
    private readonly List<SystemUserItem> _newUsers = [], _newGroups = [];
    private IEnumerator<uint>? _candidates;

    private SystemUsers(FileTree tree)
    {
        _tree = tree;
        _configuration = SystemUserConfiguration.Read(tree);
        _passwd = AccountFile.Read(tree, "etc/passwd", 0x1a4);
        _group = AccountFile.Read(tree, "etc/group", 0x1a4);
        _shadow = AccountFile.Read(tree, "etc/shadow", 0);
        _gshadow = AccountFile.Read(tree, "etc/gshadow", 0);
    }

    /// <param name="tree">The tree with its sysusers.d files.</param>
    /// <param name="sourceDateEpoch">Its day becomes the day of the last password change.</param>
    /// <exception cref="RoosException">A line is wrong, a group is missing, no id is free.</exception>
    public static FileTree Apply(FileTree tree, long sourceDateEpoch)
    {
        var users = new SystemUsers(tree);
        foreach (var item in users._configuration.Groups) users.AddGroup(item);
        foreach (var item in users._configuration.Users) users.AddUserWithGroup(item);
        return users.Write(sourceDateEpoch / 86400);
    }

    private void AddUserWithGroup(SystemUserItem item)
    {
        SystemUserItem? queued = null;
        if (item.GroupId is null)
        {
            queued = _configuration.Groups.FirstOrDefault(group => group.Name == (item.GroupName ?? item.Name));
            if (queued is null && item.GroupName is not null) queued = _configuration.Users.FirstOrDefault(user => user.Name == item.GroupName);
        }

        if (queued is not null && _newGroups.Contains(queued))
        {
            item.GroupId = queued.GroupId;
            item.GroupMustExist = true;
        }
        else if (item.GroupName is not null)
        {
            item.GroupId = _group.Find(item.GroupName) is { } fields
                ? _group.IdOf(fields)
                : throw new RoosException($"{item.Place}: the user {item.Name} must have an existing primary group, and there is no group {item.GroupName}: add a line \"g {item.GroupName} -\"");
            item.GroupMustExist = true;
        }
        else
        {
            AddGroup(item);
        }

        AddUser(item);
    }

    private void AddGroup(SystemUserItem item)
    {
        if (_group.Find(item.Name) is { } existing)
        {
            item.GroupId = _group.IdOf(existing);
            return;
        }

        if (item.GroupId is { } wanted)
        {
            var free = IsFreeGroup(wanted, item.Name, checkUsers: false);
            if (item.GroupMustExist)
            {
                if (free) throw new RoosException($"{item.Place}: the user {item.Name} must have an existing primary group, and there is none with the id {wanted}");
                return;
            }

            if (!free) item.GroupId = null;
        }

        if (item.GroupId is null && item.UserId is { } same && IsFreeGroup(same, item.Name, checkUsers: true)) item.GroupId = same;
        if (item.GroupId is null && OwnerOf(item)?.GroupId is { } owner && InRange(owner) && IsFreeGroup(owner, item.Name, checkUsers: true)) item.GroupId = owner;
        item.GroupId ??= NextFree(id => IsFreeGroup(id, item.Name, checkUsers: true), item);
        _newGroups.Add(item);
    }

    private void AddUser(SystemUserItem item)
    {
        if (_passwd.Find(item.Name) is { } existing)
        {
            item.UserId = _passwd.IdOf(existing);
            return;
        }

        if (item.UserId is { } wanted && !IsFreeUser(wanted, item.Name, checkGroups: !item.GroupMustExist)) item.UserId = null;
        if (item.UserId is null && OwnerOf(item)?.UserId is { } owner && InRange(owner) && IsFreeUser(owner, item.Name, checkGroups: true)) item.UserId = owner;
        if (item.UserId is null && item.GroupId is { } same && IsFreeUser(same, item.Name, checkGroups: true)) item.UserId = same;
        item.UserId ??= NextFree(id => IsFreeUser(id, item.Name, checkGroups: true), item);
        _newUsers.Add(item);
    }

    /// <summary>True where no group has the id, nor (for ids that are not asked for) a user of another name.</summary>
    private bool IsFreeGroup(uint id, string name, bool checkUsers)
    {
        if (_newGroups.Exists(group => group.GroupId == id) || _group.NameOf(id) is not null) return false;
        if (!checkUsers) return true;
        var user = _newUsers.Find(user => user.UserId == id)?.Name ?? _passwd.NameOf(id);
        return user is null || user == name;
    }

    private bool IsFreeUser(uint id, string name, bool checkGroups)
    {
        if (_newUsers.Exists(user => user.UserId == id) || _passwd.NameOf(id) is not null) return false;
        if (!checkGroups) return true;
        var queued = _newGroups.Find(group => group.GroupId == id)?.Name;
        if (queued is not null && queued != name) return false;
        var group = _group.NameOf(id);
        return group is null || group == name;
    }

    private (uint UserId, uint GroupId)? OwnerOf(SystemUserItem item) =>
        item.IdPath is not null && _tree.Resolve(item.IdPath)?.Node.Metadata is { } metadata ? (metadata.UserId, metadata.GroupId) : null;

    private bool InRange(uint id) => id > 0 && _configuration.Ranges.Any(range => id >= range.First && id <= range.Last);

    private uint NextFree(Func<uint, bool> isFree, SystemUserItem item)
    {
        _candidates ??= Candidates().GetEnumerator();
        while (_candidates.MoveNext())
        {
            if (isFree(_candidates.Current)) return _candidates.Current;
        }

        throw new RoosException($"{item.Place}: no id is free for {item.Name}: widen the range with an r line in sysusers.d");
    }

    private IEnumerable<uint> Candidates()
    {
        long below = (long)uint.MaxValue + 1;
        foreach (var (first, last) in _configuration.Ranges.OrderByDescending(range => range.Last))
        {
            for (var id = Math.Min(last, below - 1); id >= first; id--) yield return (uint)id;
            below = Math.Min(below, first);
        }
    }

    private FileTree Write(long day)
    {
        foreach (var item in _newGroups)
        {
            _group.Add(item.Name, "x", Text(item.GroupId), "");
            if (_gshadow.Find(item.Name) is not null) throw new RoosException($"/etc/gshadow has the group {item.Name} and /etc/group has not");
            _gshadow.Add(item.Name, "!*", "", "");
        }

        foreach (var (group, users) in _configuration.Members)
        {
            if (_group.Find(group) is { } fields) _group.AddMembers(fields, users);
            if (_gshadow.Find(group) is { } shadowFields) _gshadow.AddMembers(shadowFields, users);
        }

        var changed = day.ToString(CultureInfo.InvariantCulture);
        foreach (var item in _newUsers)
        {
            _passwd.Add(item.Name, "x", Text(item.UserId), Text(item.GroupId), item.Description, item.Home ?? "/", item.Shell ?? (item.UserId == 0 ? RootShell() : "/usr/sbin/nologin"));
            if (_shadow.Find(item.Name) is { } old)
            {
                old[2] = changed;
                _shadow.MarkChanged();
            }
            else
            {
                _shadow.Add(item.Name, item.Name == "root" ? "!unprovisioned" : "!*", changed, "", "", "", "", item.IsLocked ? "1" : "", "");
            }
        }

        var builder = _tree.ToBuilder();
        foreach (var file in new[] { _group, _gshadow, _passwd, _shadow }) file.WriteTo(builder);
        return builder.Build();
    }

    private string RootShell() => _tree.Resolve("bin/bash") is not null ? "/bin/bash" : "/bin/sh";

    private static string Text(uint? id) => id!.Value.ToString(CultureInfo.InvariantCulture);
}
