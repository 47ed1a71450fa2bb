using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Text;
using CsCheck;
using Roos.Core;
using Roos.Core.Bytes;
using Roos.Core.Identity;

namespace Roos.Gpt.Tests;

public sealed class GptDiskTests
{
    private static readonly Seed Seed = new(Uuid.Parse("11111111-2222-4333-8444-555555555555"));

    [Fact]
    public void On_disk_structures_have_their_sizes()
    {
        Assert.Equal(92, Unsafe.SizeOf<RawGptHeader>());
        Assert.Equal(128, Unsafe.SizeOf<RawGptEntry>());
        Assert.Equal(16, Unsafe.SizeOf<RawMbrPartition>());
        Assert.Equal(0xcbf43926, Crc32.Of("123456789"u8)); // the check value of this CRC
    }

    /// <summary>The numbers were read from the disk that systemd-repart 257.13 made of these seven partitions.</summary>
    [Fact]
    public void Header_and_entries_are_those_of_systemd_repart()
    {
        var disk = GptDisk.Plan(new GptDiskOptions
        {
            DiskUuid = Seed.DiskUuid,
            Partitions =
            [
                Partition("esp", 64 << 20),
                Partition("root", 128 << 20) with { Label = "_", Uuid = Uuid.Parse("1e1d624e-8e26-25df-5639-0799cf37e963"), Attributes = PartitionAttributes.ReadOnly },
                Partition("root-verity", 16 << 20) with { Label = "__verity", Uuid = Uuid.Parse("57fbff92-00b6-ae28-56fd-6831dcd297fe"), Attributes = PartitionAttributes.ReadOnly },
                Partition("root-verity-sig", 16384),
                Partition("linux-generic", 10 << 20),
                Partition("linux-generic", 10 << 20) with { Label = "linux-generic-2", Uuid = Seed.PartitionUuid(PartitionType.Find("linux-generic", "x86-64")!.Uuid, 1), PaddingAfter = 1 << 20 },
                Partition("home", 4096) with { Attributes = PartitionAttributes.GrowFileSystem },
            ],
        });
        Assert.Equal(241_213_440, disk.Length);
        Assert.Equal([2048, 133_120, 395_264, 428_032, 428_064, 448_544, 471_072], disk.Placements.Select(placement => placement.Offset / 512));
        var bytes = disk.ToArray();
        Assert.Equal("00000200eeffffff010000004f300700", Convert.ToHexStringLower(bytes[446..462])); // protective MBR: 471119 blocks from 1
        Assert.Equal<byte>([0x55, 0xaa], bytes[510..512]);
        var header = bytes.AsSpan(512, 92);
        Assert.Equal("EFI PART"u8.ToArray(), header[..8].ToArray());
        Assert.Equal("4542c614", Convert.ToHexStringLower(header[16..20]));               // CRC of the header
        Assert.Equal(471_119, BinaryPrimitives.ReadInt64LittleEndian(header[32..]));      // backup header
        Assert.Equal(2048, BinaryPrimitives.ReadInt64LittleEndian(header[40..]));         // first usable block
        Assert.Equal(471_086, BinaryPrimitives.ReadInt64LittleEndian(header[48..]));      // last usable block
        Assert.Equal("43467fea4f9628459db5281a46917034", Convert.ToHexStringLower(header[56..72]));
        Assert.Equal("72b87a10", Convert.ToHexStringLower(header[88..92]));               // CRC of the entries
        Assert.Equal(bytes[1024..(1024 + 16384)], bytes[^(16384 + 512)..^512]);           // backup entries
    }

    [Fact]
    public void Tiny_disks_begin_behind_the_table()
    {
        var disk = GptDisk.Plan(Options(Partition("root", 4096), Partition("root-verity", 4096), Partition("root-verity-sig", 16384)));
        Assert.Equal(1_093_632, disk.Length); // a sysext of systemd-repart 257
        Assert.Equal(34, disk.FirstUsableBlock);
        Assert.Equal(40 * 512, disk.Placements[0].Offset);
    }

    [Theory]
    [InlineData(512, (4 << 20) / 512, 34, 40 * 512)]
    [InlineData(512, ((4 << 20) / 512) + 8, 2048, 1 << 20)]
    [InlineData(4096, (4 << 20) / 4096, 6, 6 * 4096)]
    [InlineData(4096, ((4 << 20) / 4096) + 1, 256, 1 << 20)]
    public void The_first_usable_block_follows_the_size(int sectorSize, long blocks, long firstUsable, long offset)
    {
        var disk = GptDisk.Plan(Options(Partition("esp", 4096)) with { SectorSize = sectorSize, Length = blocks * sectorSize });
        Assert.Equal(firstUsable, disk.FirstUsableBlock);
        Assert.Equal(offset, disk.Placements[0].Offset);
        Assert.Equal(blocks - 2 - (16384 / sectorSize), disk.LastUsableBlock);
        var table = GptTable.Read(ByteSource.FromMemory(disk.ToArray()));
        Assert.Empty(table.Problems);
        Assert.Equal(sectorSize, table.SectorSize);
    }

    [Fact]
    public void Content_lies_at_the_start_of_its_slot_and_the_rest_is_a_hole()
    {
        var content = Enumerable.Repeat((byte)0x5a, 5000).ToArray();
        var disk = GptDisk.Plan(Options(Partition("esp", 1 << 20) with { Content = new SourceImage(ByteSource.FromMemory(content)) }, Partition("var", 64L << 30)));
        var sink = new CountingSink();
        disk.WriteTo(sink);
        Assert.Equal(disk.Length, sink.Position);
        Assert.True(sink.Data < 64 << 10, $"{sink.Data} bytes were written as data");

        var small = GptDisk.Plan(Options(Partition("esp", 1 << 20) with { Content = new SourceImage(ByteSource.FromMemory(content)) }));
        var bytes = small.ToArray();
        var table = GptTable.Read(ByteSource.FromMemory(bytes));
        var slot = table.Content(ByteSource.FromMemory(bytes), table.Entries[0]).ToArray();
        Assert.Equal(1 << 20, slot.Length);
        Assert.Equal(content, slot[..5000]);
        Assert.All(slot[5000..], b => Assert.Equal(0, b));
    }

    [Fact]
    public void A_disk_can_lie_inside_another_image()
    {
        var disk = GptDisk.Plan(Options(Partition("esp", 1 << 20) with { Content = new SourceImage(ByteSource.FromMemory(new byte[] { 1, 2, 3 })) }));
        using var stream = new MemoryStream();
        var sink = new StreamSink(stream);
        sink.Write(new byte[777]);
        disk.WriteTo(sink);
        sink.Complete();
        Assert.Equal(disk.ToArray(), stream.ToArray()[777..]);
    }

    [Fact]
    public void Content_that_does_not_fit_is_refused_with_both_sizes()
    {
        var options = Options(Partition("esp", 4096), Partition("root", 1 << 20) with { Label = "roos_0.1", Content = new SourceImage(ByteSource.Zeros((1 << 20) + 1)) });
        var message = Assert.Throws<RoosException>(() => GptDisk.Plan(options)).Message;
        foreach (var part in new[] { "partition 2", "roos_0.1", "1048577 bytes", "1048576 (1 MiB)" }) Assert.Contains(part, message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_breaks_the_rules_is_refused()
    {
        Refused("multiple of 4096", Options(Partition("esp", 4097)));
        Refused("at least 4096", Options(Partition("esp", 0)));
        Refused("padding", Options(Partition("esp", 4096) with { PaddingAfter = 512 }));
        Refused("36 UTF-16 units", Options(Partition("esp", 4096) with { Label = new string('x', 37) }));
        Refused("NUL", Options(Partition("esp", 4096) with { Label = "a\0b" }));
        Refused("needs a type", Options(Partition("esp", 4096) with { Type = default }));
        Refused("sector size", Options(Partition("esp", 4096)) with { SectorSize = 520 });
        Refused("has room for", Options(Partition("esp", 4 << 20)) with { Length = 4 << 20 });
        Refused("at least 69 blocks", Options() with { Length = 4096 });
        Refused("multiple of 4096", Options() with { Length = (4 << 20) + 512 });
        Refused("at most 128", Options([.. Enumerable.Range(0, 129).Select(i => Partition("esp", 4096))]));
    }

    [Fact]
    public void What_is_planned_is_what_is_read_back() =>
        Gen.Select(Gen.Int[1, 1 << 12], Gen.Int[0, 16], Gen.ULong, Gen.String[Gen.Char['a', 'z'], 0, 36]).Array[0, 20].Sample(
            parts =>
            {
                var disk = GptDisk.Plan(Options([.. parts.Select(part => Partition("linux-generic", part.Item1 * 4096L) with { PaddingAfter = part.Item2 * 4096L, Attributes = (PartitionAttributes)part.Item3, Label = part.Item4 })]));
                var table = GptTable.Read(new SparseSource(disk));
                Assert.Equal(parts.Length < 2 ? 0 : 1, table.Problems.Count); // the same UUID twice
                Assert.Equal(disk.Placements.Select(p => (p.Number, p.Offset, p.Partition.Size, p.Partition.Label, p.Partition.Attributes)), table.Entries.Select(e => (e.Number, table.OffsetOf(e), table.LengthOf(e), e.Label, e.Attributes)));
            },
            iter: 100);

    [Fact]
    public void A_disk_has_room_for_128_partitions_and_labels_of_36_units()
    {
        var label = string.Concat(Enumerable.Repeat("\ud83d\ude80", 18));
        var disk = GptDisk.Plan(Options([.. Enumerable.Range(0, 128).Select(i => Partition("linux-generic", 4096) with { Label = label, Uuid = Seed.PartitionUuid(Seed.Value, i) })]));
        var table = GptTable.Read(ByteSource.FromMemory(disk.ToArray()));
        Assert.Empty(table.Problems);
        Assert.Equal(128, table.Entries.Count(entry => entry.Label == label));
        Assert.Equal(36, Encoding.Unicode.GetByteCount(label) / 2);
    }

    internal static GptDiskOptions Options(params GptPartition[] partitions) => new() { DiskUuid = Seed.DiskUuid, Partitions = partitions };

    internal static GptPartition Partition(string type, long size)
    {
        var found = PartitionType.Find(type, "x86-64")!;
        return new GptPartition { Type = found.Uuid, Uuid = Seed.PartitionUuid(found.Uuid, 0), Label = found.Identifier, Size = size };
    }

    private static void Refused(string sentence, GptDiskOptions options) =>
        Assert.Contains(sentence, Assert.Throws<RoosException>(() => GptDisk.Plan(options)).Message, StringComparison.Ordinal);

    private sealed class CountingSink : ImageSink
    {
        public long Data { get; private set; }

        protected override void WriteCore(ReadOnlySpan<byte> bytes) => Data += bytes.Length;

        protected override void WriteZerosCore(long count)
        {
        }
    }

    /// <summary>The bytes of an image that is mostly zeros.</summary>
    private sealed class SparseSource : ByteSource
    {
        private readonly List<(long Offset, byte[] Bytes)> _pieces = [];

        public SparseSource(IImage image)
        {
            Length = image.Length;
            image.WriteTo(new Recorder(_pieces));
        }

        public override long Length { get; }

        protected override void ReadCore(long offset, Span<byte> destination)
        {
            destination.Clear();
            foreach (var (at, bytes) in _pieces)
            {
                var from = Math.Max(at, offset);
                var to = Math.Min(at + bytes.Length, offset + destination.Length);
                if (from < to) bytes.AsSpan((int)(from - at), (int)(to - from)).CopyTo(destination[(int)(from - offset)..]);
            }
        }

        private sealed class Recorder(List<(long Offset, byte[] Bytes)> pieces) : ImageSink
        {
            protected override void WriteCore(ReadOnlySpan<byte> bytes) => pieces.Add((Position, bytes.ToArray()));

            protected override void WriteZerosCore(long count)
            {
            }
        }
    }
}
