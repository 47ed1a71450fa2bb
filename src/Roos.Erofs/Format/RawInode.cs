using System.Runtime.InteropServices;
using Roos.Core.Bytes;

namespace Roos.Erofs.Format;

/// <summary><c>struct erofs_inode_compact</c>: 32 bytes, for small ids, sizes and link counts and the image's own time.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct RawCompactInode
{
    public Le16 Format; // bit 0: 0 = compact; bits 1-3: DataLayout
    public Le16 XattrCount; // 0, or 1 + bytes of xattrs after their header / 4
    public Le16 Mode;
    public Le16 LinkCount;
    public Le32 FileSize;
    public Le32 Reserved;
    public Le32 Union; // first block, compressed blocks, device number or chunk format
    public Le32 Number; // for 32-bit stat only
    public Le16 UserId;
    public Le16 GroupId;
    public Le32 Reserved2;

    public const int Size = 32;
}

/// <summary><c>struct erofs_inode_extended</c>: 64 bytes.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct RawExtendedInode
{
    public Le16 Format; // bit 0: 1 = extended
    public Le16 XattrCount;
    public Le16 Mode;
    public Le16 Reserved;
    public Le64 FileSize;
    public Le32 Union;
    public Le32 Number;
    public Le32 UserId;
    public Le32 GroupId;
    public Le64 ModificationSeconds;
    public Le32 ModificationNanoseconds;
    public Le32 LinkCount;
    public Le64 Reserved2;
    public Le64 Reserved3;

    public const int Size = 64;
}

/// <summary><c>struct erofs_dirent</c>.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct RawDirent
{
    public Le64 Nid;
    public Le16 NameOffset; // in the block; the first one's tells how many entries there are
    public byte FileType;
    public byte Reserved;

    public const int Size = 12;
}

/// <summary><c>struct erofs_xattr_ibody_header</c>, before an inode's xattrs.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct RawXattrHeader
{
    public Le32 NameFilter; // read only with the XATTR_FILTER feature
    public byte SharedCount;
    public byte Reserved0;
    public Le16 Reserved1;
    public Le32 Reserved2;

    public const int Size = 12;
}

/// <summary><c>struct erofs_xattr_entry</c>; name and value follow, padded together to 4 bytes.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct RawXattrEntry
{
    public byte NameLength; // without its prefix
    public byte NameIndex; // the prefix
    public Le16 ValueSize;

    public const int Size = 4;
}

/// <summary><c>struct z_erofs_map_header</c>, before the index of a compressed inode.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct RawMapHeader
{
    public Le32 FragmentOffset; // or, in the upper half: bytes of the last extent's data after the index
    public Le16 Advice; // CompressionAdvice
    public byte Algorithms; // bits 0-3: of HEAD1; bits 4-7: of HEAD2
    public byte ClusterBits; // bits 0-2: bits of a logical cluster less those of a block; bit 7: the whole file is a fragment and bits 0-62 of the header are its offset

    public const int Size = 8;
}

/// <summary><c>struct z_erofs_lcluster_index</c>: an entry of the full index.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct RawLogicalCluster
{
    public Le16 Advice; // bits 0-1: LogicalClusterType; bit 15: only the first bytes of what it decodes to (Z_EROFS_LI_PARTIAL_REF)
    public Le16 ClusterOffset;
    public Le32 BlockOrDeltas;

    public const int Size = 8;
}
