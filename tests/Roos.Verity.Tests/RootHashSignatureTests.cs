using System.Text;
using CsCheck;
using Roos.Core;
using Roos.Core.Bytes;

namespace Roos.Verity.Tests;

public sealed class RootHashSignatureTests
{
    private static readonly RootHashSignature Example = new([.. Enumerable.Range(0, 32).Select(i => (byte)i)], [.. Enumerable.Repeat((byte)0xab, 32)], [1, 2, 3, 4]);

    [Fact]
    public void Json_and_then_NULs()
    {
        const string json = "{\"rootHash\":\"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\","
            + "\"certificateFingerprint\":\"abababababababababababababababababababababababababababababababab\",\"signature\":\"AQIDBA==\"}";
        Assert.Equal(json + new string('\0', 16384 - json.Length), Encoding.ASCII.GetString(Example.ToImage(16384).ToArray()));
    }

    [Fact]
    public void What_is_written_is_read()
    {
        var read = RootHashSignature.Read(ByteSource.FromMemory(Example.ToImage(16384).ToArray()));
        Assert.Equal(Example.RootHash, read.RootHash);
        Assert.Equal(Example.CertificateFingerprint, read.CertificateFingerprint);
        Assert.Equal(Example.Signature, read.Signature);
    }

    [Fact]
    public void What_is_signed_is_text() =>
        Assert.Equal("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"u8.ToArray(), RootHashSignature.SignedText(Example.RootHash));

    [Fact]
    public void What_does_not_fit_is_refused() => Assert.Throws<RoosException>(() => Example.ToImage(100));

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("{\"rootHash\":1,\"certificateFingerprint\":\"\",\"signature\":\"\"}")]
    [InlineData("{\"rootHash\":\"zz\",\"certificateFingerprint\":\"\",\"signature\":\"\"}")]
    [InlineData("{\"rootHash\":\"00\",\"certificateFingerprint\":\"00\",\"signature\":\"*\"}")]
    [InlineData("{\"rootHash\":\"00\"}")]
    public void Other_text_is_refused(string text) => Assert.Throws<DamagedInputException>(() => RootHashSignature.Read(ByteSource.FromMemory(Encoding.UTF8.GetBytes(text))));

    [Fact]
    public void Any_bytes_are_read_or_refused()
    {
        var good = Example.ToImage(400).ToArray();
        Gen.Select(Gen.Int[0, good.Length - 1], Gen.Byte).Sample((at, value) =>
        {
            byte[] bytes = [.. good];
            bytes[at] = value;
            try
            {
                RootHashSignature.Read(ByteSource.FromMemory(bytes));
            }
            catch (DamagedInputException)
            {
            }
        });
    }
}
