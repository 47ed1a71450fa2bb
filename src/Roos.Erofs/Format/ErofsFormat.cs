namespace Roos.Erofs.Format;

/// <summary>Constants of the on-disk format; names in brackets are those of Linux's fs/erofs/erofs_fs.h.</summary>
internal static class ErofsFormat
{
    /// <summary>Where the superblock begins (EROFS_SUPER_OFFSET): boot code may live before it.</summary>
    public const int SuperblockOffset = 1024;

    /// <summary>EROFS_SUPER_MAGIC_V1.</summary>
    public const uint Magic = 0xe0f5e1e2;

    /// <summary>The only block size that Roos writes or reads: the page size of every machine it targets.</summary>
    public const int BlockBits = 12, BlockSize = 1 << BlockBits;

    /// <summary>Inode numbers (nid) count slots of this size from the start of the metadata area.</summary>
    public const int InodeSlotSize = 32;

    /// <summary>"No block" (EROFS_NULL_ADDR); in a chunk table: a hole.</summary>
    public const uint NullBlock = 0xffffffff;

    /// <summary>Longest file name in bytes (EROFS_NAME_LEN).</summary>
    public const int MaximumNameLength = 255;

    /// <summary>Longest link target in bytes: Linux's PATH_MAX less its NUL.</summary>
    public const int MaximumLinkLength = 4095;

    /// <summary>Most compressed bytes of one physical cluster (Z_EROFS_PCLUSTER_MAX_SIZE).</summary>
    public const int MaximumPhysicalCluster = 1 << 20;

    /// <summary>Most decompressed bytes of one physical cluster (Z_EROFS_PCLUSTER_MAX_DSIZE).</summary>
    public const int MaximumDecodedCluster = 12 << 20;

    /// <summary>Z_EROFS_COMPRESSION_ZSTD, an index into the bitmap of algorithms.</summary>
    public const int ZstdAlgorithm = (int)CompressionAlgorithm.Zstd;

    /// <summary>Smallest window of Zstandard (ZSTD_WINDOWLOG_ABSOLUTEMIN): the superblock stores what is above it.</summary>
    public const int ZstdMinimumWindowLog = 10;

    /// <summary>Largest window that Linux accepts (Z_EROFS_ZSTD_MAX_DICT_SIZE is 1 MiB).</summary>
    public const int ZstdMaximumWindowLog = 20;

    /// <summary>Marks the first NONHEAD entry of an extent, which holds its length in blocks (Z_EROFS_LI_D0_CBLKCNT).</summary>
    public const int BlockCountFlag = 1 << 11;

    /// <summary>Longest compressed tail kept beside an inode: a little less than a block, for one of a whole block is no gain.</summary>
    public const int MaximumInlineTail = BlockSize - 2 * InodeSlotSize;

    /// <summary>Bytes of a chunk table's entry without device numbers (EROFS_BLOCK_MAP_ENTRY_SIZE).</summary>
    public const int BlockMapEntrySize = 4;

    public static long AlignUp(long value, long alignment) => (value + alignment - 1) / alignment * alignment;

    public static long BlocksFor(long bytes) => (bytes + BlockSize - 1) >> BlockBits;
}

/// <summary>Features that an old kernel may ignore (EROFS_FEATURE_COMPAT_*).</summary>
[Flags]
internal enum CompatibleFeatures : uint
{
    None = 0,
    SuperblockChecksum = 0x1,
    ModificationTime = 0x2,
    XattrFilter = 0x4,
    PlainXattrPrefixes = 0x10, // xattr prefixes are never in the packed inode
}

/// <summary>Features that a reader must know (EROFS_FEATURE_INCOMPAT_*). Some bits mean two things that came together.</summary>
[Flags]
internal enum IncompatibleFeatures : uint
{
    None = 0,
    ZeroPadding = 0x1,
    CompressionConfigurations = 0x2, // also BIG_PCLUSTER
    ChunkedFile = 0x4,
    DeviceTable = 0x8, // also COMPR_HEAD2: a file may have extents of two algorithms
    TailPacking = 0x10,
    Fragments = 0x20, // also DEDUPE: extents that several files have
    XattrPrefixes = 0x40,
    FortyEightBit = 0x80,
    Metabox = 0x100,
}

/// <summary>Algorithms by their bit in the superblock and their number in a map header (Z_EROFS_COMPRESSION_*).</summary>
internal enum CompressionAlgorithm
{
    Lz4 = 0,
    Lzma = 1,
    Deflate = 2,
    Zstd = 3,
}

/// <summary>How an inode's content is stored (bits 1 to 3 of <c>i_format</c>).</summary>
internal enum DataLayout
{
    FlatPlain = 0,
    CompressedFull = 1,
    FlatInline = 2,
    CompressedCompact = 3,
    ChunkBased = 4,
}

/// <summary>Kinds of logical clusters (Z_EROFS_LCLUSTER_TYPE_*).</summary>
internal enum LogicalClusterType
{
    Plain = 0,
    Head1 = 1,
    NonHead = 2,
    Head2 = 3,
}

/// <summary><c>h_advise</c> (Z_EROFS_ADVISE_*).</summary>
[Flags]
internal enum CompressionAdvice : ushort
{
    None = 0,
    Compacted2B = 0x1,
    BigPhysicalCluster1 = 0x2,
    BigPhysicalCluster2 = 0x4,
    InlinePhysicalCluster = 0x8,
    InterlacedPhysicalCluster = 0x10,
    FragmentPhysicalCluster = 0x20,
}

/// <summary>File types in directory entries: the kernel's generic FT_*.</summary>
internal static class DirentType
{
    public const byte Regular = 1, Directory = 2, CharacterDevice = 3, BlockDevice = 4, Fifo = 5, Socket = 6, SymbolicLink = 7;

    /// <summary>The type for the S_IFMT bits of a mode; 0 for none.</summary>
    public static byte FromMode(uint mode) => (mode & 0xf000) switch
    {
        0x8000 => Regular,
        0x4000 => Directory,
        0x2000 => CharacterDevice,
        0x6000 => BlockDevice,
        0x1000 => Fifo,
        0xc000 => Socket,
        0xa000 => SymbolicLink,
        _ => 0,
    };
}
