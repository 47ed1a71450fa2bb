using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Roos.Core.Bytes;
using Roos.Core.Tree;

namespace Roos.Fat;

/// <summary>
/// A FAT32 file system as firmware, Linux, Windows and mtools read it: 512-byte sectors, two equal FATs, long names, the
/// smallest clusters that Windows' format and mkfs.fat would take for its size. Format: Microsoft FAT Specification (2005).
/// <para>
/// Owners, permissions and extended attributes of the tree are not stored: FAT has none. Every name of a hard-linked
/// file becomes a file of its own. Times are UTC, rounded down to two seconds, from 1980 on.
/// </para>
/// </summary>
public sealed class FatImage : IImage
{
    private readonly FatPlan _plan;
    private readonly FatOptions _options;

    private FatImage(FatPlan plan, FatOptions options)
    {
        _plan = plan;
        _options = options;
    }

    /// <summary>The smallest FAT32 file system there is, in bytes.</summary>
    public static long MinimumSize => FatGeometry.MinimumSize;

    public long Length => _options.Size;

    /// <summary>Bytes of clusters that nothing uses.</summary>
    public long FreeBytes => (long)(_plan.Geometry.ClusterCount - _plan.UsedClusters) * _plan.Geometry.ClusterSize;

    /// <summary>Plans a file system with the files of <paramref name="tree"/>; reads none of their contents.</summary>
    /// <exception cref="Roos.Core.RoosException">
    /// FAT cannot hold the tree: symbolic links, devices, pipes or sockets; a name that is not UTF-8, has a forbidden character, ends in
    /// a dot or space, or differs from another in case only; a file of 4 GiB; more content than the size has room for. Or the size is
    /// no multiple of 512, below <see cref="MinimumSize"/> or above 2 TiB.
    /// </exception>
    public static FatImage Plan(FileTree tree, FatOptions options) => new(new FatPlan(tree, options), options);

    public void WriteTo(ImageSink sink, CancellationToken cancellation = default)
    {
        var start = sink.Position;
        var geometry = _plan.Geometry;
        var boot = BootSector();
        var info = FsInfoSector();

        sink.Write(boot);
        sink.Write(info);
        sink.PadTo(start + (FatFormat.BackupBootSector * FatFormat.SectorSize));
        sink.Write(boot);
        sink.Write(info);
        sink.PadTo(start + geometry.FatOffset);
        for (var copy = 0; copy < 2; copy++)
        {
            WriteFat(sink);
            sink.PadTo(start + geometry.FatOffset + ((copy + 1) * geometry.FatLength));
        }

        long cluster = 0;
        foreach (var (count, content) in _plan.Runs())
        {
            content.CopyTo(sink, cancellation);
            cluster += count;
            sink.PadTo(start + geometry.DataOffset + (cluster * geometry.ClusterSize));
        }

        sink.PadTo(start + Length);
    }

    private byte[] BootSector()
    {
        var geometry = _plan.Geometry;
        var raw = new RawBootSector
        {
            BytesPerSector = FatFormat.SectorSize,
            SectorsPerCluster = (byte)geometry.SectorsPerCluster,
            ReservedSectors = (ushort)geometry.ReservedSectors,
            FatCount = 2,
            Media = FatFormat.MediaFixedDisk,
            SectorsPerTrack = 63, // what everybody writes for disks that have no such thing
            Heads = 255,
            TotalSectors32 = geometry.TotalSectors,
            FatSectors = geometry.FatSectors,
            RootCluster = FatFormat.FirstCluster,
            FsInfoSector = FatFormat.FsInfoSector,
            BackupBootSector = FatFormat.BackupBootSector,
            DriveNumber = 0x80,
            BootSignature = 0x29,
            VolumeId = _options.VolumeId,
        };
        Span<byte> jump = [0xeb, 0x58, 0x90]; // over the fields, to offset 0x5a
        jump.CopyTo(raw.Jump);
        "roos    "u8.CopyTo(raw.OemName);
        _plan.Label.CopyTo(raw.Label);
        "FAT32   "u8.CopyTo(raw.FileSystemType);

        var sector = new byte[FatFormat.SectorSize];
        MemoryMarshal.Write(sector, in raw);

        // For a BIOS that starts this sector: INT 18h (nothing to boot here), then stay.
        Span<byte> code = [0xcd, 0x18, 0xeb, 0xfe];
        code.CopyTo(sector.AsSpan(RawBootSector.Size));
        Sign(sector);
        return sector;
    }

    /// <summary>FSI_LeadSig, FSI_StrucSig, FSI_Free_Count, FSI_Nxt_Free, FSI_TrailSig.</summary>
    private byte[] FsInfoSector()
    {
        var sector = new byte[FatFormat.SectorSize];
        "RRaA"u8.CopyTo(sector);
        "rrAa"u8.CopyTo(sector.AsSpan(484));
        BinaryPrimitives.WriteUInt32LittleEndian(sector.AsSpan(488), _plan.Geometry.ClusterCount - _plan.UsedClusters);
        BinaryPrimitives.WriteUInt32LittleEndian(sector.AsSpan(492), FatFormat.FirstCluster + _plan.UsedClusters - 1); // the last one taken, as Windows and mkfs.fat count
        Sign(sector);
        return sector;
    }

    private static void Sign(Span<byte> sector)
    {
        sector[510] = 0x55;
        sector[511] = 0xaa;
    }

    private void WriteFat(ImageSink sink)
    {
        var buffer = new byte[1 << 16];
        var used = 0;
        Put(0x0fffff00 | FatFormat.MediaFixedDisk);
        Put(FatFormat.LastInChain); // also says: unmounted cleanly, no disk errors
        var cluster = FatFormat.FirstCluster;
        foreach (var count in _plan.RunLengths())
        {
            for (uint i = 1; i < count; i++) Put(++cluster);
            Put(FatFormat.LastInChain);
            cluster++;
        }

        sink.Write(buffer.AsSpan(0, used));

        void Put(uint entry)
        {
            if (used == buffer.Length)
            {
                sink.Write(buffer);
                used = 0;
            }

            BinaryPrimitives.WriteUInt32LittleEndian(buffer.AsSpan(used), entry);
            used += 4;
        }
    }
}
