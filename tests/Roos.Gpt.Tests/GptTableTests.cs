using System.Buffers.Binary;
using CsCheck;
using Roos.Core;
using Roos.Core.Bytes;

namespace Roos.Gpt.Tests;

public sealed class GptTableTests
{
    private readonly byte[] _disk = GptDisk.Plan(GptDiskTests.Options(GptDiskTests.Partition("esp", 1 << 20), GptDiskTests.Partition("root", 1 << 20))).ToArray();

    [Fact]
    public void A_sound_disk_has_no_problems()
    {
        var table = Read();
        Assert.Empty(table.Problems);
        Assert.Equal(["esp", "root-x86-64"], table.Entries.Select(entry => entry.Label));
        Assert.Equal("root-x86-64", table.Entries[1].Type.Identifier);
        Assert.True(GptTable.IsPresent(ByteSource.FromMemory(_disk)));
    }

    [Fact]
    public void The_backup_serves_where_the_primary_is_damaged()
    {
        _disk[512 + 56] ^= 1;
        var table = Read();
        Assert.Equal(2, table.Entries.Count);
        Assert.Contains("the checksum of its header", Assert.Single(table.Problems), StringComparison.Ordinal);
        _disk.AsSpan(512, 512).Clear();
        Assert.Equal(2, Read().Entries.Count);
    }

    [Theory]
    [InlineData(1024, "primary table is damaged: the checksum of its entries")]
    [InlineData(510, "protective MBR")]
    [InlineData(450, "protective MBR")]
    public void Damage_is_named(int offset, string sentence)
    {
        _disk[offset] ^= 1;
        Assert.Contains(Read().Problems, problem => problem.Contains(sentence, StringComparison.Ordinal));
    }

    [Fact]
    public void A_damaged_backup_is_named()
    {
        _disk[^512] ^= 1;
        Assert.Contains("the backup table is damaged", Assert.Single(Read().Problems), StringComparison.Ordinal);
    }

    [Fact]
    public void A_disk_that_grew_is_readable()
    {
        var grown = new byte[_disk.Length + (1 << 20)];
        _disk.CopyTo(grown, 0);
        var table = GptTable.Read(ByteSource.FromMemory(grown));
        Assert.Equal(2, table.Entries.Count);
        Assert.Contains("not at the end", Assert.Single(table.Problems), StringComparison.Ordinal);
    }

    [Fact]
    public void Overlaps_and_ranges_are_named()
    {
        var entry = _disk.AsSpan(1024 + 128, 128);
        BinaryPrimitives.WriteInt64LittleEndian(entry[32..], BinaryPrimitives.ReadInt64LittleEndian(_disk.AsSpan(1024 + 40)) - 1);
        Seal();
        Assert.Contains(Read().Problems, problem => problem == "partitions 1 and 2 overlap");
        BinaryPrimitives.WriteInt64LittleEndian(_disk.AsSpan(1024 + 128 + 40), 1L << 40);
        Seal();
        var table = Read();
        Assert.Contains(table.Problems, problem => problem.Contains("outside the usable blocks", StringComparison.Ordinal));
        Assert.Throws<DamagedInputException>(() => table.Content(ByteSource.FromMemory(_disk), table.Entries[1]));
        BinaryPrimitives.WriteUInt64LittleEndian(_disk.AsSpan(1024 + 128 + 40), ulong.MaxValue);
        Seal();
        Assert.Contains(Read().Problems, problem => problem.Contains("left out", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(511)]
    [InlineData(600)]
    [InlineData(4096)]
    public void What_is_no_disk_is_refused(int length)
    {
        Assert.False(GptTable.IsPresent(ByteSource.FromMemory(new byte[length])));
        Assert.Throws<DamagedInputException>(() => GptTable.Read(ByteSource.FromMemory(new byte[length])));
    }

    [Fact]
    public void A_header_alone_is_refused()
    {
        var cut = _disk[..1024];
        Assert.Throws<DamagedInputException>(() => GptTable.Read(ByteSource.FromMemory(cut)));
    }

    /// <summary>Values are changed and the checksums made right again, so that the checks behind them are reached.</summary>
    [Fact]
    public void Hostile_tables_are_read_or_refused() =>
        Gen.Select(Gen.Int[0, 91], Gen.OneOf(Gen.Byte, Gen.Const((byte)0xff)), Gen.Int[0, 383], Gen.OneOf(Gen.Byte, Gen.Const((byte)0xff)), Gen.Bool).Sample(
            (inHeader, headerValue, inEntries, entryValue, cut) =>
            {
                var bytes = cut ? _disk[..(_disk.Length / 2)] : (byte[])_disk.Clone();
                bytes[512 + inHeader] = headerValue;
                bytes[1024 + inEntries] = entryValue;
                Seal(bytes);
                var source = ByteSource.FromMemory(bytes);
                try
                {
                    var table = GptTable.Read(source);
                    foreach (var entry in table.Entries)
                    {
                        _ = table.OffsetOf(entry);
                        _ = table.LengthOf(entry);
                        _ = table.Content(source, entry);
                    }
                }
                catch (RoosException)
                {
                    // refused in one sentence
                }
            },
            iter: 3000);

    private GptTable Read() => GptTable.Read(ByteSource.FromMemory(_disk));

    private void Seal() => Seal(_disk);

    /// <summary>Makes the checksums of the primary table right.</summary>
    private static void Seal(byte[] bytes)
    {
        var header = bytes.AsSpan(512, 92);
        BinaryPrimitives.WriteUInt32LittleEndian(header[88..], Crc32.Of(bytes.AsSpan(1024, 16384)));
        header[16..20].Clear();
        var size = Math.Clamp(BinaryPrimitives.ReadUInt32LittleEndian(header[12..]), 92, 512);
        BinaryPrimitives.WriteUInt32LittleEndian(header[16..], Crc32.Of(bytes.AsSpan(512, (int)size)));
    }
}
