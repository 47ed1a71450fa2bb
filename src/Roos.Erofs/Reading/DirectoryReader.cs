using System.Runtime.InteropServices;
using Roos.Core;
using Roos.Core.Bytes;
using Roos.Erofs.Format;

namespace Roos.Erofs.Reading;

/// <summary>An entry of a directory.</summary>
internal readonly record struct StoredDirent(ByteString Name, ulong Nid, byte Type);

internal static class DirectoryReader
{
    /// <summary>The entries, "." and ".." too, which must be in byte order.</summary>
    public static List<StoredDirent> Read(StoredInode inode, ByteSource content)
    {
        var result = new List<StoredDirent>();
        var block = new byte[ErofsFormat.BlockSize];
        for (long at = 0; at < content.Length; at += ErofsFormat.BlockSize)
        {
            var bytes = block.AsSpan(0, (int)Math.Min(block.Length, content.Length - at));
            content.Read(at, bytes);
            ReadBlock(inode, bytes, result);
        }

        return result;
    }

    private static void ReadBlock(StoredInode inode, ReadOnlySpan<byte> block, List<StoredDirent> result)
    {
        if (block.Length < RawDirent.Size) throw Damaged(inode, $"has a block of {block.Length} bytes");
        int first = MemoryMarshal.Read<RawDirent>(block).NameOffset.Value;
        if (first < RawDirent.Size || first % RawDirent.Size != 0 || first > block.Length) throw Damaged(inode, $"has its first name at byte {first} of a block");
        var count = first / RawDirent.Size;
        for (var i = 0; i < count; i++)
        {
            var entry = MemoryMarshal.Read<RawDirent>(block[(i * RawDirent.Size)..]);
            int start = entry.NameOffset;
            int end = i + 1 < count ? MemoryMarshal.Read<RawDirent>(block[((i + 1) * RawDirent.Size)..]).NameOffset : block.Length;
            if (start < first || end < start || end > block.Length) throw Damaged(inode, $"has a name from byte {start} to {end} of a block");
            var name = block[start..end];
            if (i == count - 1 && name.IndexOf((byte)0) is >= 0 and var zero) name = name[..zero]; // the rest of the block
            if (name.Length is 0 or > ErofsFormat.MaximumNameLength || name.ContainsAny((byte)0, (byte)'/')) throw Damaged(inode, $"has \"{new ByteString(name)}\" as a name");
            var dirent = new StoredDirent(new ByteString(name), entry.Nid, entry.FileType);
            if (result.Count > 0 && result[^1].Name.CompareTo(dirent.Name) >= 0) throw Damaged(inode, $"has \"{dirent.Name}\" after \"{result[^1].Name}\": names must be in byte order");
            result.Add(dirent);
        }
    }

    private static DamagedInputException Damaged(StoredInode inode, string what) => new($"damaged EroFS image: the directory at {inode} {what}");
}
