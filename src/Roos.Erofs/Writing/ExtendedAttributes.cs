using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Roos.Core;
using Roos.Core.Bytes;
using Roos.Core.Tree;
using Roos.Erofs.Format;

namespace Roos.Erofs.Writing;

/// <summary>
/// An inode's extended attributes: a header, the numbers of shared ones, then entries in byte order of their full names, each
/// padded to 4 bytes.
/// </summary>
internal static class ExtendedAttributes
{
    private const int IdSize = 4, MostShared = byte.MaxValue;

    /// <summary>The largest body that <c>i_xattr_icount</c> can count.</summary>
    private const int MaximumSize = RawXattrHeader.Size + (ushort.MaxValue - 1) * 4;

    /// <summary>Refuses what EroFS cannot hold.</summary>
    /// <exception cref="RoosException">An attribute of the inode is out of the format's range.</exception>
    public static void Check(InodePlan inode)
    {
        foreach (var (name, value) in inode.Node.Metadata.ExtendedAttributes)
        {
            if (!XattrNamespace.TrySplit(name.Span, out _, out var prefix))
            {
                throw new RoosException($"{inode.Path}: EroFS holds extended attributes of user., trusted., security. and POSIX ACLs only; found \"{name}\": remove it from the tree");
            }

            if (name.Length - prefix > byte.MaxValue) throw new RoosException($"{inode.Path}: the name of an extended attribute has at most 255 bytes after its prefix; \"{name}\" has {name.Length - prefix}");
            if (name.Span.Contains((byte)0)) throw new RoosException($"{inode.Path}: the name of an extended attribute cannot contain a NUL byte: \"{name}\"");
            if (value.Length > ushort.MaxValue) throw new RoosException($"{inode.Path}: the value of an extended attribute has at most 65535 bytes; that of \"{name}\" has {value.Length}");
        }
    }

    /// <summary>Bytes of the inode's attributes with their header; 0 for none.</summary>
    /// <exception cref="RoosException">They are too many for one inode.</exception>
    public static int Measure(InodePlan inode, SharedXattrs shared)
    {
        if (inode.Node.Metadata.ExtendedAttributes.IsEmpty) return 0;
        long size = RawXattrHeader.Size;
        var numbers = 0;
        foreach (var (name, value) in inode.Node.Metadata.ExtendedAttributes) size += IsShared(name, value, shared, ref numbers) ? IdSize : EntrySize(name, value);
        if (size > MaximumSize) throw new RoosException($"{inode.Path}: extended attributes of one inode take at most {MaximumSize} bytes in EroFS; these take {size}");
        return (int)size;
    }

    public static void Write(FileMetadata metadata, SharedXattrs shared, Span<byte> destination)
    {
        destination.Clear();
        var numbers = 0;
        var at = RawXattrHeader.Size;
        foreach (var (name, value) in metadata.ExtendedAttributes)
        {
            if (!IsShared(name, value, shared, ref numbers)) continue;
            BinaryPrimitives.WriteUInt32LittleEndian(destination[at..], shared.IdOf(name, value));
            at += IdSize;
        }

        MemoryMarshal.Write(destination, new RawXattrHeader { SharedCount = (byte)numbers });
        numbers = 0;
        foreach (var (name, value) in metadata.ExtendedAttributes)
        {
            if (IsShared(name, value, shared, ref numbers)) continue;
            WriteEntry(name, value, destination[at..]);
            at += EntrySize(name, value);
        }
    }

    /// <summary>Bytes of an attribute that <see cref="Check"/> has let through.</summary>
    public static int EntrySize(ByteString name, ByteString value)
    {
        _ = XattrNamespace.TrySplit(name.Span, out _, out var prefix);
        return (int)ErofsFormat.AlignUp(RawXattrEntry.Size + name.Length - prefix + value.Length, 4);
    }

    /// <summary>Writes an attribute into bytes that are zero.</summary>
    public static void WriteEntry(ByteString name, ByteString value, Span<byte> destination)
    {
        _ = XattrNamespace.TrySplit(name.Span, out var index, out var prefix);
        var entry = new RawXattrEntry { NameLength = (byte)(name.Length - prefix), NameIndex = index, ValueSize = (ushort)value.Length };
        MemoryMarshal.Write(destination, entry);
        name.Span[prefix..].CopyTo(destination[RawXattrEntry.Size..]);
        value.Span.CopyTo(destination[(RawXattrEntry.Size + name.Length - prefix)..]);
    }

    /// <summary>The number of shared attributes of an inode has 8 bits; what is beyond is its own.</summary>
    private static bool IsShared(ByteString name, ByteString value, SharedXattrs shared, ref int numbers)
    {
        if (numbers == MostShared || !shared.Contains(name, value)) return false;
        numbers++;
        return true;
    }
}
