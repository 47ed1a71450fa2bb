using System.Text.Json;
using Roos.Testing;

namespace Roos.EndToEnd.Tests;

/// <summary>However a signature is made (key file, command, PKCS#11 token, elsewhere and later), the image is the same.</summary>
[Collection(nameof(Appliance))]
public sealed class SigningWaysTests : IDisposable
{
    private static readonly TimeSpan BuildLimit = TimeSpan.FromMinutes(15), ToolLimit = TimeSpan.FromMinutes(1);

    private const string Library = "/usr/lib/softhsm/libsofthsm2.so";

    private readonly ScratchFolder _scratch = new();

    private string Tree => _scratch["tree"];

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void Files_commands_tokens_and_two_phases_give_the_same_image()
    {
        MakeTree();
        Configure("SecureBoot=yes\nSecureBootAutoEnroll=yes\nSign=yes\n");
        Build("files");
        Assert.True(File.Exists(_scratch["files/SHA256SUMS.gpg"]));

        MakeToken();
        var openssl = Script("openssl-sign", "exec openssl pkeyutl -sign -inkey \"$1\" -pkeyopt digest:sha256");
        var token = Path.Combine(Appliance.House(), "examples", "sign-with-pkcs11");
        Configure($"SecureBoot=yes\nSecureBootAutoEnroll=yes\nSign=yes\nSecureBootKeySource=command:{token}\nVerityKeySource=command:{token}\n"
            + $"SignExpectedPcrKeySource=command:{openssl} {Key("mkosi.pcr.key")}\nKey=command:{openssl} {Key("mkosi.pgp.key")}\n");
        Directory.CreateDirectory(_scratch["keys"]);
        foreach (var key in new[] { "mkosi.key", "mkosi.pcr.key", "mkosi.pgp.key" }) File.Move(Path.Combine(Tree, key), Key(key)); // out of Roos's sight
        Build("commands");
        AssertSame("files", "commands");

        // Elsewhere and later: no key is there when it is built.
        Configure("SecureBoot=yes\nSecureBootAutoEnroll=yes\nVerity=signed\nSignExpectedPcr=yes\nSign=yes\n");
        var prepared = _scratch["prepared"];
        var said = Roos(0, ["build", .. Packages, "--output-directory", _scratch["later"], "--prepare-signing", prepared]);
        Assert.Contains("signatures are wanted", said, StringComparison.Ordinal);
        Assert.False(File.Exists(_scratch["later/SHA256SUMS"]));

        var rounds = 0;
        for (var status = 3; status == 3 && rounds < 6; rounds++)
        {
            Sign(prepared);
            (status, said) = Run("attach-signatures", prepared, "-O", _scratch["later"]);
            Assert.True(status is 0 or 3, said);
        }

        Assert.Equal(4, rounds);
        AssertSame("files", "later");
    }

    [Fact]
    public void A_signature_of_something_else_is_refused_and_nothing_is_written()
    {
        MakeTree();
        Configure("SecureBoot=yes\n");
        var prepared = _scratch["prepared"];
        Roos(0, ["build", .. Packages, "--output-directory", _scratch["out"], "--prepare-signing", prepared]);
        Directory.CreateDirectory(_scratch["keys"]);
        foreach (var key in new[] { "mkosi.key", "mkosi.pcr.key", "mkosi.pgp.key" }) File.Move(Path.Combine(Tree, key), Key(key));
        Sign(prepared);
        var signatures = Path.Combine(prepared, "signatures");

        var kernel = Path.Combine(signatures, "kernel.sig");
        var good = File.ReadAllBytes(kernel);
        File.Copy(Path.Combine(signatures, "systemd-boot.sig"), kernel, overwrite: true);
        Refused("the signature of kernel", "does not belong to it");
        File.WriteAllBytes(kernel, good[..^1]);
        Refused("the signature of kernel", "must have 256 bytes");
        File.WriteAllText(kernel, "");
        Refused("the signature of kernel", "found 0");
        File.WriteAllBytes(kernel, good);

        var stub = Path.Combine(prepared, "parts", "stub");
        var bytes = File.ReadAllBytes(stub);
        bytes[^1] ^= 1;
        File.WriteAllBytes(stub, bytes);
        Refused("stub", "is not the file that the image was prepared with");
        Assert.False(File.Exists(_scratch["out/SHA256SUMS"]));

        void Refused(params string[] words)
        {
            var (status, text) = Run("attach-signatures", prepared, "-O", _scratch["out"]);
            Assert.True(status == 1, text);
            Assert.All(words, word => Assert.Contains(word, text, StringComparison.Ordinal));
            Assert.DoesNotContain("   at ", text, StringComparison.Ordinal);
        }
    }

    private static string[] Packages => ["--rootfs", PackageTars.Rootfs, "--initrd-rootfs", PackageTars.Initrd];

    private string Key(string name) => Path.Combine(_scratch["keys"], name);

    private void MakeTree()
    {
        HostProcess.Must(BuildLimit, Path.Combine(Appliance.House(), "roos"), "--version");
        HostProcess.Must(ToolLimit, "cp", "-r", Path.Combine(Appliance.House(), "template"), Tree);
        foreach (var left in new[] { "mkosi.output", "mkosi.cache" }.Select(name => Path.Combine(Tree, name)).Where(Directory.Exists)) Directory.Delete(left, recursive: true);
        foreach (var left in new[] { "mkosi.env", "mkosi.key", "mkosi.crt" }) File.Delete(Path.Combine(Tree, left));
        Configure("");
        Roos(0, "genkey", "--pcr", "--openpgp");
    }

    private void Configure(string validation) => File.WriteAllText(Path.Combine(Tree, "mkosi.local.conf"), $"[Validation]\n{validation}");

    private void Build(string output) => Roos(0, ["build", .. Packages, "--output-directory", _scratch[output]]);

    /// <summary>What somebody with the keys does: every digest that has no signature yet gets one.</summary>
    private void Sign(string prepared)
    {
        var folder = Path.Combine(prepared, "signatures");
        using var list = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "requests.json")));
        foreach (var request in list.RootElement.GetProperty("requests").EnumerateArray().Where(request => !request.GetProperty("signed").GetBoolean()))
        {
            var key = request.GetProperty("role").GetString() switch
            {
                "secure-boot" or "verity" => "mkosi.key",
                "pcr" => "mkosi.pcr.key",
                "openpgp" => "mkosi.pgp.key",
                var other => throw new InvalidOperationException($"there is no key for {other}"),
            };
            HostProcess.Must(ToolLimit, "openssl", "pkeyutl", "-sign", "-inkey", Key(key), "-pkeyopt", "digest:sha256",
                "-in", Path.Combine(folder, request.GetProperty("digestFile").GetString()!), "-out", Path.Combine(folder, request.GetProperty("signatureFile").GetString()!));
        }
    }

    /// <summary>A token with the Secure Boot key in it, as docs/signing.md makes one.</summary>
    private void MakeToken()
    {
        foreach (var tool in new[] { "softhsm2-util", "pkcs11-tool", "openssl" }) Judge.Host(tool);
        if (!File.Exists(Library)) Judge.Missing($"{Library} is not on this machine (Debian package libsofthsm2)");
        Directory.CreateDirectory(_scratch["tokens"]);
        File.WriteAllText(_scratch["softhsm2.conf"], $"directories.tokendir = {_scratch["tokens"]}\n");
        Must("softhsm2-util", "--init-token", "--free", "--label", "roos", "--pin", "1234", "--so-pin", "5678");
        Must("softhsm2-util", "--import", Path.Combine(Tree, "mkosi.key"), "--token", "roos", "--label", "boot", "--id", "01", "--pin", "1234");

        void Must(params string[] command)
        {
            var (status, text) = HostProcess.Run(ToolLimit, Environment, command[0], command[1..]);
            Assert.True(status == 0, text);
        }
    }

    private Dictionary<string, string> Environment => new()
    {
        ["SOFTHSM2_CONF"] = _scratch["softhsm2.conf"],
        ["PKCS11_MODULE"] = Library,
        ["PKCS11_TOKEN"] = "roos",
        ["PKCS11_KEY"] = "boot",
        ["PKCS11_PIN"] = "1234",
    };

    private string Script(string name, string text)
    {
        File.WriteAllText(_scratch[name], text);
        return $"/bin/sh {_scratch[name]}";
    }

    private string Roos(int expected, params string[] arguments)
    {
        var (status, text) = Run(arguments);
        Assert.True(status == expected, text);
        return text;
    }

    private (int ExitCode, string Output) Run(params string[] arguments) =>
        HostProcess.Run(BuildLimit, Environment, Path.Combine(Appliance.House(), "roos"), ["-C", Tree, .. arguments]);

    private void AssertSame(string one, string other)
    {
        var names = Names(_scratch[one]);
        Assert.Contains("SHA256SUMS.gpg", names);
        Assert.Equal(names, Names(_scratch[other]));
        Assert.All(names, name => Judge.Host("cmp").Must(Path.Combine(_scratch[one], name), Path.Combine(_scratch[other], name)));
    }

    private static List<string> Names(string folder) => [.. Directory.GetFiles(folder).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];
}
