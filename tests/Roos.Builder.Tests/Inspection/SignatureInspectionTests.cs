using System.Text;
using Roos.Builder.Inspection;
using Roos.Builder.Tests.Verification;
using Roos.Core.Bytes;
using Roos.Signing;
using Roos.Signing.Efi;
using Roos.Signing.OpenPgp;

namespace Roos.Builder.Tests.Inspection;

public sealed class SignatureInspectionTests
{
    private static readonly string Fingerprint = Convert.ToHexStringLower(SampleImage.Certificate.Fingerprint);

    [Fact]
    public void A_signed_UKI_says_who_signed_it_and_for_which_phases_its_policies_are()
    {
        var uki = Inspect(new SampleImage { UkiKey = SampleImage.ForeignKey }.Uki());
        Assert.Equal("uki", uki.Format);
        var signature = Assert.Single(uki.Parts, part => part.Name == "signature 0");
        Assert.Contains(("signer", "CN=Foreign"), signature.Fields);
        Assert.Contains(("signature", "good"), signature.Fields);
        Assert.Contains(("signing time", "none"), signature.Fields);
        Assert.Contains(("PCR key", "RSA, 2048 bits"), uki.Fields);
        var phases = ("policies sha256", "enter-initrd, enter-initrd:leave-initrd, enter-initrd:leave-initrd:sysinit, enter-initrd:leave-initrd:sysinit:ready");
        Assert.Contains(phases, Assert.Single(uki.Parts, part => part.Name == "profile 0").Fields);
        Assert.Contains(phases, Assert.Single(uki.Parts, part => part.Name == "profile 1").Fields);
        var kernel = Assert.Single(uki.Parts, part => part.Name == "section .linux").Content!;
        Assert.Contains(("signer's certificate", Fingerprint), Assert.Single(kernel.Parts).Fields);
    }

    [Fact]
    public void What_was_changed_after_it_was_signed_is_not_good()
    {
        var bytes = new SampleImage().Uki();
        bytes[SampleImage.Find(bytes, SampleImage.CommandLineMarker)] ^= 1;
        var uki = Inspect(bytes);
        Assert.StartsWith("not good: it is that of another program", Field(uki.Parts.First(part => part.Name == "signature 0").Fields, "signature"), StringComparison.Ordinal);
        Assert.StartsWith("(not for this UKI), ", Field(uki.Parts.First(part => part.Name == "profile 0").Fields, "policies sha256"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_disk_shows_the_whole_chain()
    {
        var disk = Inspect(new SampleImage().Disk());
        var signature = disk.Parts[3].Content!;
        Assert.Equal("verity-signature", signature.Format);
        Assert.Contains(("root hash", SampleImage.Root.Tree.RootHashText), signature.Fields);
        Assert.Contains(("certificate", Fingerprint), signature.Fields);
        Assert.Contains(("signer", "CN=Sample"), signature.Fields);
        Assert.Contains(("signature", "good"), signature.Fields);

        var auth = Assert.Single(disk.Parts[0].Content!.Parts, part => part.Name == "loader/keys/auto/db.auth").Content!;
        Assert.Equal("efi-authenticated-variable", auth.Format);
        Assert.Contains(("variable", "db"), auth.Fields);
        Assert.Contains(("time", "2025-08-09T00:00:00Z"), auth.Fields);
        Assert.Contains(("signature", "good"), auth.Fields);
        Assert.Contains(("subject", "CN=Sample"), Assert.Single(auth.Parts).Fields);
    }

    [Fact]
    public void Signature_lists_show_certificates_and_digests()
    {
        var lists = Inspect(EfiSignatureList.Write([EfiSignatureList.OfCertificate(SampleImage.Certificate), EfiSignatureList.OfDigests([new byte[32]])]));
        Assert.Equal("efi-signature-list", lists.Format);
        Assert.Contains(("certificate", Fingerprint), lists.Parts[0].Fields);
        Assert.Contains(("type", "SHA-256"), lists.Parts[1].Fields);
        Assert.Contains(("data", new string('0', 64)), lists.Parts[1].Fields);
    }

    [Fact]
    public void Keys_certificates_and_OpenPGP_are_recognised()
    {
        Assert.Contains(("subject", "CN=Sample"), Named("certificate", Encoding.ASCII.GetBytes(SampleImage.Certificate.ToPem())).Fields);
        Assert.Contains(("subject", "CN=Sample"), Named("certificate", [.. SampleImage.Certificate.Der]).Fields);
        Assert.Contains(("key", "RSA, 2048 bits"), Named("public-key", Encoding.ASCII.GetBytes(SampleImage.Key.PublicKey.ToPem())).Fields);
        Assert.Empty(Named("private-key", "-----BEGIN PRIVATE KEY-----\n"u8.ToArray()).Fields);

        var prepared = OpenPgpKey.Prepare(SampleImage.Key.PublicKey, "Sample <sample@example.org>", SampleImage.Start);
        var keyring = Complete(prepared);
        var key = OpenPgpKey.Read(keyring);
        Assert.Contains(("user", "Sample <sample@example.org>"), Named("openpgp-key", keyring).Fields);
        Assert.Contains(("made", "2025-08-09T00:00:00Z"), Named("openpgp-signature", Complete(OpenPgpSignature.Prepare(ByteSource.Empty, key, SampleImage.Start))).Fields);

        static byte[] Complete(ToBeSigned it) => it.Complete(SampleImage.Key.Sign(it.Digest.AsSpan()));

        static Finding Named(string format, byte[] bytes)
        {
            var finding = Inspect(bytes);
            Assert.Equal(format, finding.Format);
            return finding;
        }
    }

    [Theory]
    [InlineData("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")]
    [InlineData("0123456789abcdef0123456789")]
    public void What_only_begins_like_a_key_is_unknown(string text) => Assert.Equal("unknown", Inspect(Encoding.ASCII.GetBytes(text)).Format);

    private static Finding Inspect(byte[] bytes) => Inspector.Inspect(ByteSource.FromMemory(bytes));

    private static string Field(IReadOnlyList<(string Name, string Value)> fields, string name) => fields.Single(field => field.Name == name).Value;
}
