using System.Security.Cryptography;
using System.Text;
using Roos.Core;
using Roos.Core.Bytes;
using Roos.Signing;

namespace Roos.Uki.Tests;

public sealed class PcrTests
{
    [Fact]
    public void Sections_are_measured_in_the_order_of_the_stub_and_phases_after_them()
    {
        var uki = UkiReader.Read(UkiImage.Plan(Everything()).Bytes);
        string[] order = [".linux", ".osrel", ".cmdline", ".initrd", ".ucode", ".splash", ".dtb", ".uname", ".sbat", ".pcrpkey", ".profile"];
        foreach (var profile in uki.Profiles)
        {
            var value = new byte[48];
            foreach (var name in order)
            {
                var section = profile.Sections.First(section => section.Name == name);
                value = Extend(Extend(value, Encoding.ASCII.GetBytes(name + "\0")), section.Content.ToArray());
            }

            var values = PcrPrediction.Of(uki, [PcrBank.Sha384], ["", "a:b"]).Where(found => found.Profile == profile.Index).ToList();
            Assert.Equal(["", "a:b"], values.Select(found => found.Phase));
            Assert.Equal(value, values[0].Value);
            Assert.Equal(Extend(Extend(value, "a"u8.ToArray()), "b"u8.ToArray()), values[1].Value);
            Assert.Equal(profile.Id, values[0].ProfileId);
            Assert.Null(values[0].DeviceTree);
        }

        static byte[] Extend(byte[] value, byte[] content) => SHA384.HashData([.. value, .. SHA384.HashData(content)]);
    }

    [Fact]
    public void Values_come_by_profile_then_bank_then_phase()
    {
        var values = PcrPrediction.Of(Everything());
        Assert.Equal(2 * 4 * 4, values.Count);
        var expected =
            from profile in Enumerable.Range(0, 2)
            from bank in (PcrBank[])[PcrBank.Sha1, PcrBank.Sha256, PcrBank.Sha384, PcrBank.Sha512]
            from phase in PcrPhases.Default
            select (profile, bank, phase);
        Assert.Equal(expected, values.Select(value => (value.Profile, value.Bank, value.Phase)));
        Assert.Equal(values.Count, values.Select(value => Convert.ToHexString(value.Value.AsSpan())).Distinct().Count());
        Assert.All(values, value => Assert.Equal(value.Bank.ValueLength(), value.Value.Length));

        // The order in which things are asked for does not matter, nor how often.
        var some = PcrPrediction.Of(Everything(), [PcrBank.Sha512, PcrBank.Sha256, PcrBank.Sha512], ["x", ":enter-initrd::", "enter-initrd"]);
        Assert.Equal(["enter-initrd", "x", "enter-initrd", "x"], some.Take(4).Select(value => value.Phase));
        Assert.Equal([PcrBank.Sha256, PcrBank.Sha256, PcrBank.Sha512, PcrBank.Sha512], some.Take(4).Select(value => value.Bank));
    }

    [Fact]
    public void Each_device_tree_that_hardware_chooses_has_its_values()
    {
        var options = Everything() with { AutomaticDeviceTrees = [Pes.Source([1]), Pes.Source([2, 3])], Splash = null, DeviceTree = null };
        var values = PcrPrediction.Of(options, [PcrBank.Sha256], [""]);
        Assert.Equal([(0, 0), (0, 1), (1, 0), (1, 1)], values.Select(value => (value.Profile, value.DeviceTree!.Value)));
        Assert.Equal(4, values.Select(value => Convert.ToHexString(value.Value.AsSpan())).Distinct().Count());
    }

    [Fact]
    public void Kernel_and_initrd_are_read_once()
    {
        var initrd = new CountingSource(1 << 20);
        PcrPrediction.Of(Everything() with { Initrds = [initrd] });
        Assert.Equal(initrd.Length, initrd.BytesRead);
    }

    [Fact]
    public void Zeros_that_a_section_has_in_memory_only_are_measured()
    {
        var bytes = UkiImage.Plan(Pes.Options()).ToArray();
        var sizeOfOsRelease = 0x148 + (3 * 40) + 8;
        bytes[sizeOfOsRelease + 1] = 4; // 1 KiB more than there is in the file
        var uki = UkiReader.Read(Pes.Source(bytes));
        var section = uki.Image.Find(".osrel")!;
        Assert.Equal(512, section.Content.Length);
        Assert.True(section.VirtualSize > 1024);

        var other = uki with { Profiles = [uki.Base with { Sections = [.. uki.Base.Sections.Select(found => found == section ? found with { Content = Pes.Source([.. section.Content.ToArray(), .. new byte[section.VirtualSize - 512]]) } : found)] }] };
        Assert.Equal(PcrPrediction.Of(other)[0].Value, PcrPrediction.Of(uki)[0].Value);

        bytes[sizeOfOsRelease + 3] = 0x10;
        var refusal = Assert.Throws<DamagedInputException>(() => PcrPrediction.Of(UkiReader.Read(Pes.Source(bytes))));
        Assert.Contains("at most 268435456 bytes more in memory than in the file; found 26843", refusal.Message, StringComparison.Ordinal);
    }

    /// <summary>The policy's digest for a register of zeros, worked out with Python's hashlib from part 3 of the TPM specification.</summary>
    [Theory]
    [InlineData(PcrBank.Sha256, 32, "fd32fa22c52cfc8e1a0c29eb38519f87084cab0b04b0d8f020a4d38b2f4e223e")]
    [InlineData(PcrBank.Sha1, 20, "3025f59190d67a9881f4093c74da0f7d5ee3024980bcc4123bac0200122f3e9d")]
    public void Policy_digests_are_those_of_the_specification(PcrBank bank, int length, string expected)
    {
        var policy = new PcrPolicy(new PcrValue(0, null, null, bank, "", [.. new byte[length]]));
        Assert.Equal(expected, Convert.ToHexStringLower(policy.Digest.AsSpan()));
        Assert.Equal(SHA256.HashData(policy.Digest.AsSpan()), policy.ToBeSigned.Digest);
    }

    [Fact]
    public void Signatures_have_their_place_after_each_profile_and_change_no_prediction()
    {
        using var rsa = RSA.Create(2048);
        var key = RsaPublicKey.ReadPem(rsa.ExportSubjectPublicKeyInfoPem());
        var options = Everything();
        var signatures = Sign(options, rsa, key, PcrBank.Sha256);
        var signed = options.WithPcrSignatures(signatures);
        var read = UkiReader.Read(UkiImage.Plan(signed).Bytes);
        Assert.Equal(
            ".text .sbat .osrel .cmdline .dtb .uname .splash .pcrpkey .linux .initrd .ucode .profile .pcrsig .profile .osrel .cmdline .pcrsig",
            string.Join(' ', read.Image.Sections.Select(section => section.Name)));
        Assert.Equal(signed.PcrSignature, read.Profiles[0].Text(".pcrsig"));
        Assert.Equal(signed.Profiles[0].PcrSignature, read.Profiles[1].Text(".pcrsig"));
        Assert.NotEqual(signed.PcrSignature, signed.Profiles[0].PcrSignature);
        Assert.Equal(Values(PcrPrediction.Of(options)), Values(PcrPrediction.Of(signed)));
        Assert.Equal(Values(PcrPrediction.Of(options)), Values(PcrPrediction.Of(read)));

        var first = signatures[0];
        var fingerprint = Convert.ToHexStringLower(SHA256.HashData(rsa.ExportRSAPublicKey()));
        var entry = $"{{\"pcrs\": [11], \"pkfp\": \"{fingerprint}\", \"pol\": \"{Convert.ToHexStringLower(first.Policy.Digest.AsSpan())}\", \"sig\": \"{Convert.ToBase64String(first.Signature)}\"}}";
        Assert.StartsWith("{\"sha256\": [" + entry + ", {", signed.PcrSignature, StringComparison.Ordinal);
        Assert.EndsWith("\"}]}", signed.PcrSignature, StringComparison.Ordinal);

        static IEnumerable<string> Values(IEnumerable<PcrValue> values) => values.Select(value => Convert.ToHexString(value.Value.AsSpan()));
    }

    [Fact]
    public void Banks_are_lists_of_their_own_and_nothing_is_listed_twice()
    {
        using var rsa = RSA.Create(2048);
        var key = RsaPublicKey.ReadPem(rsa.ExportSubjectPublicKeyInfoPem());
        var signatures = Sign(Pes.Options(), rsa, key, PcrBank.Sha512, PcrBank.Sha1);
        var json = PcrSignatures.ToJson([.. signatures, .. signatures]);
        Assert.Equal(8, json.Split("\"pol\"").Length - 1);
        Assert.StartsWith("{\"sha1\": [{\"pcrs\"", json, StringComparison.Ordinal);
        Assert.Contains("\"}], \"sha512\": [{\"pcrs\"", json, StringComparison.Ordinal);
        Assert.Equal("{}", PcrSignatures.ToJson([]));
    }

    [Fact]
    public void Signatures_that_the_key_did_not_make_are_refused()
    {
        using var rsa = RSA.Create(2048);
        using var other = RSA.Create(2048);
        var key = RsaPublicKey.ReadPem(rsa.ExportSubjectPublicKeyInfoPem());
        var signatures = Sign(Everything(), rsa, key, PcrBank.Sha256);
        var refusal = Assert.Throws<RoosException>(() => PcrSignatures.ToJson([signatures[0] with { Signature = signatures[1].Signature }]));
        Assert.Contains("bank sha256, phase enter-initrd and profile main", refusal.Message, StringComparison.Ordinal);
        Assert.Throws<RoosException>(() => PcrSignatures.ToJson([signatures[0] with { Key = RsaPublicKey.ReadPem(other.ExportSubjectPublicKeyInfoPem()) }]));
        Assert.Contains("has 1 profiles", Assert.Throws<RoosException>(() => Pes.Options().WithPcrSignatures(signatures)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Signed_policies_are_read_back_and_checked()
    {
        using var rsa = RSA.Create(2048);
        using var other = RSA.Create(2048);
        var key = RsaPublicKey.ReadPem(rsa.ExportSubjectPublicKeyInfoPem());
        var otherKey = RsaPublicKey.ReadPem(other.ExportSubjectPublicKeyInfoPem());
        var signatures = Sign(Everything(), rsa, key, PcrBank.Sha256, PcrBank.Sha1);
        var uki = UkiReader.Read(UkiImage.Plan(Everything().WithPcrSignatures(signatures)).Bytes);
        foreach (var profile in uki.Profiles)
        {
            var read = SignedPolicy.Of(profile);
            Assert.Equal(8, read.Count);
            foreach (var signature in signatures)
            {
                Assert.Equal(signature.Policy.Value.Profile == profile.Index, read.Any(policy => policy.Covers(signature.Policy, key)));
                Assert.DoesNotContain(read, policy => policy.Covers(signature.Policy, otherKey));
            }

            var first = signatures.First(signature => signature.Policy.Value.Profile == profile.Index);
            var entry = read.Single(policy => policy.Covers(first.Policy, key));
            Assert.True((entry with { KeyFingerprint = [] }).Covers(first.Policy, key));
            Assert.False((entry with { KeyFingerprint = entry.Digest }).Covers(first.Policy, key));
            Assert.False((entry with { Registers = [11, 7] }).Covers(first.Policy, key));
            Assert.False((entry with { Signature = [.. entry.Signature.Reverse()] }).Covers(first.Policy, key));
        }

        Assert.Empty(SignedPolicy.Of(UkiReader.Read(UkiImage.Plan(Everything()).Bytes).Base));
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("{\"sha256\": {}}")]
    [InlineData("{\"sha256\": [1]}")]
    [InlineData("{\"sha256\": [{}]}")]
    [InlineData("{\"sha256\": [{\"pcrs\": [11], \"pol\": \"zz\", \"sig\": \"\"}]}")]
    [InlineData("{\"sha256\": [{\"pcrs\": [11], \"pol\": null, \"sig\": \"\"}]}")]
    [InlineData("{\"sha256\": [{\"pcrs\": [1e99], \"pol\": \"00\", \"sig\": \"\"}]}")]
    [InlineData("{\"sha256\": [{\"pcrs\": [11], \"pol\": \"00\", \"sig\": \"*\"}]}")]
    [InlineData("{\"sha256\": [{\"pcrs\": 11, \"pol\": \"00\", \"sig\": \"\"}]}")]
    public void Other_JSON_is_refused(string json) => Assert.Contains(".pcrsig must be JSON", Assert.Throws<DamagedInputException>(() => SignedPolicy.Read(json)).Message, StringComparison.Ordinal);

    [Fact]
    public void Banks_have_names()
    {
        Assert.Equal(["sha1", "sha256", "sha384", "sha512"], PcrBanks.All.Select(bank => bank.Name()));
        Assert.Equal(PcrBank.Sha384, PcrBanks.Parse("SHA384"));
        Assert.Contains("found \"md5\"", Assert.Throws<RoosException>(() => PcrBanks.Parse("md5")).Message, StringComparison.Ordinal);
    }

    private static List<PcrSignature> Sign(UkiOptions options, RSA rsa, RsaPublicKey key, params PcrBank[] banks) =>
        [.. PcrPrediction.Of(options, banks).Select(value => new PcrPolicy(value)).Select(policy => new PcrSignature(policy, key, rsa.SignHash(policy.ToBeSigned.Digest.AsSpan(), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)))];

    private static UkiOptions Everything() => Pes.Options() with
    {
        Stub = Pes.Source(Pes.Make(PeMachine.X64, 0x800, 0x160, (".text", new byte[10]), (".sbat", Encoding.ASCII.GetBytes(Pes.StubSbat)))),
        Microcode = Pes.Source([1]),
        Splash = Pes.Source([2]),
        DeviceTree = Pes.Source([3]),
        PcrPublicKey = Pes.Source([4]),
        Profiles = [Pes.Profile("a", "A", "one")],
    };

    private sealed class CountingSource(long length) : ByteSource
    {
        public long BytesRead { get; private set; }

        public override long Length => length;

        protected override void ReadCore(long offset, Span<byte> destination)
        {
            BytesRead += destination.Length;
            destination.Fill(5);
        }
    }
}
