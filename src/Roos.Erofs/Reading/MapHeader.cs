using Roos.Core;
using Roos.Erofs.Format;

namespace Roos.Erofs.Reading;

/// <summary>What stands before the index of a compressed inode (<c>struct z_erofs_map_header</c>), checked.</summary>
internal sealed record MapHeader
{
    private const int WholeFragmentFlag = 0x80; // Z_EROFS_FRAGMENT_INODE_BIT
    private const CompressionAdvice Known = CompressionAdvice.Compacted2B | CompressionAdvice.BigPhysicalCluster1 | CompressionAdvice.BigPhysicalCluster2
        | CompressionAdvice.InlinePhysicalCluster | CompressionAdvice.InterlacedPhysicalCluster | CompressionAdvice.FragmentPhysicalCluster;

    /// <summary>Offset in the packed inode where the whole file is there; then there is no index.</summary>
    public long? WholeFragment { get; private init; }

    public CompressionAdvice Advice { get; private init; }

    /// <summary>Algorithm of HEAD1 and of HEAD2.</summary>
    public CompressionAlgorithm First { get; private init; }

    public CompressionAlgorithm Second { get; private init; }

    /// <summary>Offset in the packed inode of the last extent where it is a fragment; its lower 32 bits in a full index.</summary>
    public uint FragmentOffset { get; private init; }

    /// <summary>Stored bytes of the last extent where they follow the index; else 0.</summary>
    public int InlineSize { get; private init; }

    /// <summary>Offset of the index.</summary>
    public required long IndexStart { get; init; }

    public bool Has(CompressionAdvice advice) => (Advice & advice) != 0;

    public static MapHeader Read(ImageBytes image, ErofsSuperblock superblock, StoredInode inode)
    {
        var at = ErofsFormat.AlignUp(inode.TailStart, RawMapHeader.Size);
        var raw = image.Read<RawMapHeader>(at, $"the index of {inode}");
        at += RawMapHeader.Size;
        if ((raw.ClusterBits & WholeFragmentFlag) != 0)
        {
            var offset = (long)(raw.ClusterBits & ~WholeFragmentFlag) << 56 | (long)raw.Algorithms << 48 | (long)raw.Advice.Value << 32 | raw.FragmentOffset;
            return new MapHeader { WholeFragment = offset, IndexStart = at };
        }

        var advice = (CompressionAdvice)raw.Advice.Value;
        if ((advice & ~Known) != 0) throw new DamagedInputException($"this EroFS image uses what Roos cannot read: the index of {inode} has advice 0x{raw.Advice.Value:x}");
        if (raw.ClusterBits != 0) throw new DamagedInputException($"this EroFS image uses what Roos cannot read: logical clusters of {ErofsFormat.BlockBits} + {raw.ClusterBits} bits in {inode}");
        var isFull = inode.Layout == DataLayout.CompressedFull;
        var header = new MapHeader
        {
            Advice = advice,
            First = (CompressionAlgorithm)(raw.Algorithms & 0xf),
            Second = (CompressionAlgorithm)(raw.Algorithms >> 4),
            FragmentOffset = raw.FragmentOffset,
            InlineSize = (advice & CompressionAdvice.InlinePhysicalCluster) != 0 ? (int)(raw.FragmentOffset >> 16) : 0,
            IndexStart = isFull ? at + 8 : at, // Z_EROFS_FULL_INDEX_START: 8 bytes are left out
        };
        header.Check(superblock, inode, isFull);
        return header;
    }

    private void Check(ErofsSuperblock superblock, StoredInode inode, bool isFull)
    {
        if (isFull && Has(CompressionAdvice.Compacted2B)) throw new DamagedInputException($"this EroFS image uses what Roos cannot read: extent records (48bit) in {inode}");
        if (!isFull && Has(CompressionAdvice.BigPhysicalCluster1) != Has(CompressionAdvice.BigPhysicalCluster2)) throw new DamagedInputException($"damaged EroFS image: the compact index of {inode} has large clusters for one algorithm only");
        if (Has(CompressionAdvice.BigPhysicalCluster1 | CompressionAdvice.BigPhysicalCluster2)) Need(superblock, inode, IncompatibleFeatures.CompressionConfigurations, "large clusters");
        if (Has(CompressionAdvice.InlinePhysicalCluster)) Need(superblock, inode, IncompatibleFeatures.TailPacking, "a packed tail");
        if (!Has(CompressionAdvice.FragmentPhysicalCluster)) return;
        if (Has(CompressionAdvice.InlinePhysicalCluster)) throw new DamagedInputException($"damaged EroFS image: the last extent of {inode} is said to be both beside it and a fragment");
    }

    private static void Need(ErofsSuperblock superblock, StoredInode inode, IncompatibleFeatures feature, string what)
    {
        if (!superblock.Has(feature)) throw new DamagedInputException($"damaged EroFS image: {inode} has {what} and the superblock has no such feature");
    }
}
