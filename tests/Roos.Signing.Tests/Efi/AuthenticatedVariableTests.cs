using CsCheck;
using Roos.Core;
using Roos.Signing.Efi;

namespace Roos.Signing.Tests.Efi;

public sealed class AuthenticatedVariableTests
{
    private static readonly DateTimeOffset Time = new(2026, 11, 23, 4, 5, 6, TimeSpan.Zero);

    private static readonly byte[] List = EfiSignatureList.Write([EfiSignatureList.OfCertificate(TestKeys.Certificate)]);

    [Fact]
    public void A_file_begins_with_the_time_and_ends_with_the_list()
    {
        var file = File(EfiVariable.Signatures);
        Assert.Equal(
            "ea070b17040506" // 2026, November, 23rd, 4:05:06
            + "00" + "00000000" + "0000" + "00" + "00", // pad, nanosecond, time zone, daylight, pad
            Convert.ToHexStringLower(file.AsSpan(0, 16)));
        Assert.Equal("0002f10e" + "9dd2af4adf68ee498aa9347d375665a7", Convert.ToHexStringLower(file.AsSpan(20, 20))); // revision 2.0, a PKCS #7 signature
        Assert.Equal(List, file[^List.Length..]);
    }

    [Fact]
    public void What_is_written_is_read_and_is_good_for_its_variable_alone()
    {
        var variable = AuthenticatedVariable.Read(File(EfiVariable.KeyExchangeKeys));
        Assert.Equal(Time, variable.Time);
        Assert.Equal(List, variable.Content);
        Assert.Null(variable.Verify(EfiVariable.KeyExchangeKeys, TestKeys.Certificate));
        Assert.NotNull(variable.Verify(EfiVariable.PlatformKey, TestKeys.Certificate));
        Assert.NotNull(variable.Verify(EfiVariable.Signatures, TestKeys.Certificate));
        Assert.Contains("CN=Test", variable.Verify(EfiVariable.KeyExchangeKeys, TestKeys.OtherCertificate), StringComparison.Ordinal);
    }

    [Fact]
    public void A_changed_byte_of_time_or_list_is_seen()
    {
        var file = File(EfiVariable.Signatures);
        Gen.Select(Gen.OneOf(Gen.Int[0, 15], Gen.Int[file.Length - List.Length, file.Length - 1]), Gen.Byte[1, 255]).Sample((at, change) =>
        {
            byte[] bytes = [.. file];
            bytes[at] ^= change;
            try
            {
                Assert.NotNull(AuthenticatedVariable.Read(bytes).Verify(EfiVariable.Signatures, TestKeys.Certificate));
            }
            catch (DamagedInputException)
            {
            }
        });
    }

    [Fact]
    public void Any_changed_byte_leads_to_an_answer()
    {
        var file = File(EfiVariable.Signatures);
        Gen.Select(Gen.Int[0, file.Length - 1], Gen.Byte).Sample((at, value) =>
        {
            byte[] bytes = [.. file];
            bytes[at] = value;
            try
            {
                AuthenticatedVariable.Read(bytes).Verify(EfiVariable.Signatures, TestKeys.Certificate);
            }
            catch (DamagedInputException)
            {
            }
        });
    }

    [Fact]
    public void Truncated_files_are_refused()
    {
        var file = File(EfiVariable.Signatures);
        for (var length = 0; length < 40; length++) Assert.Throws<DamagedInputException>(() => AuthenticatedVariable.Read(file.AsSpan(0, length)));
    }

    private static byte[] File(EfiVariable variable)
    {
        var waiting = AuthenticatedVariable.Prepare(variable, Time, List, TestKeys.Certificate);
        return waiting.Complete(TestKeys.Key.Sign(waiting.Digest.AsSpan()));
    }
}
