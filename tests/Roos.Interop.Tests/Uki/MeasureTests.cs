using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Roos.Core.Bytes;
using Roos.Signing;
using Roos.Testing;
using Roos.Uki;

namespace Roos.Interop.Tests.Uki;

/// <summary>Predictions of PCR 11 beside systemd-measure 257 and beside the table in the real stub.</summary>
public sealed class MeasureTests : IDisposable
{
    private readonly ScratchFolder _scratch = new();
    private readonly List<FileSource> _open = [];

    public void Dispose()
    {
        foreach (var source in _open) source.Dispose();
        _scratch.Dispose();
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("sha512 sha256", "enter-initrd")]
    [InlineData("sha1", "x:y ready::now/ : ab ab")]
    public void Values_are_those_of_systemd_measure_for_every_profile_bank_and_phase(string banks, string phases)
    {
        var measure = Judge.InTree("systemd-measure");
        var uki = UkiReader.Read(UkiImage.Plan(Options()).Bytes);
        string[] wantedBanks = banks.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        string[] wantedPhases = phases.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var values = PcrPrediction.Of(uki, wantedBanks.Length == 0 ? null : wantedBanks.Select(PcrBanks.Parse), wantedPhases.Length == 0 ? null : wantedPhases);
        Assert.Equal(3, uki.Profiles.Length);
        foreach (var profile in uki.Profiles)
        {
            string[] arguments = [.. Sections(profile), .. wantedBanks.Select(bank => "--bank=" + bank), .. wantedPhases.Select(phase => "--phase=" + phase)];
            var said = measure.Must(["calculate", .. arguments]).Split('\n', StringSplitOptions.RemoveEmptyEntries);

            // It prints by phase, then bank.
            var ours = values.Where(value => value.Profile == profile.Index).GroupBy(value => value.Phase).SelectMany(phase => phase)
                .Select(value => string.Create(CultureInfo.InvariantCulture, $"{PcrPrediction.Register}:{value.Bank.Name()}={Convert.ToHexStringLower(value.Value.AsSpan())}"));
            Assert.Equal(said, ours);
        }
    }

    [Fact]
    public void Signatures_are_those_of_systemd_measure()
    {
        var measure = Judge.InTree("systemd-measure");
        var openssl = Judge.Host("openssl");
        using var key = RSA.Create(3072);
        File.WriteAllText(_scratch["pcr.key"], key.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(_scratch["pcr.pub"], key.ExportSubjectPublicKeyInfoPem());
        var publicKey = RsaPublicKey.ReadPem(File.ReadAllText(_scratch["pcr.pub"]));
        var uki = UkiReader.Read(UkiImage.Plan(Options()).Bytes);
        var signatures = PcrPrediction.Of(uki).Select(value => new PcrPolicy(value))
            .Select(policy => new PcrSignature(policy, publicKey, key.SignHash([.. policy.ToBeSigned.Digest], HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1))).ToList();
        foreach (var profile in uki.Profiles)
        {
            var theirs = measure.Must(["sign", .. Sections(profile), "--private-key=" + _scratch["pcr.key"], "--public-key=" + _scratch["pcr.pub"]]);
            var ours = PcrSignatures.ToJson(signatures.Where(signature => signature.Policy.Value.Profile == profile.Index));
            var packed = ours.Replace(", ", ",", StringComparison.Ordinal).Replace(": ", ":", StringComparison.Ordinal);
            Assert.Equal(WithoutSignatures(theirs.Trim()), WithoutSignatures(packed));
            Assert.Equal(Bank(theirs.Trim(), "sha256"), Bank(packed, "sha256"));
        }

        File.WriteAllBytes(_scratch["policy"], [.. signatures[0].Policy.Digest]);
        File.WriteAllBytes(_scratch["signature"], signatures[0].Signature);
        Assert.Contains("Verified OK", openssl.Must("dgst", "-sha256", "-verify", _scratch["pcr.pub"], "-signature", _scratch["signature"], _scratch["policy"]), StringComparison.Ordinal);
    }

    [Fact]
    public void Device_trees_chosen_by_hardware_are_one_value_each()
    {
        var measure = Judge.InTree("systemd-measure");
        var options = Options() with { AutomaticDeviceTrees = [Text("tree one"), Text("tree two")], Profiles = [] };
        var uki = UkiReader.Read(UkiImage.Plan(options).Bytes);
        var values = PcrPrediction.Of(uki, [PcrBank.Sha256], ["enter-initrd"]);
        Assert.Equal([0, 1], values.Select(value => value.DeviceTree));
        var trees = uki.Base.Sections.Where(section => section.Name == ".dtbauto").ToList();
        for (var i = 0; i < 2; i++)
        {
            // systemd-measure 257 takes --hwids for --dtbauto and the other way round; the stub measures the section's own name.
            File.WriteAllBytes(_scratch["tree"], trees[i].Content.ToArray());
            var said = measure.Must(["calculate", .. Sections(uki.Base), "--hwids=" + _scratch["tree"], "--bank=sha256", "--phase=enter-initrd"]);
            Assert.Equal("11:sha256=" + Convert.ToHexStringLower(values[i].Value.AsSpan()), said.Trim());
        }
    }

    /// <summary>The stub has the order as a table of pointers to names.</summary>
    [Fact]
    public void The_order_is_the_one_of_the_stub()
    {
        if (Judge.ToolsTree is null) Judge.Missing("the stub is the one of the trixie tools tree, and ROOS_TOOLS_TREE names none");
        var path = Judge.ToolsTree + "/usr/lib/systemd/boot/efi/linuxx64.efi.stub";
        var bytes = File.ReadAllBytes(path);
        var stub = PeImage.Read(Open(path));
        var imageBase = BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(0x3c)) + 24 + 24));
        string NameAt(ulong address)
        {
            var section = stub.Sections.FirstOrDefault(section => address >= imageBase + section.VirtualAddress && address < imageBase + section.VirtualAddress + section.FileSize);
            if (section is null) return "";
            var text = bytes.AsSpan((int)(address - imageBase - section.VirtualAddress + section.FileOffset));
            return text[0] == '.' ? Encoding.Latin1.GetString(text[..text.IndexOf((byte)0)]) : "";
        }

        var table = new List<string>();
        for (var at = 0; at < bytes.Length - 8 && table.Count == 0; at += 8)
        {
            for (var entry = at; NameAt(BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(entry))) is { Length: > 0 } name && (table.Count > 0 || name == ".linux"); entry += 8) table.Add(name);
        }

        Assert.Contains(".profile", table);
        table.Remove(".pcrsig");

        // Every section has its name for its content, so swapping two in the order changes the value.
        var expected = table.Aggregate(new byte[32], (value, name) => Extend(Extend(value, Encoding.ASCII.GetBytes(name + "\0")), name == ".linux" ? [.. Kernel().ToArray()] : Encoding.ASCII.GetBytes(name)));
        var source = Kernel();
        var sections = table.Select(name => new PeSection(name, 0, (uint)(name == ".linux" ? source.Length : name.Length), 0, 0, 0, name == ".linux" ? source : Text(name)));
        var content = new UkiContent(stub, [new UkiProfileContent(0, null, null, [.. sections.Reverse()])]);
        Assert.Equal(expected, PcrPrediction.Of(content, [PcrBank.Sha256], [""])[0].Value);
    }

    private static byte[] Extend(byte[] value, byte[] content) => SHA256.HashData([.. value, .. SHA256.HashData(content)]);

    /// <summary>systemd-measure 257 hashes the policy with the bank's algorithm before it signs, which no TPM takes (systemd issue 40245).</summary>
    private static string WithoutSignatures(string json) => Regex.Replace(json, "(?<=\"sig\":\")[^\"]*", "");

    private static string Bank(string json, string bank)
    {
        using var document = JsonDocument.Parse(json);
        return document.RootElement.GetProperty(bank).GetRawText();
    }

    /// <summary>Files of the sections as arguments; .dtbauto is left out (see above).</summary>
    private IEnumerable<string> Sections(UkiProfileContent profile)
    {
        foreach (var section in profile.Sections)
        {
            var name = section.Name[1..];
            if (name is not ("linux" or "osrel" or "cmdline" or "initrd" or "ucode" or "splash" or "dtb" or "uname" or "sbat" or "pcrpkey" or "profile")) continue;
            var path = _scratch[string.Create(CultureInfo.InvariantCulture, $"{profile.Index}.{name}")];
            File.WriteAllBytes(path, section.Content.ToArray());
            yield return $"--{name}={path}";
        }
    }

    private UkiOptions Options() => new()
    {
        Stub = Stub(),
        Linux = Kernel(),
        Initrds = [Text("not much of an initrd"), Text("!")],
        Microcode = Text("microcode"),
        Splash = Text("splash"),
        DeviceTree = Text("a device tree"),
        OsRelease = "ID=debian\n",
        CommandLine = "quiet",
        KernelVersion = "6.12",
        PcrPublicKey = Text("the key"),
        Profiles = [new UkiProfile { Name = new UkiProfileName("one", "One"), CommandLine = "other" }, new UkiProfile { Name = new UkiProfileName("two") }],
    };

    private static ByteSource Text(string text) => ByteSource.FromMemory(Encoding.UTF8.GetBytes(text));

    private FileSource Stub() => Open(Judge.ToolsTree + "/usr/lib/systemd/boot/efi/linuxx64.efi.stub");

    private FileSource Kernel() => Open(Directory.GetFiles(Judge.ToolsTree + "/boot", "vmlinuz-*").Order(StringComparer.Ordinal).First());

    private FileSource Open(string path)
    {
        var source = FileSource.Open(path);
        _open.Add(source);
        return source;
    }
}
