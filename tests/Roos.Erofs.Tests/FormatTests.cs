using System.Runtime.CompilerServices;
using Roos.Erofs.Format;

namespace Roos.Erofs.Tests;

public sealed class FormatTests
{
    [Fact]
    public void Structs_have_the_sizes_of_the_kernel()
    {
        Assert.Equal(128, Unsafe.SizeOf<RawSuperblock>());
        Assert.Equal(8, Unsafe.SizeOf<RawZstdConfiguration>());
        Assert.Equal(32, Unsafe.SizeOf<RawCompactInode>());
        Assert.Equal(64, Unsafe.SizeOf<RawExtendedInode>());
        Assert.Equal(12, Unsafe.SizeOf<RawDirent>());
        Assert.Equal(12, Unsafe.SizeOf<RawXattrHeader>());
        Assert.Equal(4, Unsafe.SizeOf<RawXattrEntry>());
        Assert.Equal(8, Unsafe.SizeOf<RawMapHeader>());
        Assert.Equal(8, Unsafe.SizeOf<RawLogicalCluster>());
    }

    [Fact]
    public void Checksum_is_crc32c_without_final_inversion() =>
        Assert.Equal(~0xe3069283u, Crc32C.Compute(uint.MaxValue, "123456789"u8)); // the check value of CRC-32C is inverted
}
