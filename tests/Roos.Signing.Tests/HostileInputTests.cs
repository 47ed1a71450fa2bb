using System.Security.Cryptography;
using System.Text;
using Roos.Core;

namespace Roos.Signing.Tests;

/// <summary>What is read may come from anybody: only <see cref="RoosException"/> leaves a reader, and soon.</summary>
public sealed class HostileInputTests
{
    private static readonly byte[] Digest = SHA256.HashData("program"u8);

    private static readonly Lazy<byte[]> Program = new(() => Sign(AuthenticodeSignature.Prepare(Digest, TestKeys.Certificate, TestKeys.Start)));

    private static readonly Lazy<byte[]> Detached = new(() => Sign(DetachedCms.Prepare(Digest, TestKeys.Certificate)));

    [Fact]
    public void Damaged_signatures_of_programs_are_refused_or_not_good()
    {
        Mutations.Try(Program.Value, 400, mutant =>
        {
            var signature = AuthenticodeSignature.Read(mutant);
            if (signature.Verify(Digest, TestKeys.Certificate) is null) Assert.True(SameMeaning(mutant, Program.Value), "a mutant is good: " + Convert.ToHexStringLower(mutant));
        });
    }

    [Fact]
    public void Damaged_detached_signatures_are_not_good()
    {
        Mutations.Try(Detached.Value, 400, mutant =>
        {
            if (DetachedCms.Verify(mutant, Digest, TestKeys.Certificate) is null) Assert.True(SameMeaning(mutant, Detached.Value), "a mutant is good: " + Convert.ToHexStringLower(mutant));
        });
    }

    [Fact]
    public void Damaged_certificates_and_public_keys_are_refused_or_read()
    {
        Mutations.Try([.. TestKeys.Certificate.Der], 400, mutant =>
        {
            var certificate = Certificate.Read(mutant);
            KeyCheck.All(TestKeys.Key.PublicKey, certificate, TestKeys.Start);
            DetachedCms.Verify(Detached.Value, Digest, certificate);
        });
        Mutations.Try(Encoding.ASCII.GetBytes(TestKeys.Certificate.ToPem()), 100, mutant => Certificate.Read(mutant));
        Mutations.Try(TestKeys.Key.PublicKey.ToSubjectPublicKeyInfo(), 200, mutant => RsaPublicKey.ReadPem(PemEncoding.WriteString("PUBLIC KEY", mutant)).Verify(Digest, new byte[256]));
    }

    [Theory]
    [InlineData("3080")]
    [InlineData("3084ffffffff")]
    [InlineData("308000")]
    [InlineData("a080")]
    [InlineData("2480")]
    public void Nesting_without_end_ends(string repeated)
    {
        var unit = Convert.FromHexString(repeated);
        byte[] bytes = [.. Enumerable.Repeat(unit, 60000 / unit.Length).SelectMany(value => value)];
        Assert.Throws<DamagedInputException>(() => Certificate.Read(bytes));
        Assert.Throws<DamagedInputException>(() => Certificate.Read(Encoding.ASCII.GetBytes(PemEncoding.WriteString("CERTIFICATE", bytes.AsSpan(0, 40000)))));
        Assert.Throws<DamagedInputException>(() => AuthenticodeSignature.Read(bytes));
        Assert.Throws<DamagedInputException>(() => RsaPublicKey.ReadPem(PemEncoding.WriteString("PUBLIC KEY", bytes.AsSpan(0, 40000))));
        Assert.Throws<DamagedInputException>(() => PrivateKey.ReadPem(PemEncoding.WriteString("PRIVATE KEY", bytes.AsSpan(0, 40000)), null));
        Assert.Throws<DamagedInputException>(() => PrivateKey.ReadPem(PemEncoding.WriteString("ENCRYPTED PRIVATE KEY", bytes.AsSpan(0, 40000)), "pass"));
        Assert.NotNull(DetachedCms.Verify(bytes, Digest, TestKeys.Certificate));
    }

    [Fact]
    public void Deep_nesting_with_true_lengths_ends()
    {
        // From the inside out: each a SEQUENCE around all before, in DER, as deep as 60 KB can be.
        var parts = new List<byte[]>();
        var length = 0;
        while (length < 60000)
        {
            byte[] part = length < 128 ? [0x30, (byte)length] : length < 256 ? [0x30, 0x81, (byte)length] : [0x30, 0x82, (byte)(length >> 8), (byte)(length & 0xff)];
            parts.Add(part);
            length += part.Length;
        }

        parts.Reverse();
        byte[] bytes = [.. parts.SelectMany(part => part)];
        Assert.Throws<DamagedInputException>(() => Certificate.Read(bytes));
        Assert.Throws<DamagedInputException>(() => AuthenticodeSignature.Read(bytes));
    }

    [Fact]
    public void A_signature_that_is_too_large_is_refused()
    {
        var error = Assert.Throws<DamagedInputException>(() => AuthenticodeSignature.Read(new byte[(1 << 20) + 1]));
        Assert.Equal("a signature has at most 1048576 bytes; found 1048577", error.Message);
    }

    [Fact]
    public void Zeros_may_follow_a_signature_and_nothing_else()
    {
        Assert.Null(DetachedCms.Verify((byte[])[.. Detached.Value, 0, 0, 0], Digest, TestKeys.Certificate));
        Assert.Null(AuthenticodeSignature.Read((byte[])[.. Program.Value, 0, 0, 0]).Verify(Digest, TestKeys.Certificate));
        Assert.Contains("something follows it", DetachedCms.Verify((byte[])[.. Detached.Value, 0, 1], Digest, TestKeys.Certificate), StringComparison.Ordinal);
    }

    [Fact]
    public void One_kind_of_signature_does_not_pass_for_the_other()
    {
        Assert.Contains("not made to stand beside", DetachedCms.Verify(Program.Value, Digest, TestKeys.Certificate), StringComparison.Ordinal);
        Assert.Contains("must have SpcIndirectDataContent", Assert.Throws<DamagedInputException>(() => AuthenticodeSignature.Read(Detached.Value)).Message, StringComparison.Ordinal);
    }

    private static byte[] Sign(ToBeSigned waiting) => waiting.Complete(TestKeys.Key.Sign(waiting.Digest.AsSpan()));

    // Versions, the list of digests, the certificate that goes with the signature and names of algorithms that mean the same are not
    // signed: a change there leaves a signature good, and what is checked of it is that of the certificate that was given.
    private static bool SameMeaning(byte[] mutant, byte[] valid)
    {
        var signature = valid.AsSpan(valid.Length - 256);
        return mutant.AsSpan().IndexOf(signature) >= 0;
    }
}
