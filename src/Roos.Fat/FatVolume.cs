using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using Roos.Core;
using Roos.Core.Bytes;

namespace Roos.Fat;

/// <summary>The boot sector and the first FAT of an existing file system, with everything checked before it is believed.</summary>
internal sealed class FatVolume
{
    private readonly ByteSource _source;
    private readonly int _clusterSize;
    private readonly long _fatOffset;
    private readonly long _dataOffset;
    private readonly uint _clusterCount;
    private readonly byte[] _window = new byte[4096];
    private long _windowOffset = -1;

    public FatVolume(ByteSource source)
    {
        _source = source;
        if (source.Length < FatFormat.SectorSize) throw new DamagedInputException($"FAT: {source.Length} bytes are less than a boot sector");
        var sector = new byte[FatFormat.SectorSize];
        source.Read(0, sector);
        if (sector[510] != 0x55 || sector[511] != 0xaa) throw new DamagedInputException("FAT: the boot sector does not end in 55 AA: this is no FAT file system");
        var raw = MemoryMarshal.Read<RawBootSector>(sector);
        int bytesPerSector = raw.BytesPerSector;
        if (bytesPerSector is not (512 or 1024 or 2048 or 4096)) throw new DamagedInputException($"FAT: a sector has 512, 1024, 2048 or 4096 bytes; found {bytesPerSector}");
        if (!BitOperations.IsPow2(raw.SectorsPerCluster)) throw new DamagedInputException($"FAT: the sectors of a cluster are a power of two; found {raw.SectorsPerCluster}");
        if (raw.FatSectors16 != 0 || raw.RootEntryCount != 0) throw new DamagedInputException("FAT: this is FAT12 or FAT16; Roos reads FAT32");
        if (raw.FatCount == 0 || raw.ReservedSectors == 0 || raw.FatSectors == 0) throw new DamagedInputException("FAT: reserved sectors, number of FATs and sectors of a FAT must not be 0");

        long total = raw.TotalSectors16 != 0 ? raw.TotalSectors16 : raw.TotalSectors32;
        var overhead = raw.ReservedSectors + ((long)raw.FatCount * raw.FatSectors);
        if (total * bytesPerSector > source.Length) throw new DamagedInputException($"FAT: the file system has {total} sectors of {bytesPerSector} bytes and the image only {source.Length} bytes");
        if (overhead >= total) throw new DamagedInputException($"FAT: {total} sectors leave no room for data after {overhead} of reserved sectors and FATs");
        _clusterSize = bytesPerSector * raw.SectorsPerCluster;
        _fatOffset = (long)raw.ReservedSectors * bytesPerSector;
        _dataOffset = overhead * bytesPerSector;
        var clusters = Math.Min((total - overhead) / raw.SectorsPerCluster, ((long)raw.FatSectors * bytesPerSector / 4) - FatFormat.FirstCluster);
        if (clusters is < 1 or > FatFormat.MaximumClusters) throw new DamagedInputException($"FAT: a FAT32 file system has 1 to {FatFormat.MaximumClusters} clusters; found {clusters}");
        _clusterCount = (uint)clusters;
        RootCluster = raw.RootCluster;
    }

    public uint RootCluster { get; }

    /// <summary>All bytes of a directory.</summary>
    public byte[] ReadDirectory(uint first, ByteString path, Claims claims)
    {
        var chain = Follow(first, (FatFormat.MaximumDirectorySize + _clusterSize - 1) / _clusterSize, path, claims, out var ended);
        if (!ended) throw new DamagedInputException($"FAT: directory \"{path}\" is larger than the {FatFormat.MaximumDirectorySize} bytes that a directory can have");
        return Join(chain).ToArray();
    }

    /// <summary>The bytes of a file of <paramref name="size"/> bytes.</summary>
    public ByteSource OpenFile(uint first, uint size, ByteString path, Claims claims)
    {
        if (size == 0) return ByteSource.Empty;
        var needed = (size + (long)_clusterSize - 1) / _clusterSize;
        var content = Join(Follow(first, needed, path, claims, out _));
        if (content.Length < size) throw new DamagedInputException($"FAT: file \"{path}\" has {size} bytes and clusters for {content.Length} only");
        return content.Slice(0, size);
    }

    /// <summary>Up to <paramref name="limit"/> clusters of a chain as runs of neighbours.</summary>
    private List<(uint First, long Count)> Follow(uint first, long limit, ByteString path, Claims claims, out bool ended)
    {
        var runs = new List<(uint First, long Count)>();
        var cluster = first;
        for (long i = 0; ; i++)
        {
            ended = cluster >= FatFormat.EndOfChain && i > 0;
            if (ended || i == limit) return runs;
            if (cluster < FatFormat.FirstCluster || cluster - FatFormat.FirstCluster >= _clusterCount)
                throw new DamagedInputException($"FAT: \"{path}\" leads to cluster {cluster}, and there are clusters 2 to {_clusterCount + 1}");
            if (!claims.Add(cluster)) throw new DamagedInputException($"FAT: cluster {cluster} of \"{path}\" belongs to something else too, or the chain goes round in a circle");
            if (runs.Count > 0 && runs[^1].First + runs[^1].Count == cluster) runs[^1] = (runs[^1].First, runs[^1].Count + 1);
            else runs.Add((cluster, 1));
            cluster = Next(cluster);
        }
    }

    private ByteSource Join(List<(uint First, long Count)> runs) => runs.Count == 0
        ? ByteSource.Empty
        : ByteSource.Concat([.. runs.Select(run => _source.Slice(_dataOffset + ((run.First - FatFormat.FirstCluster) * (long)_clusterSize), run.Count * _clusterSize))]);

    private uint Next(uint cluster)
    {
        var at = _fatOffset + (cluster * 4L);
        var window = at / _window.Length * _window.Length;
        if (window != _windowOffset)
        {
            _source.Read(window, _window.AsSpan(0, (int)Math.Min(_window.Length, _source.Length - window)));
            _windowOffset = window;
        }

        return BinaryPrimitives.ReadUInt32LittleEndian(_window.AsSpan((int)(at - window))) & FatFormat.ClusterMask;
    }

    /// <summary>Clusters that belong to something; a bit each, in pages that exist once they are needed.</summary>
    internal sealed class Claims
    {
        private const int PageBits = 1 << 15;

        private readonly Dictionary<uint, ulong[]> _pages = [];

        /// <summary>False where the cluster was claimed before.</summary>
        public bool Add(uint cluster)
        {
            if (!_pages.TryGetValue(cluster / PageBits, out var page)) _pages.Add(cluster / PageBits, page = new ulong[PageBits / 64]);
            ref var word = ref page[cluster % PageBits / 64];
            var bit = 1ul << (int)(cluster % 64);
            if ((word & bit) != 0) return false;
            word |= bit;
            return true;
        }
    }
}
