using System.Security.Cryptography;
using Roos.Core.Bytes;
using Roos.Testing;
using Roos.Uki;

namespace Roos.Interop.Tests.Uki;

/// <summary>Digests, certificate tables and what is around them, beside sbsign, systemd-sbsign and osslsigncode, on the real programs of Debian trixie.</summary>
public sealed class AuthenticodeTests : IDisposable
{
    private readonly ScratchFolder _scratch = new();
    private readonly List<FileSource> _open = [];

    public AuthenticodeTests()
    {
        MakeKey("a");
        MakeKey("b");
    }

    public static TheoryData<string> Programs => ["linuxx64.efi.stub", "systemd-bootx64.efi", "addonx64.efi.stub", "vmlinuz", "uki"];

    public void Dispose()
    {
        foreach (var source in _open) source.Dispose();
        _scratch.Dispose();
    }

    [Theory]
    [MemberData(nameof(Programs))]
    public void The_digest_is_that_of_every_signer(string which)
    {
        var program = Program(which);
        var digest = PeDigest.Sha256(Open(program));
        Assert.Equal(digest, PeDigest.Sha256(SignedPe.Plan(Open(program), []).Bytes));

        Judge.Host("sbsign").Must("--key", _scratch["a.key"], "--cert", _scratch["a.crt"], "--output", _scratch["sbsign.efi"], program);
        Judge.InTree("systemd-sbsign").Must("sign", "--private-key=" + _scratch["a.key"], "--certificate=" + _scratch["a.crt"], "--output=" + _scratch["systemd.efi"], program);
        var osslsigncode = Judge.Host("osslsigncode");
        string[] nested = which == "vmlinuz" ? ["-nest"] : []; // a signature that is there already would be replaced
        osslsigncode.Must(["sign", "-h", "sha256", .. nested, "-certs", _scratch["a.crt"], "-key", _scratch["a.key"], "-in", program, "-out", _scratch["ossl.efi"]]);
        foreach (var signer in (string[])["sbsign.efi", "systemd.efi", "ossl.efi"])
        {
            var signed = Open(_scratch[signer]);
            Assert.Equal(digest, PeDigest.Sha256(signed));
            var signature = CertificateTable.Read(signed)[^1];
            Assert.True(signature.AsSpan().IndexOf(digest) > 0, $"{signer} of {which} signs another digest");
        }

        Assert.Contains("Calculated message digest : " + Convert.ToHexString(digest), osslsigncode.Run("verify", "-CAfile", _scratch["a.crt"], _scratch["ossl.efi"]).Output, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Programs))]
    public void A_file_put_together_by_roos_is_the_one_of_sbsign(string which)
    {
        var program = Program(which);
        Judge.Host("sbsign").Must("--key", _scratch["a.key"], "--cert", _scratch["a.crt"], "--output", _scratch["sbsign.efi"], program);
        var theirs = File.ReadAllBytes(_scratch["sbsign.efi"]);
        var ours = SignedPe.Plan(Open(program), CertificateTable.Read(Open(_scratch["sbsign.efi"]))).ToArray();

        // sbsign gives a checksum to files that have none; signing and taking the signature away again should change nothing.
        var checkSum = BitConverter.ToInt32(theirs, 0x3c) + 4 + 20 + 64;
        if (BitConverter.ToUInt32(ours, checkSum) == 0) theirs.AsSpan(checkSum, 4).Clear();
        Assert.Equal(Convert.ToHexString(SHA256.HashData(theirs)), Convert.ToHexString(SHA256.HashData(ours)));
        Assert.Equal(which != "vmlinuz", BitConverter.ToUInt32(ours, checkSum) == 0);
        File.WriteAllBytes(_scratch["ours.efi"], ours);
        Verified("a", "ours.efi");
    }

    [Fact]
    public void Signatures_are_added_and_taken_away()
    {
        var program = Program("systemd-bootx64.efi");
        var unsigned = File.ReadAllBytes(program);
        var signatures = new List<byte[]>();
        foreach (var key in (string[])["a", "b"])
        {
            Judge.Host("sbsign").Must("--key", _scratch[key + ".key"], "--cert", _scratch[key + ".crt"], "--output", _scratch[key + ".efi"], program);
            signatures.Add(Assert.Single(CertificateTable.Read(Open(_scratch[key + ".efi"]))));
        }

        var both = SignedPe.Plan(Open(program), signatures);
        File.WriteAllBytes(_scratch["both.efi"], both.ToArray());
        Verified("a", "both.efi");
        Verified("b", "both.efi");
        Assert.Contains("signature 2", Judge.Host("sbverify").Must("--list", _scratch["both.efi"]), StringComparison.Ordinal);

        File.WriteAllBytes(_scratch["second.efi"], SignedPe.Plan(both.Bytes, [signatures[1]]).ToArray());
        Verified("b", "second.efi");
        Assert.NotEqual(0, Judge.Host("sbverify").Run("--cert", _scratch["a.crt"], _scratch["second.efi"]).ExitCode);
        Assert.Equal(unsigned, SignedPe.Plan(both.Bytes, []).ToArray());
    }

    [Fact]
    public void Debians_signature_of_the_kernel_is_kept_and_taken_away()
    {
        var kernel = Open(Program("vmlinuz"));
        var signatures = CertificateTable.Read(kernel);
        Assert.NotEmpty(signatures);
        Assert.True(signatures[0].AsSpan().IndexOf(PeDigest.Sha256(kernel)) > 0);
        Assert.Equal(kernel.ToArray(), SignedPe.Plan(kernel, signatures).ToArray());
        Assert.False(PeImage.Read(SignedPe.Plan(kernel, []).Bytes).IsSigned);
    }

    private void Verified(string key, string file)
    {
        Assert.Contains("Signature verification OK", Judge.Host("sbverify").Must("--cert", _scratch[key + ".crt"], _scratch[file]), StringComparison.Ordinal);

        // osslsigncode takes a table with two entries for a damaged one.
        if (CertificateTable.Read(Open(_scratch[file])).Count == 1)
            Assert.Contains("Signature verification: ok", Judge.Host("osslsigncode").Must("verify", "-CAfile", _scratch[key + ".crt"], _scratch[file]), StringComparison.Ordinal);
    }

    private void MakeKey(string name) => Judge.Host("openssl").Must(
        "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", _scratch[name + ".key"], "-out", _scratch[name + ".crt"], "-subj", "/CN=" + name, "-days", "3650", "-addext", "extendedKeyUsage=codeSigning");

    /// <summary>A copy in the scratch folder, where judges of the tools tree see it too.</summary>
    private string Program(string which)
    {
        if (Judge.ToolsTree is not { } tree)
        {
            Judge.Missing("the programs that are signed are those of the trixie tools tree, and ROOS_TOOLS_TREE names none");
            return "";
        }

        var kernel = Directory.GetFiles(tree + "/boot", "vmlinuz-*").Order(StringComparer.Ordinal).First();
        var path = _scratch[which + ".program"];
        if (which == "uki")
        {
            var initrd = new byte[8_000_003];
            new Random(1).NextBytes(initrd);
            using var stream = File.Create(path);
            UkiImage.Plan(new UkiOptions
            {
                Stub = Open(tree + "/usr/lib/systemd/boot/efi/linuxx64.efi.stub"),
                Linux = Open(kernel),
                Initrds = [ByteSource.FromMemory(initrd)],
                OsRelease = "ID=debian\n",
                CommandLine = "quiet",
            }).WriteTo(stream);
        }
        else
        {
            File.Copy(which == "vmlinuz" ? kernel : tree + "/usr/lib/systemd/boot/efi/" + which, path, overwrite: true);
        }

        return path;
    }

    private FileSource Open(string path)
    {
        var source = FileSource.Open(path);
        _open.Add(source);
        return source;
    }
}
