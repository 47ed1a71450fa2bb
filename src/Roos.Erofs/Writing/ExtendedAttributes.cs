using System.Runtime.InteropServices;
using Roos.Core;
using Roos.Core.Bytes;
using Roos.Core.Tree;
using Roos.Erofs.Format;

namespace Roos.Erofs.Writing;

/// <summary>Inline extended attributes: a header, then entries in byte order of their full names, each padded to 4 bytes.</summary>
internal static class ExtendedAttributes
{
    /// <summary>The largest body that <c>i_xattr_icount</c> can count.</summary>
    private const int MaximumSize = RawXattrHeader.Size + (ushort.MaxValue - 1) * 4;

    /// <summary>Bytes of the inode's attributes with their header; 0 for none.</summary>
    /// <exception cref="RoosException">One that EroFS cannot hold.</exception>
    public static int Measure(InodePlan inode)
    {
        if (inode.Node.Metadata.ExtendedAttributes.IsEmpty) return 0;
        long size = RawXattrHeader.Size;
        foreach (var (name, value) in inode.Node.Metadata.ExtendedAttributes)
        {
            if (!XattrNamespace.TrySplit(name.Span, out _, out var prefix))
            {
                throw new RoosException($"{inode.Path}: EroFS holds extended attributes of user., trusted., security. and POSIX ACLs only; found \"{name}\": remove it from the tree");
            }

            if (name.Length - prefix > byte.MaxValue) throw new RoosException($"{inode.Path}: the name of an extended attribute has at most 255 bytes after its prefix; \"{name}\" has {name.Length - prefix}");
            if (name.Span.Contains((byte)0)) throw new RoosException($"{inode.Path}: the name of an extended attribute cannot contain a NUL byte: \"{name}\"");
            if (value.Length > ushort.MaxValue) throw new RoosException($"{inode.Path}: the value of an extended attribute has at most 65535 bytes; that of \"{name}\" has {value.Length}");
            size += EntrySize(name, prefix, value);
        }

        if (size > MaximumSize) throw new RoosException($"{inode.Path}: extended attributes of one inode take at most {MaximumSize} bytes in EroFS; these take {size}");
        return (int)size;
    }

    public static void Write(FileMetadata metadata, Span<byte> destination)
    {
        destination.Clear(); // header: no shared attributes
        var at = RawXattrHeader.Size;
        foreach (var (name, value) in metadata.ExtendedAttributes)
        {
            _ = XattrNamespace.TrySplit(name.Span, out var index, out var prefix);
            var entry = new RawXattrEntry { NameLength = (byte)(name.Length - prefix), NameIndex = index, ValueSize = (ushort)value.Length };
            MemoryMarshal.Write(destination[at..], entry);
            name.Span[prefix..].CopyTo(destination[(at + RawXattrEntry.Size)..]);
            value.Span.CopyTo(destination[(at + RawXattrEntry.Size + name.Length - prefix)..]);
            at += EntrySize(name, prefix, value);
        }
    }

    private static int EntrySize(ByteString name, int prefix, ByteString value) =>
        (int)ErofsFormat.AlignUp(RawXattrEntry.Size + name.Length - prefix + value.Length, 4);
}
