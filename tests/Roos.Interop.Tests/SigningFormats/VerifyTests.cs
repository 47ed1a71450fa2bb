using System.Text.RegularExpressions;
using Roos.Testing;

namespace Roos.Interop.Tests.SigningFormats;

/// <summary>
/// roos verify on an image of which Roos made nothing: systemd-repart, mkfs.erofs, ukify, sbsign and mkfs.vfat put it together, as mkosi does.
/// </summary>
public sealed class VerifyTests : IDisposable
{
    private readonly ScratchFolder _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void An_image_that_others_made_and_signed_holds_until_it_is_changed()
    {
        var repart = Judge.InTree("systemd-repart");
        var ukify = Judge.InTree("ukify");
        MakeKey("signer");
        MakeKey("foreign");
        Judge.Host("openssl").Must("genpkey", "-algorithm", "rsa", "-out", _scratch["pcr.key"]);
        Judge.Host("openssl").Must("pkey", "-in", _scratch["pcr.key"], "-pubout", "-out", _scratch["pcr.pub"]);

        // The root file system first: its root hash goes into the command line.
        Directory.CreateDirectory(_scratch["root/usr/bin"]);
        Directory.CreateDirectory(_scratch["root/usr/lib/verity.d"]);
        File.WriteAllText(_scratch["root/usr/bin/tool"], string.Concat(Enumerable.Repeat("marker of the root ", 20000)));
        File.Copy(_scratch["signer.crt"], _scratch["root/usr/lib/verity.d/signer.crt"]);
        Define("10-root", $"Type=root\nFormat=erofs\nCopyFiles={_scratch["root"]}:/\nVerity=data\nVerityMatchKey=root\nMinimize=best");
        Define("20-verity", "Type=root-verity\nVerity=hash\nVerityMatchKey=root\nMinimize=best");
        Define("30-sig", "Type=root-verity-sig\nVerity=signature\nVerityMatchKey=root");
        string[] common = ["--private-key=" + _scratch["signer.key"], "--certificate=" + _scratch["signer.crt"], "--offline=yes", "--seed=11111111-2222-4333-8444-555555555555", "--size=auto", "--dry-run=no", "--definitions=" + _scratch["d"], "--json=pretty"];
        var table = Repart("first.raw");
        var rootHash = Regex.Match(table, "\"roothash\"\\s*:\\s*\"([0-9a-f]{64})\"").Groups[1].Value;
        Assert.Equal(64, rootHash.Length);

        MakeEsp(ukify, rootHash);
        Define("00-esp", $"Type=esp\nCopyBlocks={_scratch["esp.img"]}");
        Repart("disk.raw");

        // The time is the same, so the root hash is.
        string Repart(string name)
        {
            var result = repart.RunWith(new Dictionary<string, string> { ["SOURCE_DATE_EPOCH"] = "1754697600" }, [.. common, "--empty=create", _scratch[name]]);
            Assert.True(result.ExitCode == 0, result.ToString());
            return result.Output;
        }

        var roos = RoosProgram.Judge();
        string[] arguments = ["--certificate", _scratch["signer.crt"], "--pcr-key", _scratch["pcr.pub"]];
        var sound = roos.Run(["verify", _scratch["disk.raw"], .. arguments]);
        Assert.True(sound.ExitCode == 0, sound.ToString());
        Assert.Contains("good       partition 4 (root-x86-64-verity-sig): signed by CN=signer", sound.Output, StringComparison.Ordinal);
        Assert.Contains("good       EFI/Linux/test.efi: kernel: signed by CN=signer", sound.Output, StringComparison.Ordinal);
        Assert.Contains("profile 1 (rescue): PCR 11: 4 policies as predicted", sound.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("unchecked", sound.Output, StringComparison.Ordinal);

        var foreign = roos.Run("verify", _scratch["disk.raw"], "--certificate", _scratch["foreign.crt"]);
        Assert.Equal(1, foreign.ExitCode);
        Assert.Contains("the chain of trust is broken at EFI/BOOT/BOOTX64.EFI (program-signature)", foreign.Error, StringComparison.Ordinal);

        Flip("marker of the root");
        var changed = roos.Run(["verify", _scratch["disk.raw"], .. arguments]);
        Assert.Equal(1, changed.ExitCode);
        Assert.Contains("the chain of trust is broken at partition 2 (root-x86-64) (verity)", changed.Error, StringComparison.Ordinal);
    }

    private void MakeEsp(Judge ukify, string rootHash)
    {
        var tree = Judge.ToolsTree!;
        var kernel = Directory.GetFiles(tree + "/boot", "vmlinuz-*").Order(StringComparer.Ordinal).First();
        var sbsign = Judge.Host("sbsign");
        Sign(kernel, "kernel");
        Sign(tree + "/usr/lib/systemd/boot/efi/systemd-bootx64.efi", "loader");
        File.WriteAllText(_scratch["initrd"], "an initrd");
        File.WriteAllText(_scratch["os-release"], "ID=test\nVERSION_ID=1\n");
        string[] pcr = ["--pcr-private-key=" + _scratch["pcr.key"], "--pcr-public-key=" + _scratch["pcr.pub"], "--pcr-banks=sha256"];
        File.WriteAllText(_scratch["rescue.profile"], "ID=rescue\n");
        ukify.Must("build", "--profile=@" + _scratch["rescue.profile"], $"--cmdline=roothash={rootHash} rescue", "--output=" + _scratch["rescue.efi"], "--stub=/usr/lib/systemd/boot/efi/addonx64.efi.stub");
        ukify.Must(["build", "--linux=" + _scratch["kernel"], "--initrd=" + _scratch["initrd"], "--os-release=@" + _scratch["os-release"], $"--cmdline=roothash={rootHash} quiet", "--join-profile=" + _scratch["rescue.efi"], .. pcr, "--output=" + _scratch["uki"]]);
        Sign(_scratch["uki"], "uki.signed");

        using (var file = File.Create(_scratch["esp.img"])) file.SetLength(128 << 20);
        Judge.Host("mkfs.vfat").Must("-F", "32", _scratch["esp.img"]);
        foreach (var folder in (string[])["::/EFI", "::/EFI/BOOT", "::/EFI/Linux"]) Judge.Host("mmd").Must("-i", _scratch["esp.img"], folder);
        Judge.Host("mcopy").Must("-i", _scratch["esp.img"], _scratch["loader"], "::/EFI/BOOT/BOOTX64.EFI");
        Judge.Host("mcopy").Must("-i", _scratch["esp.img"], _scratch["uki.signed"], "::/EFI/Linux/test.efi");

        void Sign(string program, string name) => sbsign.Must("--key", _scratch["signer.key"], "--cert", _scratch["signer.crt"], "--output", _scratch[name], program);
    }

    private void MakeKey(string name)
    {
        Judge.Host("openssl").Must("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", _scratch[name + ".key"], "-out", _scratch[name + ".crt"], "-subj", "/CN=" + name, "-days", "3650", "-addext", "extendedKeyUsage=codeSigning");
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(_scratch[name + ".key"], UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    private void Define(string name, string text)
    {
        Directory.CreateDirectory(_scratch["d"]);
        File.WriteAllText(_scratch[$"d/{name}.conf"], $"[Partition]\n{text}\n");
    }

    private void Flip(string marker)
    {
        var bytes = File.ReadAllBytes(_scratch["disk.raw"]);
        bytes[bytes.AsSpan().IndexOf(System.Text.Encoding.ASCII.GetBytes(marker))] ^= 1;
        File.WriteAllBytes(_scratch["disk.raw"], bytes);
    }
}
