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
    public void A_changed_byte_makes_a_signature_that_is_not_good()
    {
        var key = OpenPgpKey.Read(Keyring.Value);
        var good = Signature();
        Gen.Select(Gen.Int[0, good.Length - 1], Gen.Byte[1, 255]).Sample((at, flip) =>
            Assert.True(IsFree(good, at) || IsRefused(good, at, flip, bytes => OpenPgpSignature.Read(bytes).Verify(Data, key))));
    }

    [Fact]
    public void A_changed_byte_makes_a_keyring_that_is_refused() => Gen.Select(Gen.Int[0, Keyring.Value.Length - 1], Gen.Byte[1, 255]).Sample((at, flip) =>
        Assert.True(IsFree(Keyring.Value, at) || IsRefused(Keyring.Value, at, flip, bytes => Nothing(OpenPgpKey.Read(bytes)))));

    [Fact]
    public void Any_bytes_lead_to_an_answer() => Gen.Select(Gen.Int[0, Keyring.Value.Length - 1], Gen.Byte.Array[1, 40]).Sample((at, bytes) =>
    {
        byte[] keyring = [.. Keyring.Value.AsSpan(0, at), .. bytes, .. Keyring.Value.AsSpan(Math.Min(Keyring.Value.Length, at + bytes.Length))];
        IsRefused(keyring, 0, 0, changed => OpenPgpKey.Read(changed).UserId);
        IsRefused(bytes, 0, 0, changed => OpenPgpSignature.Read(changed).Verify(Data, OpenPgpKey.Read(Keyring.Value)));
    });

    [Fact]
    public void Of_several_keys_the_first_that_will_do_is_taken_as_it_is()
    {
        byte[] stranger = [0x98, 0x07, 4, 0, 0, 0, 0, 22, 0]; // version 4, EdDSA
        byte[] trust = [0xb0, 0x02, 0, 0];
        byte[] several = [.. stranger, .. Keyring.Value, .. trust, .. stranger];
        var key = OpenPgpKey.Read(several);
        Assert.Equal([.. Keyring.Value, .. trust], key.ToKeyring());
        Assert.Contains("found algorithm 22", Assert.Throws<DamagedInputException>(() => OpenPgpKey.Read(stranger)).Message, StringComparison.Ordinal);

        // Another form of header, as newer programs write it: nothing is written anew.
        byte[] newer = [0xc6, 0xff, 0, 0, .. Keyring.Value.AsSpan(1)];
        Assert.Equal(newer, OpenPgpKey.Read(newer).ToKeyring());
        Assert.Equal(key.Fingerprint, OpenPgpKey.Read(newer).Fingerprint);
    }

    [Fact]
    public void A_key_that_another_key_binds_is_refused()
    {
        var foreign = Sign(OpenPgpKey.Prepare(TestKeys.Key.PublicKey, "Roos <roos@example.org>", Made), TestKeys.Other);
        Assert.Contains("not bound to a user ID", Assert.Throws<DamagedInputException>(() => OpenPgpKey.Read(foreign)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Truncated_and_foreign_bytes_are_refused()
    {
        for (var length = 0; length < 300; length += 7)
        {
            Assert.Throws<DamagedInputException>(() => OpenPgpSignature.Read(Signature().AsSpan(0, length)));
        }

        for (var length = 0; length < Keyring.Value.Length; length += 11) Assert.Throws<DamagedInputException>(() => OpenPgpKey.Read(Keyring.Value.AsSpan(0, length)));
        Assert.Throws<DamagedInputException>(() => OpenPgpKey.Read(Signature()));
        Assert.Throws<DamagedInputException>(() => OpenPgpSignature.Read(Keyring.Value));
        Assert.Throws<DamagedInputException>(() => OpenPgpKey.Read("-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n!!!\n-----END PGP PUBLIC KEY BLOCK-----\n"u8));
    }

    [Theory]
    [InlineData("Roos", -1)]
    [InlineData("Roos", 1L << 32)]
    [InlineData("", 0)]
    [InlineData("two\nlines", 0)]
    public void What_OpenPGP_cannot_say_is_refused(string userId, long seconds) =>
        Assert.Throws<RoosException>(() => OpenPgpKey.Prepare(TestKeys.Key.PublicKey, userId, DateTimeOffset.FromUnixTimeSeconds(seconds)));

    [Fact]
    public void A_user_ID_with_half_a_character_is_refused() =>
        Assert.Throws<RoosException>(() => OpenPgpKey.Prepare(TestKeys.Key.PublicKey, "half " + (char)0xd800, Made));

    [Fact]
    public void A_signature_is_not_older_than_its_key()
    {
        var key = OpenPgpKey.Read(Keyring.Value);
        Assert.Contains("older than its key", Assert.Throws<RoosException>(() => OpenPgpSignature.Prepare(Data, key, Made.AddSeconds(-1))).Message, StringComparison.Ordinal);
        Assert.Null(OpenPgpSignature.Read(Sign(OpenPgpSignature.Prepare(Data, key, Made))).Verify(Data, key));
    }

    private static string? Nothing(OpenPgpKey key) => key.UserId.Length == 0 ? "no user" : null;

    private static byte[] Signature() => Sign(OpenPgpSignature.Prepare(Data, OpenPgpKey.Read(Keyring.Value), Made.AddDays(1)));

    private static byte[] Sign(ToBeSigned waiting, PrivateKey? key = null) => waiting.Complete((key ?? TestKeys.Key).Sign(waiting.Digest.AsSpan()));

    // Neither signed nor needed: the header of the issuer's subpacket and the number's length in bits, before 256 bytes of number.
    private static bool IsFree(byte[] good, int at) => good.Length - at is 270 or 269 or 258 or 257;

    private static bool IsRefused(byte[] good, int at, int flip, Func<byte[], string?> read)
    {
        byte[] bytes = [.. good];
        bytes[at] ^= (byte)flip;
        try
        {
            return read(bytes) is not null;
        }
        catch (DamagedInputException)
        {
            return true;
        }
    }
}
