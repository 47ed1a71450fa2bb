using CsCheck;
using Roos.Core;
using Roos.Core.Bytes;

namespace Roos.Verity.Tests;

public sealed class VerityVolumeTests
{
    private readonly byte[] _data = Pattern.Blocks(300);
    private readonly byte[] _device;
    private readonly byte[] _rootHash;

    public VerityVolumeTests()
    {
        var tree = Pattern.Tree(_data);
        _device = tree.HashDevice.ToArray();
        _rootHash = tree.RootHash;
    }

    [Fact]
    public void What_was_written_verifies()
    {
        var verdict = Verify();
        Assert.True(verdict.IsValid);
        Assert.Equal("The data matches the root hash.", verdict.ToString());
    }

    [Fact]
    public void The_rest_of_a_slot_is_not_looked_at()
    {
        var slot = new byte[_data.Length + 8192];
        _data.CopyTo(slot, 0);
        slot[^1] = 1;
        Assert.True(VerityVolume.Open(Pattern.Source(_device)).Verify(Pattern.Source(slot), _rootHash).IsValid);
    }

    /// <summary>Faults and positions as veritysetup 2.6.1 reports them for the same damage.</summary>
    [Fact]
    public void The_first_corrupt_data_block_is_named()
    {
        _data[(250 * 4096) + 5] ^= 1;
        _data[(200 * 4096) + 5] ^= 1;
        var verdict = Verify();
        Assert.Equal(new VerityVerdict(VerityFault.Data, 819_200), verdict);
        Assert.Equal("Verification failed at position 819200: data block 200 is corrupted.", verdict.ToString());
    }

    [Theory]
    [InlineData((2 * 4096) + 64, VerityFault.Data, 2 * 4096)]             // the digest of data block 2
    [InlineData(4096 + 3, VerityFault.Tree, 2 * 4096)]                    // the digest of leaf block 0
    [InlineData(4096 + 33, VerityFault.Tree, 3 * 4096)]                   // the digest of leaf block 1
    [InlineData((4 * 4096) + 4000, VerityFault.SpareArea, (4 * 4096) + (44 * 32))]
    [InlineData(4096 + 4000, VerityFault.SpareArea, 4096 + 96)]
    public void Damage_in_the_tree_is_found(int offset, VerityFault fault, int position)
    {
        _device[offset] ^= 1;
        Assert.Equal(new VerityVerdict(fault, position), Verify());
    }

    [Fact]
    public void Another_root_hash_is_refused()
    {
        _rootHash[31] ^= 1;
        Assert.Equal(VerityFault.RootHash, Verify().Fault);
        Assert.Contains("32 bytes", Assert.Throws<RoosException>(() => VerityVolume.Open(Pattern.Source(_device)).Verify(Pattern.Source(_data), _rootHash.AsSpan(1))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Another_salt_is_noticed()
    {
        _device[88] ^= 1;
        Assert.Equal(new VerityVerdict(VerityFault.Data, 0), Verify());
    }

    [Fact]
    public void A_single_block_has_no_tree_and_is_still_verified()
    {
        var data = Pattern.Blocks(1);
        var tree = Pattern.Tree(data);
        var volume = VerityVolume.Open(Pattern.Source(tree.HashDevice.ToArray()));
        Assert.True(volume.Verify(Pattern.Source(data), tree.RootHash).IsValid);
        data[4095] ^= 1;
        Assert.Equal(VerityFault.RootHash, volume.Verify(Pattern.Source(data), tree.RootHash).Fault);
    }

    [Fact]
    public void Short_devices_are_refused()
    {
        Assert.Contains("300 blocks", Assert.Throws<DamagedInputException>(() => VerityVolume.Open(Pattern.Source(_device)).Verify(Pattern.Source(_data[..^1]), _rootHash)).Message, StringComparison.Ordinal);
        Assert.Contains("ends at 20480", Assert.Throws<DamagedInputException>(() => VerityVolume.Open(Pattern.Source(_device[..^1])).Verify(Pattern.Source(_data), _rootHash)).Message, StringComparison.Ordinal);
        Assert.Throws<DamagedInputException>(() => VerityVolume.Open(Pattern.Source(_device[..511])));
        Assert.Throws<DamagedInputException>(() => VerityVolume.Open(Pattern.Source([])));
    }

    /// <summary>Whatever the superblock claims: a verdict or a RoosException, and never unbounded work.</summary>
    [Fact]
    public void A_hostile_superblock_is_refused_or_judged() =>
        Gen.Select(Gen.Int[0, 127], Gen.Byte, Gen.Int[0, 127], Gen.Byte).Sample(
            (first, firstValue, second, secondValue) =>
            {
                var device = (byte[])_device.Clone();
                device[first] = firstValue;
                device[second] = secondValue;
                try
                {
                    VerityVolume.Open(Pattern.Source(device)).Verify(Pattern.Source(_data), _rootHash);
                }
                catch (RoosException)
                {
                    // one clear sentence is what is asked for
                }
            },
            iter: 2000);

    private VerityVerdict Verify() => VerityVolume.Open(Pattern.Source(_device)).Verify(Pattern.Source(_data), _rootHash, workers: 2);
}
