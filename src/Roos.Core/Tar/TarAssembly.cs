using System.Buffers.Text;
using Roos.Core.Bytes;
using Roos.Core.Tree;

namespace Roos.Core.Tar;

/// <summary>Makes a tree from the members of an archive.</summary>
internal sealed class TarAssembly(IReadOnlyList<TarMember> members, TarReadOptions options)
{
    private readonly FileTreeBuilder _tree = new();
    private readonly Lazy<Dictionary<ByteString, uint>> _users = new(() => ReadIds(members, "etc/passwd"));
    private readonly Lazy<Dictionary<ByteString, uint>> _groups = new(() => ReadIds(members, "etc/group"));
    private ByteString _parent;
    private long _entries;

    public FileTree Build()
    {
        foreach (var member in members)
        {
            Count(member);
            if (member.Kind == TarMemberKind.Directory) PutDirectory(member);
            else PutFile(member);
        }

        return _tree.Build();
    }

    private void PutDirectory(TarMember member)
    {
        try
        {
            _tree.SetDirectory(member.Path, Metadata(member));
        }
        catch (RoosException e) when (e is not DamagedInputException)
        {
            throw Blocked(member, member.Path, e);
        }
    }

    private void PutFile(TarMember member)
    {
        if (member.Path.IsEmpty) throw member.Place.Damaged("the root of an archive must be a directory");
        if (_tree.IsDirectory(member.Path) && _tree.Find(member.Path) is DirectoryNode { Entries.IsEmpty: false })
        {
            throw member.Place.Damaged("it would replace a directory of the archive that has entries");
        }

        var node = member.Kind == TarMemberKind.HardLink ? LinkTarget(member) : NodeOf(member);
        try
        {
            _tree.Set(member.Path, node);
        }
        catch (RoosException e) when (e is not DamagedInputException)
        {
            throw Blocked(member, member.Path, e);
        }
    }

    private FileNode NodeOf(TarMember member)
    {
        var metadata = Metadata(member);
        return member.Kind switch
        {
            TarMemberKind.RegularFile => new RegularFile(metadata, member.Content),
            TarMemberKind.SymbolicLink => new SymbolicLink(metadata, member.LinkTarget),
            TarMemberKind.CharacterDevice => new DeviceNode(metadata, isBlockDevice: false, member.DeviceMajor, member.DeviceMinor),
            TarMemberKind.BlockDevice => new DeviceNode(metadata, isBlockDevice: true, member.DeviceMajor, member.DeviceMinor),
            _ => new FifoNode(metadata),
        };
    }

    /// <summary>The inode that a hard link is another name of. The link's own metadata says nothing that counts.</summary>
    private FileNode LinkTarget(TarMember member)
    {
        if (_tree.IsDirectory(member.LinkTarget)) throw member.Place.Damaged($"it is a hard link to \"{member.LinkTarget}\", which is a directory");
        return _tree.Find(member.LinkTarget) ?? throw member.Place.Damaged($"it is a hard link to \"{member.LinkTarget}\", which does not come before it in the archive");
    }

    private FileMetadata Metadata(TarMember member)
    {
        var result = member.Metadata;
        if (Parse("system.posix_acl_access", member.AccessAcl) is var (access, permissions))
        {
            result = With("system.posix_acl_access", access) with { Permissions = (result.Permissions & ~0x1ffu) | permissions };
        }

        if (Parse("system.posix_acl_default", member.DefaultAcl) is var (entries, _)) result = With("system.posix_acl_default", entries);
        return result;

        // An attribute stored raw as well is the same, and exact.
        (ByteString Value, uint Permissions)? Parse(ByteString name, ByteString? text) => text is null || result.ExtendedAttributes.ContainsKey(name)
            ? null
            : PosixAcl.Parse(text.Value, name.EndsWith("default"u8), user => IdOf(_users, user), group => IdOf(_groups, group), member.Place);

        FileMetadata With(ByteString name, ByteString value) => value.IsEmpty ? result : result with { ExtendedAttributes = result.ExtendedAttributes.Add(name, value) };
    }

    private static uint? IdOf(Lazy<Dictionary<ByteString, uint>> ids, ByteString name) =>
        name.Equals("root"u8) ? 0 : ids.Value.TryGetValue(name, out var id) ? id : null;

    /// <summary>Implied directories are entries too: a long path in a small header must not cost unbounded memory.</summary>
    private void Count(TarMember member)
    {
        var slash = member.Path.Span.LastIndexOf((byte)'/');
        var parent = slash < 0 ? ByteString.Empty : new ByteString(member.Path.Span[..slash]);
        _entries++;
        if (parent != _parent && !_tree.IsDirectory(parent)) _entries += TreePath.Split(parent).Count;
        _parent = parent;
        if (_entries > options.MaximumEntries) throw member.Place.Damaged($"the archive has more than {options.MaximumEntries} entries");
    }

    private DamagedInputException Blocked(TarMember member, ByteString path, RoosException cause)
    {
        var prefix = ByteString.Empty;
        foreach (var name in TreePath.Split(path))
        {
            prefix = TreePath.Join(prefix, name);
            if (_tree.IsDirectory(prefix)) continue;
            if (_tree.Find(prefix) is SymbolicLink link)
            {
                return member.Place.Damaged($"its path leads through \"{prefix}\", which is a symbolic link of the archive (to \"{link.Target}\")");
            }

            break;
        }

        return new DamagedInputException(member.Place.Damaged(cause.Message).Message, cause);
    }

    /// <summary>Names to ids from the archive's own passwd or group file ("name:x:id:…").</summary>
    private static Dictionary<ByteString, uint> ReadIds(IReadOnlyList<TarMember> members, ByteString path)
    {
        var result = new Dictionary<ByteString, uint>();
        var file = members.LastOrDefault(member => member.Kind == TarMemberKind.RegularFile && member.Path == path && member.Content.Length < 1 << 20);
        if (file is null) return result;
        foreach (var range in SplitLines(file.Content.ToArray()))
        {
            var line = range.Span;
            var name = line.IndexOf((byte)':');
            if (name <= 0) continue;
            var password = line[(name + 1)..].IndexOf((byte)':');
            if (password < 0) continue;
            if (Utf8Parser.TryParse(line[(name + password + 2)..], out uint id, out _)) result.TryAdd(new ByteString(line[..name]), id);
        }

        return result;

        static IEnumerable<ReadOnlyMemory<byte>> SplitLines(byte[] text)
        {
            var start = 0;
            for (var i = 0; i <= text.Length; i++)
            {
                if (i < text.Length && text[i] != '\n') continue;
                yield return text.AsMemory(start, i - start);
                start = i + 1;
            }
        }
    }
}
