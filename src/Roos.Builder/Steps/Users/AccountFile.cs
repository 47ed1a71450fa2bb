using System.Globalization;
using System.Text;
using Roos.Core;
using Roos.Core.Bytes;
using Roos.Core.Tree;

namespace Roos.Builder.Steps.Users;

/// <summary>One of /etc/passwd, group, shadow, gshadow: lines of fields between colons. NIS lines (<c>+</c>, <c>-</c>) stay at the end.</summary>
internal sealed class AccountFile
{
    private readonly List<string[]> _entries = [];
    private readonly FileMetadata _metadata;

    private AccountFile(string path, FileMetadata metadata)
    {
        Path = path;
        _metadata = metadata;
    }

    public string Path { get; }

    public bool IsChanged { get; private set; }

    public IReadOnlyList<string[]> Entries => _entries;

    /// <exception cref="RoosException">A line has no name, or an id that is none.</exception>
    public static AccountFile Read(FileTree tree, string path, uint newPermissions)
    {
        var file = tree.FindFile(path);
        var result = new AccountFile(path, file?.Metadata ?? new FileMetadata(newPermissions));
        if (file is null) return result;
        var number = 0;
        foreach (var line in ConfigurationFiles.Text(file).Split('\n'))
        {
            number++;
            if (line.Length == 0) continue;
            var fields = line.Split(':');
            if (fields.Length < 3 || fields[0].Length == 0) throw new RoosException($"/{path}:{number}: a line has a name and at least two more fields between colons; found \"{line}\"");
            result._entries.Add(fields);
        }

        return result;
    }

    public string[]? Find(string name) => _entries.Find(fields => fields[0] == name);

    /// <summary>The id in the third field, which passwd and group have.</summary>
    public uint IdOf(string[] fields) => uint.TryParse(fields[2], NumberStyles.None, CultureInfo.InvariantCulture, out var id)
        ? id
        : throw new RoosException($"/{Path}: the third field of \"{fields[0]}\" must be a number; found \"{fields[2]}\"");

    public string? NameOf(uint id) => _entries.Find(fields => fields[0][0] is not ('+' or '-') && IdOf(fields) == id)?[0];

    public void Add(params string[] fields)
    {
        var at = _entries.FindIndex(entry => entry[0][0] is '+' or '-');
        _entries.Insert(at < 0 ? _entries.Count : at, fields);
        IsChanged = true;
    }

    public void MarkChanged() => IsChanged = true;

    /// <summary>Adds members to the last field, which is then sorted; as it was where all are members already.</summary>
    public void AddMembers(string[] fields, IEnumerable<string> users)
    {
        var members = fields[^1].Split(',', StringSplitOptions.RemoveEmptyEntries);
        var all = members.Union(users, StringComparer.Ordinal).ToList();
        if (all.Count == members.Length) return;
        all.Sort(StringComparer.Ordinal);
        fields[^1] = string.Join(',', all);
        IsChanged = true;
    }

    public void WriteTo(FileTreeBuilder builder)
    {
        if (!IsChanged) return;
        var text = string.Concat(_entries.Select(fields => string.Join(':', fields) + "\n"));
        builder.Set(Path, new RegularFile(_metadata, ByteSource.FromMemory(Encoding.UTF8.GetBytes(text))));
    }
}
