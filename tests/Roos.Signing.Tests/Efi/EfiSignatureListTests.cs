using System.Buffers.Binary;
using CsCheck;
using Roos.Core;
using Roos.Core.Identity;
using Roos.Signing.Efi;

namespace Roos.Signing.Tests.Efi;

public sealed class EfiSignatureListTests
{
    private static readonly Uuid Owner = Uuid.Parse("77fa9abd-0359-4d32-bd60-28f4e78f784b");

    [Fact]
    public void A_list_of_two_digests_byte_by_byte()
    {
        byte[] one = [.. Enumerable.Repeat((byte)0x11, 32)], two = [.. Enumerable.Repeat((byte)0x22, 32)];
        const string expected =
            "2616c4c14c509240aca941f936934328" // EFI_CERT_SHA256_GUID, mixed-endian
            + "7c000000" // SignatureListSize: 28 + 2 * 48
            + "00000000" // SignatureHeaderSize
            + "30000000" // SignatureSize: 16 + 32
            + "bd9afa775903324dbd6028f4e78f784b" + "1111111111111111111111111111111111111111111111111111111111111111"
            + "bd9afa775903324dbd6028f4e78f784b" + "2222222222222222222222222222222222222222222222222222222222222222";
        Assert.Equal(expected, Convert.ToHexStringLower(EfiSignatureList.Write([EfiSignatureList.OfDigests([one, two], Owner)])));
    }

    [Fact]
    public void What_is_written_is_read()
    {
        var bytes = EfiSignatureList.Write([EfiSignatureList.OfCertificate(TestKeys.Certificate), EfiSignatureList.OfDigests([new byte[32]], Owner)]);
        var lists = EfiSignatureList.Read(bytes);
        Assert.Equal([EfiSignatureList.X509, EfiSignatureList.Sha256], lists.Select(list => list.Type));
        Assert.Equal(TestKeys.Certificate.Der, lists[0].Signatures.Single().Data);
        Assert.Equal(Owner, lists[1].Signatures.Single().Owner);
        Assert.Equal(bytes, EfiSignatureList.Write(lists));
    }

    [Theory]
    [InlineData(16, 0u)] // SignatureListSize
    [InlineData(16, 27u)]
    [InlineData(16, 28u)]
    [InlineData(16, uint.MaxValue)]
    [InlineData(20, 1u)] // SignatureHeaderSize
    [InlineData(20, uint.MaxValue)]
    [InlineData(24, 0u)] // SignatureSize
    [InlineData(24, 16u)]
    [InlineData(24, 47u)]
    [InlineData(24, uint.MaxValue)]
    public void Lengths_that_do_not_fit_are_refused(int field, uint value)
    {
        var bytes = EfiSignatureList.Write([EfiSignatureList.OfDigests([new byte[32], new byte[32]])]);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(field), value);
        Assert.Throws<DamagedInputException>(() => EfiSignatureList.Read(bytes));
    }

    [Fact]
    public void Any_bytes_are_lists_or_refused()
    {
        var list = EfiSignatureList.Write([EfiSignatureList.OfDigests([new byte[32], new byte[32]])]);
        Gen.Select(Gen.Int[0, list.Length], Gen.Int[0, 27], Gen.Byte).Sample((length, at, value) =>
        {
            byte[] bytes = [.. list[..length]];
            if (at < length) bytes[at] = value;
            try
            {
                Assert.Equal(bytes, EfiSignatureList.Write(EfiSignatureList.Read(bytes)));
            }
            catch (DamagedInputException)
            {
            }
        });
    }
}
