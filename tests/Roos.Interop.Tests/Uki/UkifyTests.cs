using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Roos.Core.Bytes;
using Roos.Signing;
using Roos.Testing;
using Roos.Uki;

namespace Roos.Interop.Tests.Uki;

/// <summary>ukify 257 makes the same bytes from the same inputs: the real stub and the real kernel of Debian trixie.</summary>
public sealed class UkifyTests : IDisposable
{
    private const string OsReleaseText = "PRETTY_NAME=\"Roos 0.1\"\nID=debian\nIMAGE_ID=\"roos\"\nIMAGE_VERSION=\"0.1\"\n";

    private readonly ScratchFolder _scratch = new();
    private readonly List<FileSource> _open = [];

    public void Dispose()
    {
        foreach (var source in _open) source.Dispose();
        _scratch.Dispose();
    }

    [Fact]
    public void A_plain_image_is_the_same()
    {
        var ukify = Judge.InTree("ukify");
        var options = Options();
        ukify.Must(["build", .. BaseArguments(options), $"--output={_scratch["theirs.efi"]}"]);
        Compare(options);
    }

    [Fact]
    public void The_smallest_image_is_the_same()
    {
        var ukify = Judge.InTree("ukify");
        var options = Options() with { Initrds = [], CommandLine = "" };
        ukify.Must("build", "--linux=" + KernelPath(), "--os-release=@" + _scratch["os-release"], $"--output={_scratch["theirs.efi"]}");
        Compare(options);
    }

    [Fact]
    public void An_image_with_everything_and_profiles_is_the_same()
    {
        var ukify = Judge.InTree("ukify");
        var options = Options() with
        {
            Initrds = [Part("initrd1", 100_003), Part("initrd2", 70_001)],
            Microcode = Part("ucode", 5000),
            DeviceTree = Part("dtb", 777),
            AutomaticDeviceTrees = [Part("dtb1", 100), Part("dtb2", 200)],
            PcrPublicKey = Part("key.pem", 451),
            Profiles =
            [
                new UkiProfile { Name = new UkiProfileName("factory-reset", "Factory Reset"), CommandLine = "quiet systemd.factory_reset=yes" },
                new UkiProfile { Name = new UkiProfileName("storage-target", "Storage Target"), CommandLine = "rd.systemd.unit=storage-target-mode.target ip=any" },
                new UkiProfile { Name = new UkiProfileName("same") },
            ],
        };
        var joins = Joins(ukify, options);
        ukify.Must(["build", .. BaseArguments(options), .. joins, $"--output={_scratch["theirs.efi"]}"]);
        Compare(options);
    }

    [Theory]
    [InlineData("sha256", false)]
    [InlineData("sha256", true)]
    [InlineData("sha512 sha1", true)]
    public void Signed_PCR_policies_are_the_same(string banks, bool profiles)
    {
        var ukify = Judge.InTree("ukify");
        using var key = RSA.Create(2048);
        File.WriteAllText(_scratch["pcr.key"], key.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(_scratch["key.pem"], key.ExportSubjectPublicKeyInfoPem() + "\n");
        var publicKey = RsaPublicKey.ReadPem(File.ReadAllText(_scratch["key.pem"]));
        var options = Options() with
        {
            Microcode = Part("ucode", 5000),
            PcrPublicKey = Open(_scratch["key.pem"]),
            Profiles = !profiles ? [] :
            [
                new UkiProfile { Name = new UkiProfileName("factory-reset", "Factory Reset"), CommandLine = "quiet systemd.factory_reset=yes" },
                new UkiProfile { Name = new UkiProfileName("same") },
            ],
        };

        // systemd-measure 257 hashes the policy with the bank's algorithm before it signs, which no TPM takes (systemd issue 40245).
        var signature = new Regex("(?<=\"sig\": \")[^\"]*");
        var wanted = banks.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var joins = Joins(ukify, options);
        ukify.Must(
            ["build", .. BaseArguments(options), .. joins, "--pcr-private-key=" + _scratch["pcr.key"], "--pcr-public-key=" + _scratch["key.pem"], "--pcr-banks=" + string.Join(',', wanted), $"--output={_scratch["theirs.efi"]}"]);

        var policies = PcrPrediction.Of(options, wanted.Select(PcrBanks.Parse)).Select(value => new PcrPolicy(value));
        var signatures = policies.Select(policy => new PcrSignature(policy, publicKey, key.SignHash([.. policy.ToBeSigned.Digest], HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1))).ToList();
        var signed = options.WithPcrSignatures(signatures);
        Compare(signed, banks == "sha256" ? null : signature);
        Assert.Equal(PcrPrediction.Of(options).Select(value => Convert.ToHexString(value.Value.AsSpan())), PcrPrediction.Of(UkiReader.Read(Open(_scratch["theirs.efi"]))).Select(value => Convert.ToHexString(value.Value.AsSpan())));
        Assert.Contains("\"pkfp\"", ukify.Must("inspect", _scratch["ours.efi"]), StringComparison.Ordinal);
    }

    [Fact]
    public void Ukify_and_objdump_read_what_was_written()
    {
        var ukify = Judge.InTree("ukify");
        var objdump = Judge.Host("objdump");
        var options = Options() with { Profiles = [new UkiProfile { Name = new UkiProfileName("other", "Another Way"), CommandLine = "other" }] };
        Write(options);
        var said = ukify.Must("inspect", _scratch["ours.efi"]);
        foreach (var expected in (string[])["roothash=0123", "IMAGE_ID=\"roos\"", "IMAGE_ID=\"roos-other\"", "TITLE=\"Another Way\"", "systemd-stub.debian", options.KernelVersion!])
            Assert.Contains(expected, said, StringComparison.Ordinal);
        var headers = objdump.Must("-h", "-f", _scratch["ours.efi"]);
        Assert.Contains("pei-x86-64", headers, StringComparison.Ordinal);
        foreach (var section in (string[])[".linux", ".initrd", ".osrel", ".cmdline", ".uname", ".profile", ".sbat"])
            Assert.Contains(" " + section + " ", headers, StringComparison.Ordinal);
    }

    [Fact]
    public void What_ukify_made_is_read()
    {
        var ukify = Judge.InTree("ukify");
        var options = Options();
        File.WriteAllText(_scratch["p"], "ID=other\nTITLE=Other\n");
        ukify.Must("build", $"--profile=@{_scratch["p"]}", "--cmdline=changed", $"--output={_scratch["p.efi"]}");
        ukify.Must(["build", .. BaseArguments(options), "--join-profile=" + _scratch["p.efi"], $"--output={_scratch["theirs.efi"]}"]);
        var uki = UkiReader.Read(Open(_scratch["theirs.efi"]));
        Assert.Equal(["main", "other"], uki.Profiles.Select(profile => profile.Id));
        Assert.Equal([options.CommandLine, "changed"], uki.Profiles.Select(profile => profile.CommandLine));
        Assert.Equal(options.KernelVersion, uki.Base.KernelVersion);
        Assert.Equal(PeMachine.X64, uki.Image.Machine);
        Assert.Equal(new FileInfo(Judge.ToolsTree + KernelPath()).Length, uki.Image.Find(".linux")!.Content.Length);
    }

    private UkiOptions Options()
    {
        File.WriteAllText(_scratch["os-release"], OsReleaseText);
        var kernel = Tree(KernelPath());
        return new UkiOptions
        {
            Stub = Tree("/usr/lib/systemd/boot/efi/linuxx64.efi.stub"),
            Linux = kernel,
            Initrds = [Part("initrd1", 100_003)],
            OsRelease = OsReleaseText,
            CommandLine = "quiet roothash=0123456789abcdef",
            KernelVersion = KernelVersion.Find(kernel),
        };
    }

    /// <summary>Profiles as ukify takes them: files of their own, made before.</summary>
    private List<string> Joins(Judge ukify, UkiOptions options)
    {
        var joins = new List<string>();
        foreach (var profile in options.Profiles)
        {
            var id = profile.Name.Id;
            File.WriteAllText(_scratch[id + ".profile"], profile.Name.Title is null ? $"ID={id}" : $"ID={id}\nTITLE=\"{profile.Name.Title}\"\n");
            File.WriteAllText(_scratch[id + ".osrel"], OsReleaseText.Replace("IMAGE_ID=\"roos\"", $"IMAGE_ID=\"roos-{id}\"", StringComparison.Ordinal));
            List<string> arguments = ["build", $"--profile=@{_scratch[id + ".profile"]}", $"--os-release=@{_scratch[id + ".osrel"]}", $"--output={_scratch[id + ".efi"]}"];
            if (profile.CommandLine is not null) arguments.Add("--cmdline=" + profile.CommandLine);
            ukify.Must(arguments);
            joins.Add("--join-profile=" + _scratch[id + ".efi"]);
        }

        return joins;
    }

    private List<string> BaseArguments(UkiOptions options)
    {
        List<string> arguments = ["--linux=" + KernelPath(), "--os-release=@" + _scratch["os-release"], "--cmdline=" + options.CommandLine, "--uname=" + options.KernelVersion];
        for (var i = 1; i <= options.Initrds.Count; i++) arguments.Add("--initrd=" + _scratch[$"initrd{i}"]);
        if (options.Microcode is not null) arguments.Add("--microcode=" + _scratch["ucode"]);
        if (options.DeviceTree is not null) arguments.Add("--devicetree=" + _scratch["dtb"]);
        for (var i = 1; i <= options.AutomaticDeviceTrees.Count; i++) arguments.Add("--devicetree-auto=" + _scratch[$"dtb{i}"]);
        if (options.PcrPublicKey is not null) arguments.Add("--pcrpkey=" + _scratch["key.pem"]);
        return arguments;
    }

    private void Write(UkiOptions options)
    {
        using var stream = File.Create(_scratch["ours.efi"]);
        UkiImage.Plan(options).WriteTo(stream);
    }

    private void Compare(UkiOptions options, Regex? ignored = null)
    {
        Write(options);
        var ours = BytesOf("ours.efi", ignored);
        var theirs = BytesOf("theirs.efi", ignored);
        var different = ours.AsSpan().CommonPrefixLength(theirs);
        Assert.True(
            different == ours.Length && ours.Length == theirs.Length,
            $"first difference at 0x{different:x}; {ours.Length} and {theirs.Length} bytes\n{Sections("ours.efi")}\n{Sections("theirs.efi")}");
    }

    private byte[] BytesOf(string name, Regex? ignored)
    {
        var bytes = File.ReadAllBytes(_scratch[name]);
        return ignored is null ? bytes : Encoding.Latin1.GetBytes(ignored.Replace(Encoding.Latin1.GetString(bytes), found => new string('s', found.Length)));
    }

    private string Sections(string name)
    {
        var result = new StringBuilder(name + "\n");
        foreach (var section in PeImage.Read(Open(_scratch[name])).Sections) result.AppendLine((section with { Content = ByteSource.Empty }).ToString());
        return result.ToString();
    }

    private FileSource Part(string name, int length)
    {
        var bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        File.WriteAllBytes(_scratch[name], bytes);
        return Open(_scratch[name]);
    }

    private FileSource Tree(string path) => Open(Judge.ToolsTree + path);

    private FileSource Open(string path)
    {
        var source = FileSource.Open(path);
        _open.Add(source);
        return source;
    }

    private static string KernelPath()
    {
        var kernel = Directory.GetFiles(Judge.ToolsTree + "/boot", "vmlinuz-*").Order(StringComparer.Ordinal).FirstOrDefault();
        if (kernel is null) Judge.Missing("the trixie tools tree has no kernel (linux-image-cloud-amd64)");
        return kernel![Judge.ToolsTree!.Length..];
    }
}
