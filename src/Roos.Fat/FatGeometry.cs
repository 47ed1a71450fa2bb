using Roos.Core;

namespace Roos.Fat;

/// <summary>Where the parts of a FAT32 file system of a given size are, in sectors of 512 bytes.</summary>
internal readonly record struct FatGeometry(uint TotalSectors, uint SectorsPerCluster, uint ReservedSectors, uint FatSectors, uint ClusterCount)
{
    private const uint MebiByte = 1 << 20;
    private const uint EntriesPerSector = FatFormat.SectorSize / 4;

    /// <summary>The smallest FAT32 there is with these sectors: 65,525 clusters of one sector, two FATs, 32 reserved sectors.</summary>
    public static long MinimumSize => (32 + (2 * DivideUp(FatFormat.MinimumClusters + 2, EntriesPerSector)) + (long)FatFormat.MinimumClusters) * FatFormat.SectorSize;

    public int ClusterSize => (int)SectorsPerCluster * FatFormat.SectorSize;

    public long FatOffset => (long)ReservedSectors * FatFormat.SectorSize;

    public long FatLength => (long)FatSectors * FatFormat.SectorSize;

    public long DataOffset => FatOffset + (2 * FatLength);

    /// <summary>Bytes that files and directories can take.</summary>
    public long Capacity => (long)ClusterCount * ClusterSize;

    public static FatGeometry For(long size)
    {
        if (size % FatFormat.SectorSize != 0)
            throw new RoosException($"the size of a FAT file system must be a multiple of {FatFormat.SectorSize} bytes; found {size}");
        if (size < MinimumSize)
            throw new RoosException($"a FAT32 file system has at least {MinimumSize} bytes ({FatFormat.MinimumClusters} clusters of one sector); found {size}: make the EFI system partition larger (SizeMinBytes=)");
        if (size / FatFormat.SectorSize > uint.MaxValue)
            throw new RoosException($"a FAT32 file system has at most {uint.MaxValue} sectors of {FatFormat.SectorSize} bytes; found {size} bytes: make the EFI system partition smaller (SizeMaxBytes=)");

        var total = (uint)(size / FatFormat.SectorSize);
        var perCluster = SectorsPerClusterFor(size);

        // Reserved sectors and FATs are multiples of a cluster, so that clusters are aligned to their own size.
        var reserved = Math.Max(32, perCluster);
        var fat = RoundUp(DivideUp((total / perCluster) + FatFormat.FirstCluster, EntriesPerSector), perCluster);
        while (fat > perCluster && Holds(total, perCluster, reserved, fat - perCluster)) fat -= perCluster;
        return new FatGeometry(total, perCluster, reserved, fat, Clusters(total, perCluster, reserved, fat));
    }

    // The sizes at which Windows' format and mkfs.fat go to larger clusters.
    private static uint SectorsPerClusterFor(long size) => DivideUp(size, MebiByte) switch
    {
        <= 260 => 1,
        <= 8 * 1024 => 8,
        <= 16 * 1024 => 16,
        <= 32 * 1024 => 32,
        _ => 64,
    };

    private static uint Clusters(uint total, uint perCluster, uint reserved, uint fat) => (uint)((total - reserved - (2L * fat)) / perCluster);

    private static bool Holds(uint total, uint perCluster, uint reserved, uint fat) =>
        (long)fat * EntriesPerSector >= (long)Clusters(total, perCluster, reserved, fat) + FatFormat.FirstCluster;

    private static uint DivideUp(uint value, uint by) => (value / by) + (value % by == 0 ? 0u : 1u);

    private static long DivideUp(long value, long by) => (value / by) + (value % by == 0 ? 0 : 1);

    private static uint RoundUp(uint value, uint to) => DivideUp(value, to) * to;
}
