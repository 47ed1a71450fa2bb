using System.Runtime.InteropServices;
using Roos.Core.Bytes;
using Roos.Erofs.Format;

namespace Roos.Erofs.Writing;

/// <summary>
/// A directory's entries ("." and ".." too) in byte order of their names, packed into blocks: in each, the entries and
/// then their names. The kernel searches blocks, then entries, by bisection.
/// </summary>
internal sealed class DirectoryLayout
{
    private readonly (ByteString Name, InodePlan Inode)[] _entries;
    private readonly int[] _firstOfBlock;

    /// <param name="entries">In any order; names are different.</param>
    public DirectoryLayout((ByteString Name, InodePlan Inode)[] entries)
    {
        Array.Sort(entries, (left, right) => left.Name.CompareTo(right.Name));
        _entries = entries;
        var first = new List<int> { 0 };
        var used = 0;
        for (var i = 0; i < entries.Length; i++)
        {
            var size = RawDirent.Size + entries[i].Name.Length;
            if (used + size > ErofsFormat.BlockSize)
            {
                first.Add(i);
                used = 0;
            }

            used += size;
        }

        _firstOfBlock = [.. first];
        Size = (long)(first.Count - 1) * ErofsFormat.BlockSize + used;
    }

    /// <summary>Bytes: whole blocks and as much as is used of the last.</summary>
    public long Size { get; }

    public int Blocks => _firstOfBlock.Length;

    /// <summary>Writes a block, with zeros after what is used.</summary>
    public void WriteBlock(int block, Span<byte> destination)
    {
        destination.Clear();
        var start = _firstOfBlock[block];
        var end = block + 1 < _firstOfBlock.Length ? _firstOfBlock[block + 1] : _entries.Length;
        var nameAt = (end - start) * RawDirent.Size;
        for (var i = start; i < end; i++)
        {
            var (name, inode) = _entries[i];
            var entry = new RawDirent { Nid = (ulong)inode.Nid, NameOffset = (ushort)nameAt, FileType = DirentType.FromMode(inode.Node.Mode) };
            MemoryMarshal.Write(destination[((i - start) * RawDirent.Size)..], entry);
            name.Span.CopyTo(destination[nameAt..]);
            nameAt += name.Length;
        }
    }
}
