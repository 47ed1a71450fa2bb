using System.Globalization;
using System.Text;
using Roos.Core;
using Roos.Core.Bytes;
using Roos.Core.Tree;

namespace Roos.Builder.Steps;

/// <summary>
/// What <c>systemd-tmpfiles --root --boot --create --remove</c> does to an image (mkosi runs it): links, directories and files that
/// packages and the appliance ask for in tmpfiles.d(5), outside of what is made at boot anyway (/run, /tmp, /var, /dev, /proc, /sys).
/// A read-only /etc has to be complete before it is an image.
/// </summary>
/// <remarks>Applied: d, D, q, Q, v, f, f+, F, L, L+, L?, r, R, z (paths without glob characters). Credentials (^) do not exist at build time.</remarks>
public static class TmpFiles
{
    private static readonly string[] MadeAtBoot = ["run", "tmp", "var", "dev", "proc", "sys"];

    public static FileTree Apply(FileTree tree)
    {
        var accounts = Accounts.Read(tree);
        var builder = tree.ToBuilder();
        var current = tree;
        foreach (var line in ReadLines(tree))
        {
            if (!ApplyLine(builder, current, accounts, line)) continue;
            current = builder.Build();
        }

        return current;
    }

    private static IEnumerable<string[]> ReadLines(FileTree tree)
    {
        // By file name over all folders, the first folder wins; a link to /dev/null masks (tmpfiles.d(5)).
        var files = new SortedDictionary<ByteString, FileNode>();
        foreach (var folder in new ByteString[] { "etc/tmpfiles.d", "usr/local/lib/tmpfiles.d", "usr/lib/tmpfiles.d" })
        {
            if (tree.Resolve(folder)?.Node is not DirectoryNode directory) continue;
            foreach (var (name, node) in directory.Entries)
            {
                if (name.EndsWith(".conf"u8)) files.TryAdd(name, node is SymbolicLink ? tree.FindFile(TreePath.Join(folder, name)) ?? node : node);
            }
        }

        foreach (var (name, node) in files)
        {
            if (node is not RegularFile file) continue;
            foreach (var raw in Encoding.UTF8.GetString(file.Content.ToArray()).Split('\n'))
            {
                var text = raw.Trim();
                if (text.Length == 0 || text[0] == '#') continue;
                var fields = text.Split([' ', '\t'], 7, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
                if (fields.Length < 2) throw new RoosException($"tmpfiles.d/{name}: a line has a type and a path at least; found \"{text}\"");
                yield return fields;
            }
        }
    }

    private static bool ApplyLine(FileTreeBuilder builder, FileTree tree, Accounts accounts, string[] fields)
    {
        var type = fields[0];
        if (type.Contains('^', StringComparison.Ordinal)) return false; // its content is a credential of the machine
        var path = fields[1].Trim('"');
        // Specifiers name the running machine (boot ID, host name); %% is a percent sign. Globs are for what is there at boot.
        if (path.Replace("%%", "", StringComparison.Ordinal).Contains('%', StringComparison.Ordinal) || path.AsSpan().IndexOfAny("*?[") >= 0) return false;
        path = path.Replace("%%", "%", StringComparison.Ordinal);
        var names = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        if (!path.StartsWith('/') || names.Length == 0 || names.Contains("..") || MadeAtBoot.Contains(names[0])) return false;

        // Links on the way are followed, the last name is not.
        var parent = names.Length == 1 ? (Path: ByteString.Empty, Node: (FileNode)tree.Root) : tree.Resolve(string.Join('/', names[..^1]));
        if (parent is { Node: not DirectoryNode }) return false;
        var target = TreePath.Join(parent?.Path ?? string.Join('/', names[..^1]), names[^1]);
        var existing = tree.Find(target);
        var argument = fields.Length > 6 ? fields[6].Replace("%%", "%", StringComparison.Ordinal) : "";
        switch (type[0])
        {
            case 'd' or 'D' or 'q' or 'Q' or 'v':
                if (existing is not null and not DirectoryNode) return false;
                builder.SetDirectory(target, Metadata(fields, accounts, existing?.Metadata, 0x1ed));
                return true;
            case 'f' or 'F':
                if (existing is not null && type is not ("f+" or "F")) return false;
                builder.Set(target, new RegularFile(Metadata(fields, accounts, null, 0x1a4), ByteSource.FromMemory(Encoding.UTF8.GetBytes(argument))));
                return true;
            case 'L':
                if (argument is "" or "-") argument = "/usr/share/factory" + path;
                if (type.Contains('?', StringComparison.Ordinal) && tree.Resolve(argument) is null) return false;
                if (existing is not null && (!type.Contains('+', StringComparison.Ordinal) || (existing is SymbolicLink link && link.Target == argument))) return false;
                builder.Set(target, new SymbolicLink(new FileMetadata(0x1ff), argument));
                return true;
            case 'z' when existing is DirectoryNode directory:
                builder.SetDirectory(target, Metadata(fields, accounts, directory.Metadata, 0));
                return true;
            case 'z' when existing is RegularFile file:
                builder.Set(target, new RegularFile(Metadata(fields, accounts, file.Metadata, 0), file.Content));
                return true;
            case 'r' or 'R':
                return existing is not null && (type[0] == 'R' || existing is not DirectoryNode { Entries.Count: > 0 }) && builder.Remove(target);
            default:
                return false;
        }
    }

    private static FileMetadata Metadata(string[] fields, Accounts accounts, FileMetadata? existing, uint defaultMode)
    {
        var result = existing ?? new FileMetadata(defaultMode);
        var (mode, owner, group) = (Field(2), Field(3), Field(4));
        // A colon means: only for what is made now, what is there keeps its own.
        if (mode is not null && Wanted(ref mode))
        {
            var digits = mode.TrimStart('~');
            if (digits.Length is 0 or > 5 || digits.Any(c => c is < '0' or > '7')) throw new RoosException($"tmpfiles.d: \"{mode}\" is no mode in octal digits (for {fields[1]})");
            result = result with { Permissions = Convert.ToUInt32(digits, 8) & 0xfff };
        }

        if (owner is not null && Wanted(ref owner)) result = result with { UserId = Id(owner, accounts.Users, "user") };
        if (group is not null && Wanted(ref group)) result = result with { GroupId = Id(group, accounts.Groups, "group") };
        return result;

        string? Field(int index) => fields.Length > index && fields[index] != "-" ? fields[index] : null;

        bool Wanted(ref string value)
        {
            if (!value.StartsWith(':')) return true;
            value = value[1..];
            return existing is null;
        }

        uint Id(string name, IReadOnlyDictionary<string, uint> known, string kind) =>
            known.TryGetValue(name, out var id) || uint.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out id)
                ? id
                : throw new RoosException($"tmpfiles.d: the {kind} {name} (for {fields[1]}) is not in the image");
    }

    private sealed record Accounts(IReadOnlyDictionary<string, uint> Users, IReadOnlyDictionary<string, uint> Groups)
    {
        public static Accounts Read(FileTree tree) => new(ReadIds(tree, "etc/passwd"), ReadIds(tree, "etc/group"));

        private static Dictionary<string, uint> ReadIds(FileTree tree, string path)
        {
            var result = new Dictionary<string, uint>(StringComparer.Ordinal);
            if (tree.FindFile(path) is not { } file) return result;
            foreach (var line in Encoding.UTF8.GetString(file.Content.ToArray()).Split('\n'))
            {
                var fields = line.Split(':');
                if (fields.Length > 2 && uint.TryParse(fields[2], NumberStyles.None, CultureInfo.InvariantCulture, out var id)) result.TryAdd(fields[0], id);
            }

            return result;
        }
    }
}
