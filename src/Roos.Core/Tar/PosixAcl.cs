using System.Buffers.Binary;
using System.Buffers.Text;
using Roos.Core.Bytes;

namespace Roos.Core.Tar;

/// <summary>
/// POSIX ACLs from the text in tars (acl_to_text(3), and star's form with the id in a fourth field) to the value of
/// system.posix_acl_access and system.posix_acl_default (<c>struct posix_acl_xattr_header</c> in the kernel's posix_acl_xattr.h).
/// </summary>
internal static class PosixAcl
{
    private const uint Version = 2, NoId = 0xffffffff;

    private enum Tag : ushort
    {
        Owner = 1, // ACL_USER_OBJ
        User = 2,
        OwningGroup = 4, // ACL_GROUP_OBJ
        Group = 8,
        Mask = 0x10,
        Other = 0x20,
    }

    /// <summary>
    /// The value of the attribute, and the permission bits (0 to 0777) that setting an access ACL gives a file: the group's are
    /// the mask where there is one. The value is empty where the ACL says no more than those bits do (only owner, group and
    /// other): the kernel stores none then.
    /// </summary>
    /// <param name="text">Entries separated by newlines or commas; "#" begins a comment.</param>
    /// <param name="isDefault">A default ACL is kept even when it is minimal.</param>
    /// <param name="userId">Id of a user name, or null where it is unknown; <paramref name="groupId"/> likewise.</param>
    /// <param name="groupId">See <paramref name="userId"/>.</param>
    /// <param name="place">For messages.</param>
    public static (ByteString Value, uint Permissions) Parse(ByteString text, bool isDefault, Func<ByteString, uint?> userId, Func<ByteString, uint?> groupId, TarPlace place)
    {
        var entries = new SortedSet<(Tag Tag, uint Id, ushort Permissions)>();
        var rest = text.Span;
        while (!rest.IsEmpty)
        {
            var end = rest.IndexOfAny((byte)'\n', (byte)',');
            var line = end < 0 ? rest : rest[..end];
            rest = end < 0 ? default : rest[(end + 1)..];
            var comment = line.IndexOf((byte)'#');
            line = (comment < 0 ? line : line[..comment]).Trim(" \t\r"u8);
            if (!line.IsEmpty) entries.Add(ParseEntry(new ByteString(line), userId, groupId, place));
        }

        var mask = entries.Any(entry => entry.Tag == Tag.Mask) ? Tag.Mask : Tag.OwningGroup;
        uint permissions = 0;
        foreach (var entry in entries) permissions |= entry.Tag == Tag.Owner ? entry.Permissions * 64u : entry.Tag == mask ? entry.Permissions * 8u : entry.Tag == Tag.Other ? entry.Permissions : 0u;
        if (entries.Count == 0 || (!isDefault && entries.All(entry => entry.Tag is Tag.Owner or Tag.OwningGroup or Tag.Other))) return (default, permissions);
        var result = new byte[4 + (8 * entries.Count)];
        BinaryPrimitives.WriteUInt32LittleEndian(result, Version);
        var at = 4;
        foreach (var (tag, id, bits) in entries)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(result.AsSpan(at), (ushort)tag);
            BinaryPrimitives.WriteUInt16LittleEndian(result.AsSpan(at + 2), bits);
            BinaryPrimitives.WriteUInt32LittleEndian(result.AsSpan(at + 4), id);
            at += 8;
        }

        return (new ByteString(result), permissions);
    }

    private static (Tag Tag, uint Id, ushort Permissions) ParseEntry(
        ByteString line, Func<ByteString, uint?> userId, Func<ByteString, uint?> groupId, TarPlace place)
    {
        var fields = Fields(line);
        if (fields is [var first, ..] && (first.Equals("default"u8) || first.Equals("d"u8))) fields = fields[1..];
        if (fields.Count < 2) throw Bad(line, place);
        var type = fields[0];
        if (fields.Count == 2 && IsOneOf(type, "mask"u8, "other"u8)) fields.Insert(1, default); // "other:r--" is allowed
        if (fields.Count is < 3 or > 4) throw Bad(line, place);
        var qualifier = fields[1];
        var permissions = ParsePermissions(fields[2], line, place);
        if (IsOneOf(type, "user"u8, "u"u8)) return qualifier.IsEmpty ? (Tag.Owner, NoId, permissions) : (Tag.User, Id(userId, "user"), permissions);
        if (IsOneOf(type, "group"u8, "g"u8)) return qualifier.IsEmpty ? (Tag.OwningGroup, NoId, permissions) : (Tag.Group, Id(groupId, "group"), permissions);
        if (qualifier.IsEmpty && IsOneOf(type, "mask"u8, "m"u8)) return (Tag.Mask, NoId, permissions);
        if (qualifier.IsEmpty && IsOneOf(type, "other"u8, "o"u8)) return (Tag.Other, NoId, permissions);
        throw Bad(line, place);

        uint Id(Func<ByteString, uint?> lookUp, string what)
        {
            if (fields.Count == 4 && TryNumber(fields[3], out var id)) return id;
            if (TryNumber(qualifier, out id)) return id;
            return lookUp(qualifier) ?? throw place.Damaged(
                $"its ACL names the {what} \"{qualifier}\", whom the archive's own /etc does not know; make the archive in the tree (chroot), or with --xattrs-include=* and without --acls");
        }
    }

    private static bool IsOneOf(ByteString type, ReadOnlySpan<byte> name, ReadOnlySpan<byte> otherName) => type.Equals(name) || type.Equals(otherName);

    private static bool TryNumber(ByteString text, out uint number) => Utf8Parser.TryParse(text.Span, out number, out var used) && used == text.Length;

    private static ushort ParsePermissions(ByteString text, ByteString line, TarPlace place)
    {
        ushort result = 0;
        foreach (var letter in text.Span)
        {
            result |= letter switch
            {
                (byte)'r' => 4,
                (byte)'w' => 2,
                (byte)'x' => 1,
                (byte)'-' => 0,
                _ => throw Bad(line, place),
            };
        }

        return result;
    }

    private static DamagedInputException Bad(ByteString line, TarPlace place) =>
        place.Damaged($"\"{line}\" is not an entry of an ACL (as \"user:1000:rw-\" is)");

    private static List<ByteString> Fields(ByteString line)
    {
        var result = new List<ByteString>();
        var rest = line.Span;
        for (var colon = rest.IndexOf((byte)':'); colon >= 0; colon = rest.IndexOf((byte)':'))
        {
            result.Add(new ByteString(rest[..colon]));
            rest = rest[(colon + 1)..];
        }

        result.Add(new ByteString(rest));
        return result;
    }
}
