using System.Globalization;
using System.Text;
using Roos.Core;
using Roos.Core.Tree;

namespace Roos.Builder.Steps.Users;

/// <summary>What the sysusers.d(5) files of a tree ask for, in order.</summary>
internal sealed class SystemUserConfiguration
{
    // SYSTEM_UID_MAX and SYSTEM_ALLOC_UID_MIN of Debian's systemd, which login.defs may narrow.
    private const uint DefaultMaximum = 999, DefaultMinimum = 100;

    private readonly List<SystemUserItem> _users = [];
    private readonly List<SystemUserItem> _groups = [];
    private readonly List<(string Group, List<string> Users)> _members = [];
    private readonly List<(uint First, uint Last)> _ranges = [];

    public IReadOnlyList<SystemUserItem> Users => _users;

    public IReadOnlyList<SystemUserItem> Groups => _groups;

    /// <summary>Groups with the users that are to be their members.</summary>
    public IReadOnlyList<(string Group, List<string> Users)> Members => _members;

    /// <summary>Where free ids are looked for, from the highest down.</summary>
    public IReadOnlyList<(uint First, uint Last)> Ranges => _ranges;

    /// <exception cref="RoosException">A line is not as sysusers.d(5) says.</exception>
    public static SystemUserConfiguration Read(FileTree tree)
    {
        var result = new SystemUserConfiguration();
        foreach (var line in ConfigurationFiles.Lines(tree, "sysusers.d", ".conf")) result.AddLine(tree, line);
        if (result._ranges.Count == 0) result._ranges.Add(DefaultRange(tree));
        result.AddImplicit();
        return result;
    }

    private void AddLine(FileTree tree, ConfigurationLine line)
    {
        var fields = QuotedWords.Split(line.Text, line.Place);
        if (fields.Count is < 2 or > 6) throw Wrong("must have two to six columns");
        var type = fields[0];
        var locked = type == "u!";
        if (!locked && type is not ("u" or "g" or "m" or "r")) throw Wrong($"must begin with u, u!, g, m or r, not \"{type}\"");
        var name = Field(1);
        var id = Field(2);
        var description = Field(3);
        var home = Field(4);
        var shell = Field(5);
        if (name is not null && !IsName(name)) throw Wrong($"must name a user or group; \"{name}\" is no name");
        if (type is not ("u" or "u!") && (description ?? home ?? shell) is not null) throw Wrong($"of type {type} takes three columns");
        if (description?.AsSpan().IndexOfAny(":\n") >= 0) throw Wrong($"cannot have a colon in its description \"{description}\"");

        switch (type[0])
        {
            case 'r':
                if (name is not null || id is null) throw Wrong("of type r takes a range and no name");
                var bounds = id.Split('-');
                if (bounds.Length > 2 || !TryId(bounds[0], out var first) || !TryId(bounds[^1], out var last) || last < first) throw Wrong($"must have a range like 500-900, not \"{id}\"");
                _ranges.Add((first, last));
                return;
            case 'm':
                if (name is null || id is null || !IsName(id)) throw Wrong("of type m takes a user and a group");
                AddMember(name, id);
                return;
            case 'g':
                if (name is null) throw Wrong("of type g takes a name");
                Add(_groups, new SystemUserItem { Name = name, IsUser = false, Place = line.Place, GroupId = Number(id), IdPath = PathOf(id) });
                return;
            default:
                if (name is null) throw Wrong("of type u takes a name");
                var pair = id is not null && !id.StartsWith('/') ? id.Split(':', 2) : [id ?? "-"];
                var group = pair.Length == 2 ? pair[1] : null;
                uint? groupId = group is not null && TryId(group, out var number) ? number : null;
                if (group is not null && groupId is null && !IsName(group)) throw Wrong($"must name a group after the colon, not \"{group}\"");
                Add(_users, new SystemUserItem
                {
                    Name = name,
                    IsUser = true,
                    Place = line.Place,
                    UserId = pair[0] == "-" ? null : Number(pair[0]),
                    GroupId = groupId,
                    GroupName = groupId is null ? group : null,
                    GroupMustExist = groupId is not null,
                    IdPath = PathOf(id),
                    Description = description ?? "",
                    Home = home,
                    Shell = shell,
                    IsLocked = locked,
                });
                return;
        }

        string? Field(int index) => fields.Count > index && fields[index] is not ("" or "-") ? TreeSpecifiers.Expand(tree, fields[index], line.Place) : null;

        static string? PathOf(string? text) => text?.StartsWith('/') == true ? text : null;

        uint? Number(string? text)
        {
            if (text is null || text.StartsWith('/')) return null;
            return TryId(text, out var value) ? value : throw Wrong($"must have an id, a path or - in its third column, not \"{text}\"");
        }

        RoosException Wrong(string rule) => new($"{line.Place}: a line of sysusers.d {rule}: \"{line.Text}\"");
    }

    private static void Add(List<SystemUserItem> items, SystemUserItem item)
    {
        // The first one counts; systemd warns about another that differs and goes on.
        if (!items.Exists(other => other.Name == item.Name)) items.Add(item);
    }

    private void AddMember(string user, string group)
    {
        var at = _members.FindIndex(entry => entry.Group == group);
        if (at < 0) _members.Add((group, [user]));
        else if (!_members[at].Users.Contains(user)) _members[at].Users.Add(user);
    }

    /// <summary>Users and groups that only an m line names.</summary>
    private void AddImplicit()
    {
        foreach (var (group, users) in _members)
        {
            foreach (var user in users)
            {
                if (!_users.Exists(item => item.Name == user)) _users.Add(new SystemUserItem { Name = user, IsUser = true });
            }

            if (!_users.Exists(item => item.Name == group) && !_groups.Exists(item => item.Name == group)) _groups.Add(new SystemUserItem { Name = group, IsUser = false });
        }
    }

    private static (uint First, uint Last) DefaultRange(FileTree tree)
    {
        var (minimum, userMaximum, groupMaximum) = (DefaultMinimum, DefaultMaximum, DefaultMaximum);
        if (tree.FindFile("etc/login.defs") is { } file)
        {
            foreach (var line in ConfigurationFiles.Text(file).Split('\n'))
            {
                var words = line.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
                if (words.Length < 2 || !TryId(words[1], out var value)) continue;
                if (words[0] == "SYS_UID_MIN") minimum = value;
                else if (words[0] == "SYS_UID_MAX") userMaximum = value;
                else if (words[0] == "SYS_GID_MAX") groupMaximum = value;
            }
        }

        return (minimum, Math.Min(DefaultMaximum, Math.Min(userMaximum, groupMaximum)));
    }

    private static bool TryId(string text, out uint id) =>
        uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out id) && id is not (65535 or uint.MaxValue);

    /// <summary>The strict names of <c>valid_user_group_name()</c>: at most 31 bytes, letters, digits, _ and -, no digit first.</summary>
    private static bool IsName(string name) =>
        Encoding.UTF8.GetByteCount(name) is > 0 and <= 31 && (char.IsAsciiLetter(name[0]) || name[0] == '_')
        && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-');
}
