using System.Security.Cryptography;
using System.Text.Json;
using Roos.Core.Bytes;
using Roos.Testing;
using Roos.Uki;

namespace Roos.Interop.Tests.Uki;

/// <summary><c>roos uki</c> and <c>roos measure</c> as they are typed, with the verdicts of sbverify and osslsigncode on the real programs of Debian trixie.</summary>
public sealed class UkiCommandTests : IDisposable
{
    private readonly TrixiePrograms _programs = new();
    private readonly Judge _roos = RoosProgram.Judge();

    public UkiCommandTests()
    {
        _programs.MakeKey("a");
        _programs.MakeKey("b");
    }

    public static TheoryData<string> Programs => TrixiePrograms.Names;

    public void Dispose() => _programs.Dispose();

    [Theory]
    [MemberData(nameof(Programs))]
    public void What_roos_signed_is_accepted_and_unsigning_gives_back_the_file(string which)
    {
        var program = _programs.Copy(which);
        var before = File.ReadAllBytes(program);
        Sign("a", program);
        Assert.Contains("Signature verification OK", Judge.Host("sbverify").Must("--cert", Path("a.crt"), program), StringComparison.Ordinal);
        Assert.Contains("Signature verification: ok", Judge.Host("osslsigncode").Must("verify", "-CAfile", Path("a.crt"), program), StringComparison.Ordinal);
        Assert.NotEqual(0, Judge.Host("sbverify").Run("--cert", Path("b.crt"), program).ExitCode);

        var first = File.ReadAllBytes(program);
        Sign("a", program);
        Assert.Equal(first, File.ReadAllBytes(program));

        _roos.Must("uki", "unsign", program);
        var unsigned = which == "vmlinuz" ? SignedPe.Plan(ByteSource.FromMemory(before), []).ToArray() : before; // Debian's signature was replaced
        Assert.Equal(unsigned, File.ReadAllBytes(program));
    }

    [Fact]
    public void Several_signatures_are_kept_apart()
    {
        var program = _programs.Copy("systemd-bootx64.efi");
        var digest = _roos.Must("uki", "digest", program).Trim();
        Sign("a", program);
        Sign("b", program, "--append");
        Sign("b", program, "--append"); // twice the same is once
        Assert.Equal(digest, _roos.Must("uki", "digest", program).Trim());
        foreach (var key in (string[])["a", "b"])
        {
            Assert.Contains("Signature verification OK", Judge.Host("sbverify").Must("--cert", Path(key + ".crt"), program), StringComparison.Ordinal);
            Assert.Contains($"by CN={key}: good", _roos.Must("uki", "verify", program, "--certificate", Path(key + ".crt")), StringComparison.Ordinal);
        }

        Assert.Contains("counted from 0", Failed("uki", "unsign", program, "--index", "2"), StringComparison.Ordinal);
        var other = program + ".b";
        _roos.Must("uki", "unsign", program, "--index", "0", "--output", other);
        Assert.Equal(2, CertificateTable.Read(_programs.Open(program)).Count);
        Assert.Contains("signature 0 by CN=b: good", _roos.Must("uki", "verify", other, "--certificate", Path("b.crt")), StringComparison.Ordinal);
        Assert.Contains("no signature of CN=a is good", Failed("uki", "verify", other, "--certificate", Path("a.crt")), StringComparison.Ordinal);
    }

    [Fact]
    public void Signatures_of_others_are_verified_and_changed_files_are_not()
    {
        var program = _programs.Copy("linuxx64.efi.stub");
        Assert.Contains("is not signed", Failed("uki", "verify", program, "--certificate", Path("a.crt")), StringComparison.Ordinal);
        Judge.Host("sbsign").Must("--key", Path("a.key"), "--cert", Path("a.crt"), "--output", Path("sbsign.efi"), program);
        Judge.InTree("systemd-sbsign").Must("sign", "--private-key=" + Path("a.key"), "--certificate=" + Path("a.crt"), "--output=" + Path("systemd.efi"), program);
        Judge.Host("osslsigncode").Must("sign", "-h", "sha256", "-certs", Path("a.crt"), "-key", Path("a.key"), "-in", program, "-out", Path("ossl.efi"));
        foreach (var signer in (string[])["sbsign.efi", "systemd.efi", "ossl.efi"])
        {
            Assert.Contains("signature 0 by CN=a: good", _roos.Must("uki", "verify", Path(signer), "--certificate", Path("a.crt")), StringComparison.Ordinal);
            Assert.Contains("and not from CN=b", _roos.Run("uki", "verify", Path(signer), "--certificate", Path("b.crt")).Output, StringComparison.Ordinal);
            var bytes = File.ReadAllBytes(Path(signer));
            bytes[0x1000] ^= 1;
            File.WriteAllBytes(Path(signer), bytes);
            Assert.Contains("the program was changed", _roos.Run("uki", "verify", Path(signer), "--certificate", Path("a.crt")).Output, StringComparison.Ordinal);
            Failed("uki", "verify", Path(signer), "--certificate", Path("a.crt"));
        }
    }

    [Fact]
    public void Nothing_is_written_where_signing_fails()
    {
        var program = _programs.Copy("addonx64.efi.stub");
        var before = SHA256.HashData(File.ReadAllBytes(program));
        Assert.Contains("is that of another key", Failed("uki", "sign", program, "--key", Path("a.key"), "--certificate", Path("b.crt")), StringComparison.Ordinal);
        Failed("uki", "sign", program, "--key", program, "--certificate", Path("b.crt"));
        Failed("uki", "sign", program, "--key", Path("a.key"), "--certificate", program);
        Failed("uki", "sign", Path("a.key"), "--key", Path("a.key"), "--certificate", Path("a.crt"));
        Failed("uki", "unsign", Path("a.key"));
        Assert.Equal(2, _roos.Run("uki", "sign", program).ExitCode);
        Assert.Equal(before, SHA256.HashData(File.ReadAllBytes(program)));
        Assert.Empty(Directory.GetDirectories(System.IO.Path.GetDirectoryName(program)!));
    }

    [Fact]
    public void Encrypted_keys_are_opened_with_their_pass_phrase()
    {
        var program = _programs.Copy("addonx64.efi.stub");
        Judge.Host("openssl").Must("pkcs8", "-topk8", "-v2", "aes-256-cbc", "-in", Path("a.key"), "-out", Path("locked.key"), "-passout", "pass:so long");
        File.WriteAllText(Path("pass"), "so long\nno part of it\n");
        File.WriteAllText(Path("wrong"), "too short\n");
        string[] sign = ["uki", "sign", program, "--key", Path("locked.key"), "--certificate", Path("a.crt")];
        Assert.Contains("pass phrase", Failed([.. sign, "--passphrase-file", Path("wrong")]), StringComparison.Ordinal);
        Assert.Contains("pass phrase", Failed(sign), StringComparison.Ordinal);
        Assert.Contains("is not signed", Failed("uki", "verify", program, "--certificate", Path("a.crt")), StringComparison.Ordinal);
        _roos.Must([.. sign, "--passphrase-file", Path("pass")]);
        _roos.Must("uki", "verify", program, "--certificate", Path("a.crt"));
    }

    [Fact]
    public void Predictions_are_printed_as_systemd_measure_prints_them()
    {
        var program = _programs.Copy("uki");
        var said = _roos.Must("measure", program);
        var expected = PcrPrediction.Of(UkiReader.Read(_programs.Open(program)));
        Assert.Equal(expected.Count, said.Split('\n').Count(line => line.StartsWith("11:", StringComparison.Ordinal)));
        Assert.StartsWith("# PCR[11] Profile 0 Phase <enter-initrd>\n11:sha1=", said, StringComparison.Ordinal);
        foreach (var value in expected) Assert.Contains($"11:{value.Bank.Name()}={Convert.ToHexStringLower(value.Value.AsSpan())}\n", said, StringComparison.Ordinal);
        Sign("a", program);
        Assert.Equal(said, _roos.Must("measure", program));

        using var json = JsonDocument.Parse(_roos.Must("measure", program, "--json", "--bank", "SHA256", "--phase", "enter-initrd", "--profile", "0"));
        var profile = Assert.Single(json.RootElement.GetProperty("profiles").EnumerateArray());
        var entry = Assert.Single(profile.GetProperty("predictions").GetProperty("sha256").EnumerateArray());
        Assert.Equal(Convert.ToHexStringLower(expected[4].Value.AsSpan()), entry.GetProperty("hash").GetString());
        Assert.Equal(Convert.ToHexStringLower(new PcrPolicy(expected[4]).Digest.AsSpan()), entry.GetProperty("policy").GetString());

        Assert.Equal(2, _roos.Run("measure", program, "--bank", "md5").ExitCode);
        Assert.Contains("has no profile x; it has 0", Failed("measure", program, "--profile", "x"), StringComparison.Ordinal);
        Assert.Contains("no .linux section", Failed("measure", _programs.Copy("vmlinuz")), StringComparison.Ordinal);
    }

    [Fact]
    public void Build_makes_what_ukify_makes_and_signs_it()
    {
        var stub = _programs.Copy("linuxx64.efi.stub");
        var kernel = _programs.Copy("vmlinuz");
        File.WriteAllText(Path("os-release"), "ID=debian\nPRETTY_NAME=\"Ö\"\n");
        File.WriteAllText(Path("cmdline"), "quiet two words");
        File.WriteAllBytes(Path("initrd1"), new byte[1001]);
        File.WriteAllBytes(Path("initrd2"), [1, 2, 3]);
        Judge.Host("openssl").Must("rsa", "-in", Path("a.key"), "-pubout", "-out", Path("a.pub"));
        string[] arguments =
        [
            "--stub=" + stub, "--linux=" + kernel, "--initrd=" + Path("initrd1"), "--initrd=" + Path("initrd2"), "--os-release=@" + Path("os-release"), "--cmdline=@" + Path("cmdline"), "--splash=" + Path("initrd2"),
            "--microcode=" + Path("initrd1"), "--pcr-private-key=" + Path("a.key"), "--pcr-banks=sha256",
        ];
        Judge.InTree("ukify").Must(["build", .. arguments, "--pcr-public-key=" + Path("a.pub"), "--output=" + Path("theirs.efi")]);
        _roos.Must(["uki", "build", .. arguments, "--output=" + Path("ours.efi")]);
        Assert.Equal(SHA256.HashData(File.ReadAllBytes(Path("theirs.efi"))), SHA256.HashData(File.ReadAllBytes(Path("ours.efi"))));
        _roos.Must(["uki", "build", .. arguments, "--pcr-public-key=" + Path("a.pub"), "--output=" + Path("ours.efi")]);
        Assert.Equal(SHA256.HashData(File.ReadAllBytes(Path("theirs.efi"))), SHA256.HashData(File.ReadAllBytes(Path("ours.efi"))));

        Assert.DoesNotContain("\"signed\": false", _roos.Must("measure", Path("theirs.efi"), "--json", "--bank=sha256"), StringComparison.Ordinal);
        Assert.DoesNotContain("\"signed\": true", _roos.Must("measure", Path("theirs.efi"), "--json", "--bank=sha384"), StringComparison.Ordinal);

        string[] signing = ["--secureboot-private-key=" + Path("b.key"), "--secureboot-certificate=" + Path("b.crt"), "--sign-kernel"];
        _roos.Must(["uki", "build", .. arguments, .. signing, "--output=" + Path("ours.efi")]);
        File.WriteAllBytes(Path("inner"), UkiReader.Read(_programs.Open(Path("ours.efi"))).Image.Find(".linux")!.Content.ToArray());
        foreach (var signed in (string[])["ours.efi", "inner"]) Assert.Contains("Signature verification OK", Judge.Host("sbverify").Must("--cert", Path("b.crt"), Path(signed)), StringComparison.Ordinal);
        Assert.Equal(2, CertificateTable.Read(_programs.Open(Path("inner"))).Count); // Debian's is still there

        Assert.Contains("not the public half", Failed(["uki", "build", .. arguments, "--pcr-public-key=" + PublicKeyOf("b"), "--output=" + Path("not.efi")]), StringComparison.Ordinal);
        Assert.Equal(2, _roos.Run(["uki", "build", .. arguments, signing[0], "--output=" + Path("not.efi")]).ExitCode);
        Assert.Equal(2, _roos.Run(["uki", "build", .. arguments, "--sign-kernel", "--output=" + Path("not.efi")]).ExitCode);
        Assert.False(File.Exists(Path("not.efi")));
    }

    private string PublicKeyOf(string key)
    {
        Judge.Host("openssl").Must("rsa", "-in", Path(key + ".key"), "-pubout", "-out", Path(key + ".pub"));
        return Path(key + ".pub");
    }

    private void Sign(string key, string program, params string[] more) => _roos.Must(["uki", "sign", program, "--key", Path(key + ".key"), "--certificate", Path(key + ".crt"), .. more]);

    private string Failed(params string[] arguments)
    {
        var result = _roos.Run(arguments);
        Assert.True(result.ExitCode == 1, result.ToString());
        Assert.DoesNotContain("internal error", result.Error, StringComparison.Ordinal);
        return result.Error;
    }

    private string Path(string name) => _programs.Path(name);
}
