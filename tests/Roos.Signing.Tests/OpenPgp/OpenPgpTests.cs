using CsCheck;
using Roos.Core;
using Roos.Core.Bytes;
using Roos.Signing.OpenPgp;

namespace Roos.Signing.Tests.OpenPgp;

public sealed class OpenPgpTests
{
    private static readonly DateTimeOffset Made = new(2025, 8, 9, 0, 0, 0, TimeSpan.Zero);

    private static readonly ByteSource Data = ByteSource.FromMemory("digest *name\n"u8.ToArray());

    private static readonly Lazy<byte[]> Keyring = new(() => Sign(OpenPgpKey.Prepare(TestKeys.Key.PublicKey, "Roos <roos@example.org>", Made)));

    [Fact]
    public void A_key_says_who_and_when()
    {
        var key = OpenPgpKey.Read(Keyring.Value);
        Assert.Equal("Roos <roos@example.org>", key.UserId);
        Assert.Equal(Made, key.CreationTime);
        Assert.Equal(TestKeys.Key.PublicKey, key.PublicKey);
        Assert.Equal(20, key.Fingerprint.Length);
        Assert.Equal(Keyring.Value, key.ToKeyring());
    }

    [Fact]
    public void Packets_begin_as_the_format_says()
    {
        // Tag 6 with two bytes of length, version 4, 2025-08-09T00:00:00Z, RSA, 2048 bits.
        Assert.Equal("99010d04" + "68968f80" + "01" + "0800", Convert.ToHexStringLower(Keyring.Value.AsSpan(0, 11)));

        // Tag 2, version 4, over a file, RSA, SHA-256, 29 bytes of hashed subpackets: fingerprint and time.
        Assert.Equal("89013304" + "000108" + "001d" + "1621" + "04", Convert.ToHexStringLower(Signature().AsSpan(0, 12)));
    }

    [Fact]
    public void A_signature_is_good_for_its_data_and_key_alone()
    {
        var key = OpenPgpKey.Read(Keyring.Value);
        var other = OpenPgpKey.Read(Sign(OpenPgpKey.Prepare(TestKeys.Other.PublicKey, "Other", Made), TestKeys.Other));
        var signature = OpenPgpSignature.Read(Signature());
        Assert.Equal(Made.AddDays(1), signature.CreationTime);
        Assert.Null(signature.Verify(Data, key));
        Assert.NotNull(signature.Verify(ByteSource.FromMemory("something else"u8.ToArray()), key));
        Assert.NotNull(signature.Verify(Data, other));
    }

    [Fact]
    public void Any_changed_byte_of_a_signature_leads_to_an_answer()
    {
        var key = OpenPgpKey.Read(Keyring.Value);
        var good = Signature();
        Gen.Select(Gen.Int[0, good.Length - 1], Gen.Byte).Sample((at, value) => Answers(good, at, value, bytes => OpenPgpSignature.Read(bytes).Verify(Data, key)));
    }

    [Fact]
    public void Any_changed_byte_of_a_keyring_leads_to_an_answer() =>
        Gen.Select(Gen.Int[0, Keyring.Value.Length - 1], Gen.Byte).Sample((at, value) => Answers(Keyring.Value, at, value, bytes => OpenPgpKey.Read(bytes)));

    [Fact]
    public void Truncated_and_foreign_bytes_are_refused()
    {
        for (var length = 0; length < 300; length += 7)
        {
            Assert.Throws<DamagedInputException>(() => OpenPgpSignature.Read(Signature().AsSpan(0, length)));
            if (length < 272) Assert.Throws<DamagedInputException>(() => OpenPgpKey.Read(Keyring.Value.AsSpan(0, length)));
        }

        Assert.Throws<DamagedInputException>(() => OpenPgpKey.Read(Signature()));
        Assert.Throws<DamagedInputException>(() => OpenPgpSignature.Read(Keyring.Value));
        Assert.Throws<DamagedInputException>(() => OpenPgpKey.Read("-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n!!!\n-----END PGP PUBLIC KEY BLOCK-----\n"u8));
    }

    [Fact]
    public void Times_that_OpenPGP_cannot_say_are_refused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => OpenPgpKey.Prepare(TestKeys.Key.PublicKey, "", DateTimeOffset.UnixEpoch.AddSeconds(-1)));

    private static byte[] Signature() => Sign(OpenPgpSignature.Prepare(Data, OpenPgpKey.Read(Keyring.Value), Made.AddDays(1)));

    private static byte[] Sign(ToBeSigned waiting, PrivateKey? key = null) => waiting.Complete((key ?? TestKeys.Key).Sign(waiting.Digest.AsSpan()));

    private static void Answers(byte[] good, int at, byte value, Action<byte[]> read)
    {
        byte[] bytes = [.. good];
        bytes[at] = value;
        try
        {
            read(bytes);
        }
        catch (DamagedInputException)
        {
        }
    }
}
