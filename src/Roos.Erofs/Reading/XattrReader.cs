using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Roos.Core;
using Roos.Core.Bytes;
using Roos.Erofs.Format;

namespace Roos.Erofs.Reading;

/// <summary>Reads extended attributes: inline, shared between inodes, and with the image's own prefixes.</summary>
internal sealed class XattrReader
{
    private readonly ImageBytes _image;
    private readonly ErofsSuperblock _superblock;
    private readonly List<byte[]> _prefixes = [];
    private readonly Dictionary<uint, (ByteString Name, ByteString Value)> _shared = [];
    private long _bytesLeft;

    public XattrReader(ImageBytes image, ErofsSuperblock superblock, ContentReader content)
    {
        _image = image;
        _superblock = superblock;
        // Attributes of a sound image do not overlap, so all of them together are no more than the image.
        _bytesLeft = image.Length;
        if (superblock.Has(IncompatibleFeatures.XattrPrefixes)) ReadPrefixes(PrefixTable(content.Packed));
    }

    public ImmutableSortedDictionary<ByteString, ByteString> Read(StoredInode inode)
    {
        if (inode.XattrSize == 0) return ImmutableSortedDictionary<ByteString, ByteString>.Empty;
        Take(inode.XattrSize, inode.ToString());
        var body = new byte[inode.XattrSize];
        _image.Read(inode.XattrStart, body, $"the xattrs of {inode}");
        var shared = MemoryMarshal.Read<RawXattrHeader>(body).SharedCount;
        var at = RawXattrHeader.Size + shared * 4;
        if (at > body.Length) throw new DamagedInputException($"damaged EroFS image: {inode} has {shared} shared xattrs, more than its {body.Length} bytes of xattrs hold");
        var result = ImmutableSortedDictionary.CreateBuilder<ByteString, ByteString>();
        for (var i = 0; i < shared; i++)
        {
            var (name, value) = ReadShared(BinaryPrimitives.ReadUInt32LittleEndian(body.AsSpan(RawXattrHeader.Size + i * 4)));
            Add(result, name, value, inode);
        }

        while (at < body.Length)
        {
            var entry = MemoryMarshal.Read<RawXattrEntry>(body.AsSpan(at));
            var size = RawXattrEntry.Size + entry.NameLength + entry.ValueSize;
            if (size > body.Length - at) throw new DamagedInputException($"damaged EroFS image: an xattr of {inode} goes beyond its {body.Length} bytes of xattrs");
            var (name, value) = Split(entry, body.AsSpan(at + RawXattrEntry.Size, size - RawXattrEntry.Size), inode.ToString());
            Add(result, name, value, inode);
            at = (int)ErofsFormat.AlignUp(at + size, 4);
        }

        return result.ToImmutable();
    }

    private static void Add(ImmutableSortedDictionary<ByteString, ByteString>.Builder result, ByteString name, ByteString value, StoredInode inode)
    {
        if (!result.TryAdd(name, value)) throw new DamagedInputException($"damaged EroFS image: {inode} has the xattr \"{name}\" twice");
    }

    private (ByteString Name, ByteString Value) ReadShared(uint id)
    {
        if (_shared.TryGetValue(id, out var known)) return known;
        var what = $"shared xattr {id}";
        var at = _superblock.SharedXattrStart + id * 4L;
        var entry = _image.Read<RawXattrEntry>(at, what);
        var rest = new byte[entry.NameLength + entry.ValueSize];
        Take(rest.Length, what);
        _image.Read(at + RawXattrEntry.Size, rest, what);
        return _shared[id] = Split(entry, rest, what);
    }

    private (ByteString Name, ByteString Value) Split(RawXattrEntry entry, ReadOnlySpan<byte> rest, string what)
    {
        ReadOnlySpan<byte> prefix;
        if ((entry.NameIndex & XattrNamespace.LongPrefixFlag) != 0)
        {
            var index = entry.NameIndex & ~XattrNamespace.LongPrefixFlag;
            if (index >= _prefixes.Count) throw new DamagedInputException($"damaged EroFS image: an xattr of {what} has prefix {index} of {_prefixes.Count}");
            prefix = _prefixes[index];
        }
        else if (!XattrNamespace.TryGetPrefix(entry.NameIndex, out prefix))
        {
            throw new DamagedInputException($"damaged EroFS image: an xattr of {what} has the unknown namespace {entry.NameIndex}");
        }

        byte[] name = [.. prefix, .. rest[..entry.NameLength]];
        return (new ByteString(name), new ByteString(rest[entry.NameLength..]));
    }

    /// <summary>Prefixes are in the packed inode where the image has one, unless it says that they are among the metadata.</summary>
    private ImageBytes PrefixTable(PackedInode packed) =>
        packed.Exists && !_superblock.Has(CompatibleFeatures.PlainXattrPrefixes) ? new ImageBytes(packed.Content, packed.Content.Length) : _image;

    private void ReadPrefixes(ImageBytes table)
    {
        var at = _superblock.XattrPrefixStart;
        Span<byte> length = stackalloc byte[2];
        for (var i = 0; i < _superblock.XattrPrefixCount; i++)
        {
            at = ErofsFormat.AlignUp(at, 4);
            table.Read(at, length, "an xattr prefix");
            var record = new byte[BinaryPrimitives.ReadUInt16LittleEndian(length)];
            table.Read(at + 2, record, "an xattr prefix");
            if (record.Length == 0 || !XattrNamespace.TryGetPrefix(record[0], out var start)) throw new DamagedInputException($"damaged EroFS image: xattr prefix {i} has no known namespace");
            _prefixes.Add([.. start, .. record.AsSpan(1)]);
            at += 2 + record.Length;
        }
    }

    private void Take(long bytes, string what)
    {
        _bytesLeft -= bytes;
        if (_bytesLeft < 0) throw new DamagedInputException($"damaged EroFS image: xattrs overlap; they take more than the image's {_image.Length} bytes at {what}");
    }
}
