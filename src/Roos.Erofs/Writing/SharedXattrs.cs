using System.Runtime.InteropServices;
using Roos.Core.Bytes;
using Roos.Erofs.Format;

namespace Roos.Erofs.Writing;

/// <summary>
/// Extended attributes that several inodes have with the same value, stored once after the inodes; each inode has their numbers
/// (offset / 4 from the superblock's <c>xattr_blkaddr</c>) before its own.
/// </summary>
internal sealed class SharedXattrs
{
    private const int IdSize = 4;

    private readonly Dictionary<(ByteString Name, ByteString Value), long> _offsets = [];
    private readonly List<(ByteString Name, ByteString Value)> _entries = [];

    /// <summary>Bytes of all shared attributes.</summary>
    public long Size { get; private set; }

    /// <summary>Byte of the image at which they begin, a multiple of 4.</summary>
    public long Start { get; set; }

    /// <summary>The block from which their numbers count.</summary>
    public uint FirstBlock => Size == 0 ? 0 : (uint)(Start / ErofsFormat.BlockSize);

    /// <summary>Shares what is shorter that way, in the order in which the inodes have it.</summary>
    public static SharedXattrs Find(IReadOnlyList<InodePlan> inodes)
    {
        var counts = new Dictionary<(ByteString, ByteString), int>();
        foreach (var inode in inodes)
        {
            foreach (var (name, value) in inode.Node.Metadata.ExtendedAttributes) CollectionsMarshal.GetValueRefOrAddDefault(counts, (name, value), out _)++;
        }

        var result = new SharedXattrs();
        foreach (var inode in inodes)
        {
            foreach (var (name, value) in inode.Node.Metadata.ExtendedAttributes)
            {
                long count = counts[(name, value)], size = ExtendedAttributes.EntrySize(name, value);
                if (size + count * IdSize < count * size) result.Add(name, value, size);
            }
        }

        return result;
    }

    public bool Contains(ByteString name, ByteString value) => _offsets.ContainsKey((name, value));

    public uint IdOf(ByteString name, ByteString value) => (uint)((Start - (long)FirstBlock * ErofsFormat.BlockSize + _offsets[(name, value)]) / IdSize);

    public void Write(BlockWriter output)
    {
        foreach (var (name, value) in _entries)
        {
            var entry = new byte[ExtendedAttributes.EntrySize(name, value)];
            ExtendedAttributes.WriteEntry(name, value, entry);
            output.Write(entry);
        }
    }

    private void Add(ByteString name, ByteString value, long size)
    {
        if (!_offsets.TryAdd((name, value), Size)) return;
        _entries.Add((name, value));
        Size += size;
    }
}
