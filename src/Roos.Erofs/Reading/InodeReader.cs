using Roos.Core;
using Roos.Core.Tree;
using Roos.Erofs.Format;

namespace Roos.Erofs.Reading;

/// <summary>An inode as it is stored.</summary>
internal sealed record StoredInode
{
    public required long Nid { get; init; }

    public required DataLayout Layout { get; init; }

    public required uint Mode { get; init; }

    public required long Size { get; init; }

    public required uint Union { get; init; }

    public required uint UserId { get; init; }

    public required uint GroupId { get; init; }

    public required uint LinkCount { get; init; }

    public required Timestamp ModificationTime { get; init; }

    /// <summary>Offset of the xattrs, or of what follows where there are none.</summary>
    public required long XattrStart { get; init; }

    public required int XattrSize { get; init; }

    public long TailStart => XattrStart + XattrSize;

    public byte DirentType => Format.DirentType.FromMode(Mode);

    public bool IsDirectory => DirentType == Format.DirentType.Directory;

    public override string ToString() => $"inode {Nid}";
}

internal static class InodeReader
{
    public static StoredInode Read(ImageBytes image, ErofsSuperblock superblock, ulong nid)
    {
        if (nid > (ulong)image.Length / ErofsFormat.InodeSlotSize) throw new DamagedInputException($"damaged EroFS image: inode {nid} is beyond the image's {image.Length} bytes");
        var at = superblock.MetadataStart + (long)nid * ErofsFormat.InodeSlotSize;
        var what = $"inode {nid}";
        var compact = image.Read<RawCompactInode>(at, what);
        if ((compact.Format & 0x10) != 0) throw new DamagedInputException($"this EroFS image uses what Roos cannot read: {what} has the format 0x{compact.Format.Value:x}, with an omitted dot entry or link count (48bit)");
        if (compact.Format > 0xf || compact.Format >> 1 > (int)DataLayout.ChunkBased) throw new DamagedInputException($"damaged EroFS image: {what} has the unknown format 0x{compact.Format.Value:x}");
        var inode = (compact.Format & 1) == 0 ? FromCompact(compact, superblock, (long)nid, at) : FromExtended(image.Read<RawExtendedInode>(at, what), (long)nid, at);
        if (inode.DirentType == 0) throw new DamagedInputException($"damaged EroFS image: {what} has the mode 0{Convert.ToString(inode.Mode, 8)}, which is of no file type");
        image.Check(inode.XattrStart, inode.XattrSize, $"the xattrs of {what}");
        return inode;
    }

    private static StoredInode FromCompact(RawCompactInode raw, ErofsSuperblock superblock, long nid, long at) => new()
    {
        Nid = nid,
        Layout = (DataLayout)(raw.Format >> 1),
        Mode = raw.Mode,
        Size = raw.FileSize,
        Union = raw.Union,
        UserId = raw.UserId,
        GroupId = raw.GroupId,
        LinkCount = raw.LinkCount,
        ModificationTime = superblock.BuildTime,
        XattrStart = at + RawCompactInode.Size,
        XattrSize = XattrSize(raw.XattrCount),
    };

    private static StoredInode FromExtended(RawExtendedInode raw, long nid, long at) => new()
    {
        Nid = nid,
        Layout = (DataLayout)(raw.Format >> 1),
        Mode = raw.Mode,
        Size = raw.FileSize <= long.MaxValue / 2 ? (long)raw.FileSize.Value : throw new DamagedInputException($"damaged EroFS image: inode {nid} has {raw.FileSize} bytes"),
        Union = raw.Union,
        UserId = raw.UserId,
        GroupId = raw.GroupId,
        LinkCount = raw.LinkCount,
        ModificationTime = SuperblockReader.Time(raw.ModificationSeconds, raw.ModificationNanoseconds, $"inode {nid}"),
        XattrStart = at + RawExtendedInode.Size,
        XattrSize = XattrSize(raw.XattrCount),
    };

    private static int XattrSize(ushort count) => count == 0 ? 0 : RawXattrHeader.Size + (count - 1) * 4;
}
