using System.Buffers.Binary;
using Roos.Core;
using Roos.Core.Bytes;
using Roos.Core.Tree;

namespace Roos.Fat.Tests;

public sealed class FatReaderTests
{
    private static readonly byte[] Valid = FatImage.Plan(
        new FileTreeBuilder()
            .Set("EFI/Linux/a longer name.efi", Trees.File(3000))
            .Set("EFI/BOOT/BOOTX64.EFI", Trees.File(513, 2))
            .Set("loader/loader.conf", Trees.File(20, 3))
            .Build(),
        Trees.Options(FatImage.MinimumSize)).ToArray();

    private const int FatOffset = 32 * 512;
    private const int DataOffset = (32 + 1024) * 512;

    [Theory]
    [InlineData(0)]
    [InlineData(511)]
    [InlineData(512)]
    [InlineData(16384)]
    public void Truncated_images_are_refused(int length) => Refused(Valid[..length], "FAT:");

    [Theory]
    [InlineData(510, 0, "55 AA")]
    [InlineData(11, 1, "a sector has")]
    [InlineData(13, 3, "power of two")]
    [InlineData(13, 0, "power of two")]
    [InlineData(14, 0, "must not be 0")]
    [InlineData(16, 0, "must not be 0")]
    [InlineData(17, 1, "FAT16")]
    [InlineData(35, 255, "image only")]
    [InlineData(38, 255, "no room")]
    public void A_wrong_boot_sector_is_refused(int offset, byte value, string message)
    {
        var bytes = Valid.ToArray();
        bytes[offset] = value;
        Refused(bytes, message);
    }

    [Fact]
    public void Chains_in_a_circle_are_refused()
    {
        // Cluster 2 is the root directory.
        var bytes = Valid.ToArray();
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(FatOffset + 8), 2);
        Refused(bytes, "circle");
    }

    [Fact]
    public void A_directory_in_itself_is_refused()
    {
        var bytes = Valid.ToArray();
        var entry = bytes.AsSpan(DataOffset).IndexOf("EFI        "u8) + DataOffset;
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(entry + 26), 2);
        Refused(bytes, "belongs to something else");
    }

    [Theory]
    [InlineData(0u)]
    [InlineData(1u)]
    [InlineData(65527u)]
    [InlineData(0x0ffffff7u)]
    public void Chains_that_leave_the_data_are_refused(uint next)
    {
        var bytes = Valid.ToArray();
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(FatOffset + 8), next);
        Refused(bytes, "leads to cluster");
    }

    [Fact]
    public void A_file_that_is_longer_than_its_chain_is_refused()
    {
        var bytes = Valid.ToArray();
        var entry = bytes.AsSpan(DataOffset).IndexOf("BOOTX64 EFI"u8) + DataOffset;
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(entry + 28), 1025);
        Refused(bytes, "1025 bytes and clusters for 1024 only");
    }

    [Fact]
    public void A_long_name_that_is_not_whole_gives_way_to_the_short_one()
    {
        var bytes = Valid.ToArray();
        var entry = bytes.AsSpan(DataOffset).IndexOf("ALONGE~1EFI"u8) + DataOffset;
        bytes[entry - 32 + 13] ^= 1; // the checksum
        var tree = FatReader.Read(ByteSource.FromMemory(bytes));
        Assert.NotNull(tree.FindFile("EFI/Linux/ALONGE~1.EFI"));
    }

    [Fact]
    public void Whatever_is_changed_only_damage_is_reported()
    {
        var random = new Random(1);
        var places = new[] { (0, 512), (FatOffset, 128), (DataOffset, 10 * 512) };
        var refused = 0;
        for (var i = 0; i < 3000; i++)
        {
            var (start, length) = places[random.Next(places.Length)];
            var count = random.Next(1, 4);
            var undo = new List<(int At, byte Value)>();
            for (var k = 0; k < count; k++)
            {
                var at = start + random.Next(length);
                undo.Add((at, Valid[at]));
                Valid[at] = (byte)random.Next(256);
            }

            try
            {
                foreach (var (_, node) in FatReader.Read(ByteSource.FromMemory(Valid)).Walk()) _ = (node as RegularFile)?.Content.ToArray();
            }
            catch (DamagedInputException)
            {
                refused++;
            }

            undo.Reverse();
            foreach (var (at, value) in undo) Valid[at] = value;
        }

        Assert.InRange(refused, 100, 2900);
    }

    private static void Refused(byte[] bytes, string message) =>
        Assert.Contains(message, Assert.Throws<DamagedInputException>(() => FatReader.Read(ByteSource.FromMemory(bytes))).Message, StringComparison.Ordinal);
}
