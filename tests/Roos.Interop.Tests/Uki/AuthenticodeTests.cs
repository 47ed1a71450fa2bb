using System.Security.Cryptography;
using Roos.Core.Bytes;
using Roos.Testing;
using Roos.Uki;

namespace Roos.Interop.Tests.Uki;

/// <summary>Digests, certificate tables and what is around them, beside sbsign, systemd-sbsign and osslsigncode, on the real programs of Debian trixie.</summary>
public sealed class AuthenticodeTests : IDisposable
{
    private readonly TrixiePrograms _programs = new();

    public AuthenticodeTests()
    {
        _programs.MakeKey("a");
        _programs.MakeKey("b");
    }

    public static TheoryData<string> Programs => TrixiePrograms.Names;

    public void Dispose() => _programs.Dispose();

    [Theory]
    [MemberData(nameof(Programs))]
    public void The_digest_is_that_of_every_signer(string which)
    {
        var program = _programs.Copy(which);
        var digest = PeDigest.Sha256(_programs.Open(program));
        Assert.Equal(digest, PeDigest.Sha256(SignedPe.Plan(_programs.Open(program), []).Bytes));

        Judge.Host("sbsign").Must("--key", _programs.Path("a.key"), "--cert", _programs.Path("a.crt"), "--output", _programs.Path("sbsign.efi"), program);
        Judge.InTree("systemd-sbsign").Must("sign", "--private-key=" + _programs.Path("a.key"), "--certificate=" + _programs.Path("a.crt"), "--output=" + _programs.Path("systemd.efi"), program);
        var osslsigncode = Judge.Host("osslsigncode");
        string[] nested = which == "vmlinuz" ? ["-nest"] : []; // a signature that is there already would be replaced
        osslsigncode.Must(["sign", "-h", "sha256", .. nested, "-certs", _programs.Path("a.crt"), "-key", _programs.Path("a.key"), "-in", program, "-out", _programs.Path("ossl.efi")]);
        foreach (var signer in (string[])["sbsign.efi", "systemd.efi", "ossl.efi"])
        {
            var signed = _programs.Open(_programs.Path(signer));
            Assert.Equal(digest, PeDigest.Sha256(signed));
            var signature = CertificateTable.Read(signed)[^1];
            Assert.True(signature.AsSpan().IndexOf(digest) > 0, $"{signer} of {which} signs another digest");
        }

        Assert.Contains("Calculated message digest : " + Convert.ToHexString(digest), osslsigncode.Run("verify", "-CAfile", _programs.Path("a.crt"), _programs.Path("ossl.efi")).Output, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Programs))]
    public void A_file_put_together_by_roos_is_the_one_of_sbsign(string which)
    {
        var program = _programs.Copy(which);
        Judge.Host("sbsign").Must("--key", _programs.Path("a.key"), "--cert", _programs.Path("a.crt"), "--output", _programs.Path("sbsign.efi"), program);
        var theirs = File.ReadAllBytes(_programs.Path("sbsign.efi"));
        var ours = SignedPe.Plan(_programs.Open(program), CertificateTable.Read(_programs.Open(_programs.Path("sbsign.efi")))).ToArray();

        // sbsign gives a checksum to files that have none; signing and taking the signature away again should change nothing.
        var checkSum = BitConverter.ToInt32(theirs, 0x3c) + 4 + 20 + 64;
        if (BitConverter.ToUInt32(ours, checkSum) == 0) theirs.AsSpan(checkSum, 4).Clear();
        Assert.Equal(Convert.ToHexString(SHA256.HashData(theirs)), Convert.ToHexString(SHA256.HashData(ours)));
        Assert.Equal(which != "vmlinuz", BitConverter.ToUInt32(ours, checkSum) == 0);
        File.WriteAllBytes(_programs.Path("ours.efi"), ours);
        Verified("a", "ours.efi");
    }

    [Fact]
    public void Signatures_are_added_and_taken_away()
    {
        var program = _programs.Copy("systemd-bootx64.efi");
        var unsigned = File.ReadAllBytes(program);
        var signatures = new List<byte[]>();
        foreach (var key in (string[])["a", "b"])
        {
            Judge.Host("sbsign").Must("--key", _programs.Path(key + ".key"), "--cert", _programs.Path(key + ".crt"), "--output", _programs.Path(key + ".efi"), program);
            signatures.Add(Assert.Single(CertificateTable.Read(_programs.Open(_programs.Path(key + ".efi")))));
        }

        var both = SignedPe.Plan(_programs.Open(program), signatures);
        File.WriteAllBytes(_programs.Path("both.efi"), both.ToArray());
        Verified("a", "both.efi");
        Verified("b", "both.efi");
        Assert.Contains("signature 2", Judge.Host("sbverify").Must("--list", _programs.Path("both.efi")), StringComparison.Ordinal);

        File.WriteAllBytes(_programs.Path("second.efi"), SignedPe.Plan(both.Bytes, [signatures[1]]).ToArray());
        Verified("b", "second.efi");
        Assert.NotEqual(0, Judge.Host("sbverify").Run("--cert", _programs.Path("a.crt"), _programs.Path("second.efi")).ExitCode);
        Assert.Equal(unsigned, SignedPe.Plan(both.Bytes, []).ToArray());
    }

    [Fact]
    public void Debians_signature_of_the_kernel_is_kept_and_taken_away()
    {
        var kernel = _programs.Open(_programs.Copy("vmlinuz"));
        var signatures = CertificateTable.Read(kernel);
        Assert.NotEmpty(signatures);
        Assert.True(signatures[0].AsSpan().IndexOf(PeDigest.Sha256(kernel)) > 0);
        Assert.Equal(kernel.ToArray(), SignedPe.Plan(kernel, signatures).ToArray());
        Assert.False(PeImage.Read(SignedPe.Plan(kernel, []).Bytes).IsSigned);
    }

    private void Verified(string key, string file)
    {
        Assert.Contains("Signature verification OK", Judge.Host("sbverify").Must("--cert", _programs.Path(key + ".crt"), _programs.Path(file)), StringComparison.Ordinal);

        // osslsigncode takes a table with two entries for a damaged one.
        if (CertificateTable.Read(_programs.Open(_programs.Path(file))).Count == 1)
            Assert.Contains("Signature verification: ok", Judge.Host("osslsigncode").Must("verify", "-CAfile", _programs.Path(key + ".crt"), _programs.Path(file)), StringComparison.Ordinal);
    }
}
