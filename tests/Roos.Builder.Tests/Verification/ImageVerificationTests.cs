using System.Text.Json;
using Roos.Builder.Verification;
using Roos.Core;
using Roos.Core.Bytes;
using Roos.Signing;
using Roos.Signing.OpenPgp;
using Roos.Testing;

namespace Roos.Builder.Tests.Verification;

/// <summary>Every link of the chain, broken, is named.</summary>
public sealed class ImageVerificationTests
{
    private static readonly Lazy<byte[]> SoundDisk = new(() => new SampleImage().Disk());

    private static readonly TrustAnchors Trust = new() { SecureBoot = SampleImage.Certificate, Verity = SampleImage.Certificate, Pcr = SampleImage.PcrKey.PublicKey };

    [Fact]
    public void A_sound_image_holds()
    {
        var report = Verify(SoundDisk.Value, Trust);
        Assert.Null(report.FirstBroken);
        Assert.Equal(
            [
                (CheckNames.PartitionTable, "partition table"),
                (CheckNames.BootFileSystem, "partition 1 (esp)"),
                (CheckNames.Enrollment, "loader/keys/auto/KEK.auth"),
                (CheckNames.Enrollment, "loader/keys/auto/PK.auth"),
                (CheckNames.Enrollment, "loader/keys/auto/db.auth"),
                (CheckNames.Program, SampleImage.Loader),
                (CheckNames.Program, SampleImage.OtherLoader),
                (CheckNames.Program, SampleImage.UkiPath),
                (CheckNames.Kernel, SampleImage.UkiPath + ": kernel"),
                (CheckNames.CommandLine, SampleImage.UkiPath + ": profile 0 (main)"),
                (CheckNames.CommandLine, SampleImage.UkiPath + ": profile 1 (factory-reset)"),
                (CheckNames.PcrSignature, SampleImage.UkiPath + ": profile 0 (main): PCR 11"),
                (CheckNames.PcrSignature, SampleImage.UkiPath + ": profile 1 (factory-reset): PCR 11"),
                (CheckNames.Volume, "root"),
                (CheckNames.RootHash, Signature),
                (CheckNames.Verity, Data),
                (CheckNames.FileSystem, Data),
                (CheckNames.VerityCertificates, Data + ": /usr/lib/verity.d"),
            ],
            report.Lines.Where(line => line.Outcome == CheckOutcome.Good).Select(line => (line.Check, line.Part)));
        Assert.Equal([CheckNames.Checksum], report.Lines.Where(line => line.Outcome != CheckOutcome.Good).Select(line => line.Check));
        Assert.EndsWith("the chain of trust holds\n", VerificationFormat.Verdict("disk.raw", report), StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_certificate_all_but_signatures_is_checked_and_that_is_said()
    {
        var report = Verify(SoundDisk.Value, new TrustAnchors());
        Assert.Null(report.FirstBroken);
        Assert.False(report.SignaturesChecked);
        Assert.Equal(
            [CheckNames.PartitionTable, CheckNames.BootFileSystem, CheckNames.CommandLine, CheckNames.PcrSignature, CheckNames.Volume, CheckNames.Verity, CheckNames.FileSystem],
            report.Lines.Where(line => line.Outcome == CheckOutcome.Good).Select(line => line.Check).Distinct());
        Assert.Contains("SIGNATURES WERE NOT CHECKED", VerificationFormat.Verdict("disk.raw", report), StringComparison.Ordinal);
        Assert.Contains(report.Lines, line => line is { Check: CheckNames.Program, Part: SampleImage.UkiPath, Outcome: CheckOutcome.Unchecked } && line.Detail.Contains("CN=Sample", StringComparison.Ordinal));
    }

    /// <summary>A byte changed; the marker says where.</summary>
    [Theory]
    [InlineData(SampleImage.CommandLineMarker, 8, CheckNames.Program, SampleImage.UkiPath)]
    [InlineData(SampleImage.InitrdMarker, 3, CheckNames.Program, SampleImage.UkiPath)]
    [InlineData(SampleImage.KernelMarker, 3, CheckNames.Program, SampleImage.UkiPath)]
    [InlineData("systemd-boot", 0, CheckNames.Program, SampleImage.Loader)]
    [InlineData(SampleImage.RootMarker, 5, CheckNames.Verity, Data)]
    [InlineData("{\"rootHash\":\"", 20, CheckNames.RootHash, "root")]
    [InlineData("\"certificateFingerprint\":\"", 30, CheckNames.RootHash, Signature)]
    [InlineData("\"}\0", -20, CheckNames.RootHash, Signature)]
    [InlineData("verity\0\0", 90, CheckNames.Verity, Tree)] // the salt
    [InlineData("verity\0\0", 0, CheckNames.Verity, Tree)]
    [InlineData("verity\0\0", 72, CheckNames.Verity, Tree)] // number of data blocks
    [InlineData("verity\0\0", 300, CheckNames.Verity, Tree)] // padding
    [InlineData("verity\0\0", 4096, CheckNames.Verity, Tree)] // top of the tree
    [InlineData("verity\0\0", 8192 + 100, CheckNames.Verity, Tree)] // leaves
    [InlineData("EFI PART", 60, CheckNames.PartitionTable, "partition table")]
    [InlineData("EFI PART", 0, CheckNames.PartitionTable, "partition table")]
    [InlineData("EFI PART", 512 + 40, CheckNames.PartitionTable, "partition table")] // an entry
    public void A_changed_byte_is_named(string marker, int offset, string check, string part)
    {
        var disk = (byte[])SoundDisk.Value.Clone();
        disk[SampleImage.Find(disk, marker) + offset] ^= 0x01;
        var broken = Verify(disk, Trust).FirstBroken;
        Assert.Equal((check, part), (broken?.Check, broken?.Part));
    }

    [Fact]
    public void The_second_partition_table_is_checked_too()
    {
        var disk = (byte[])SoundDisk.Value.Clone();
        disk[^(512 - 60)] ^= 1;
        Assert.Equal(CheckNames.PartitionTable, Verify(disk, Trust).FirstBroken?.Check);
    }

    /// <summary>What the UKI's signature covers is found without it too, where something else depends on it.</summary>
    [Theory]
    [InlineData(SampleImage.CommandLineMarker, 8)]
    [InlineData(SampleImage.InitrdMarker, 3)]
    [InlineData(SampleImage.KernelMarker, 3)]
    public void Policies_over_PCR_11_break_with_what_they_measure(string marker, int offset)
    {
        var disk = (byte[])SoundDisk.Value.Clone();
        disk[SampleImage.Find(disk, marker) + offset] ^= 0x01;
        Assert.Equal(CheckNames.PcrSignature, Verify(disk, new TrustAnchors()).FirstBroken?.Check);
    }

    [Fact]
    public void A_certificate_that_signed_nothing_breaks_every_signature()
    {
        var foreign = SampleImage.ForeignCertificate;
        var report = Verify(SoundDisk.Value, Trust with { SecureBoot = foreign, Verity = foreign });
        Assert.Equal(
            [CheckNames.Enrollment, CheckNames.Program, CheckNames.Kernel, CheckNames.RootHash, CheckNames.VerityCertificates],
            report.Lines.Where(line => line.Outcome == CheckOutcome.Broken).Select(line => line.Check).Distinct());
    }

    [Fact]
    public void A_root_with_a_valid_hash_tree_of_its_own_is_not_the_one_that_was_signed()
    {
        var other = SampleImage.MakeRoot("another root");
        var broken = Verify(new SampleImage { Stored = other }.Disk(), Trust).FirstBroken;
        Assert.Equal((CheckNames.Verity, Tree), (broken?.Check, broken?.Part));
        Assert.Contains("data and hash tree agree", broken?.Detail, StringComparison.Ordinal);

        // With names and a signature that fit it.
        broken = Verify(new SampleImage { Stored = other, Named = other.Tree }.Disk(), Trust).FirstBroken;
        Assert.Equal((CheckNames.Volume, "root"), (broken?.Check, broken?.Part));
        Assert.Contains($"partition 2 (root) has {other.Tree.DataPartitionUuid}", broken?.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void Unsigned_and_foreign_parts_are_named()
    {
        Named(new SampleImage { LoaderKey = null }, CheckNames.Program, SampleImage.Loader, "not signed");
        Named(new SampleImage { LoaderKey = SampleImage.ForeignKey }, CheckNames.Program, SampleImage.Loader, "CN=Foreign");
        Named(new SampleImage { UkiKey = null }, CheckNames.Program, SampleImage.UkiPath, "not signed");
        Named(new SampleImage { UkiKey = SampleImage.ForeignKey }, CheckNames.Program, SampleImage.UkiPath, "CN=Foreign");
        Named(new SampleImage { KernelKey = null }, CheckNames.Kernel, SampleImage.UkiPath + ": kernel", "not signed");
        Named(new SampleImage { RootHashKey = null }, CheckNames.RootHash, "root", "is empty");
        Named(new SampleImage { RootHashKey = SampleImage.ForeignKey }, CheckNames.RootHash, Signature, "CN=Sample");
        Named(new SampleImage { EnrollmentKey = SampleImage.ForeignKey }, CheckNames.Enrollment, "loader/keys/auto/KEK.auth", "CN=Foreign");
        Named(new SampleImage { Enrolled = SampleImage.ForeignCertificate }, CheckNames.Enrollment, "loader/keys/auto/db.auth", "is not in it");
        Named(new SampleImage { PolicyKey = SampleImage.ForeignKey }, CheckNames.PcrSignature, SampleImage.UkiPath + ": profile 0 (main): PCR 11", "not the one that is trusted");
        Named(new SampleImage { PolicyKey = null }, CheckNames.PcrSignature, SampleImage.UkiPath + ": profile 0 (main): PCR 11", "no .pcrsig");
    }

    [Fact]
    public void Command_lines_must_name_one_root_hash_and_leave_verity_on()
    {
        var hash = SampleImage.Root.Tree.RootHashText;
        var base0 = SampleImage.UkiPath + ": profile 0 (main)";
        var profile1 = SampleImage.UkiPath + ": profile 1 (factory-reset)";
        Named(new SampleImage { CommandLine = "quiet" }, CheckNames.CommandLine, base0, "no roothash=");
        Named(new SampleImage { ProfileCommandLine = "quiet" }, CheckNames.CommandLine, profile1, "no roothash=");
        Named(new SampleImage { CommandLine = "roothash=12" }, CheckNames.CommandLine, base0, "64 hex digits");
        Named(new SampleImage { CommandLine = $"roothash={hash} roothash={new string('0', 64)}" }, CheckNames.CommandLine, base0, "several");
        Named(new SampleImage { CommandLine = $"roothash={hash} systemd.verity=no" }, CheckNames.CommandLine, base0, "systemd.verity=no");
        Named(new SampleImage { CommandLine = $"roothash={hash} root=/dev/sda5" }, CheckNames.CommandLine, base0, "root=/dev/sda5");
        Named(new SampleImage { CommandLine = $"roothash={hash} mount.usr=/dev/sda6" }, CheckNames.CommandLine, base0, "mount.usr=/dev/sda6");
        Named(new SampleImage { CommandLine = $"roothash={hash} \"systemd.verity-root-options=ignore-corruption\"" }, CheckNames.CommandLine, base0, "ignore-corruption");
        Named(new SampleImage { ProfileCommandLine = $"roothash={new string('0', 64)}" }, CheckNames.Volume, "root", "UUID 00000000-0000-0000-0000-000000000000");
    }

    [Fact]
    public void Parts_that_need_not_be_there_are_not_missed()
    {
        var report = Verify(new SampleImage { HasSignaturePartition = false, PolicyKey = null, EnrollmentKey = null, ProfileCommandLine = null }.Disk(), Trust with { Pcr = null });
        Assert.Null(report.FirstBroken);
        Assert.Equal([CheckNames.PcrSignature, CheckNames.RootHash, CheckNames.Checksum], report.Lines.Where(line => line.Outcome == CheckOutcome.Absent).Select(line => line.Check));
    }

    [Fact]
    public void A_UKI_is_verified_by_itself()
    {
        var uki = new SampleImage().Uki();
        var report = Verify(uki, Trust);
        Assert.Null(report.FirstBroken);
        Assert.Equal([CheckNames.Program, CheckNames.Kernel, CheckNames.CommandLine, CheckNames.PcrSignature], report.Lines.Where(line => line.Outcome == CheckOutcome.Good).Select(line => line.Check).Distinct());
        uki[SampleImage.Find(uki, SampleImage.InitrdMarker)] ^= 1;
        Assert.Equal(CheckNames.Program, Verify(uki, Trust).FirstBroken?.Check);
    }

    [Fact]
    public void Other_files_are_refused() => Assert.Throws<RoosException>(() => Verify("hello"u8.ToArray(), Trust));

    [Fact]
    public void Sums_beside_the_image_are_compared()
    {
        using var scratch = new ScratchFolder();
        var uki = new SampleImage().Uki();
        var path = scratch["test_1.efi"];
        var digest = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(uki));
        File.WriteAllText(scratch["SHA256SUMS"], $"{digest} *test_1.efi\n{new string('0', 64)} *other\n");
        Assert.Equal(CheckOutcome.Good, Sum(uki));
        File.WriteAllText(scratch["SHA256SUMS"], $"{digest[..63]}x *test_1.efi\n");
        Assert.Equal(CheckOutcome.Broken, Sum(uki));
        File.WriteAllText(scratch["SHA256SUMS"], $"{digest} *other\n");
        Assert.Equal(CheckOutcome.Unchecked, Sum(uki));

        // With a key the list must be signed, and have the image in it.
        var pgp = OpenPgpKey.Read(Complete(OpenPgpKey.Prepare(SampleImage.Key.PublicKey, "Sample <sample@example.org>", SampleImage.Start)));
        var list = System.Text.Encoding.ASCII.GetBytes($"{digest} *test_1.efi\n");
        File.WriteAllBytes(scratch["SHA256SUMS"], list);
        Assert.Equal("there is none beside the image", Signed()?.Detail);
        File.WriteAllBytes(scratch["SHA256SUMS.gpg"], Complete(OpenPgpSignature.Prepare(ByteSource.FromMemory(list), pgp, SampleImage.Start)));
        Assert.Null(Signed());
        Assert.Equal(CheckOutcome.Good, Sum(uki));
        File.WriteAllBytes(scratch["SHA256SUMS"], [.. list, (byte)'\n']);
        Assert.Equal(CheckNames.ChecksumSignature, Signed()?.Check);
        File.Delete(scratch["SHA256SUMS"]);
        Assert.Equal(CheckNames.Checksum, Signed()?.Check);

        byte[] Complete(ToBeSigned it) => it.Complete(SampleImage.Key.Sign(it.Digest.AsSpan()));

        CheckLine? Signed() => ImageVerification.Run(path, ByteSource.FromMemory(uki), Trust with { OpenPgp = pgp }).FirstBroken;

        CheckOutcome Sum(byte[] image) => Assert.Single(ImageVerification.Run(path, ByteSource.FromMemory(image), Trust).Lines, line => line.Check == CheckNames.Checksum).Outcome;
    }

    [Fact]
    public void Json_says_the_same()
    {
        var disk = (byte[])SoundDisk.Value.Clone();
        disk[SampleImage.Find(disk, SampleImage.RootMarker)] ^= 1;
        var report = Verify(disk, Trust);
        using var json = JsonDocument.Parse(VerificationFormat.Json("disk.raw", report));
        Assert.False(json.RootElement.GetProperty("good").GetBoolean());
        Assert.Equal(CheckNames.Verity, json.RootElement.GetProperty("firstBroken").GetProperty("check").GetString());
        Assert.Equal("broken", json.RootElement.GetProperty("firstBroken").GetProperty("result").GetString());
        Assert.Equal(report.Lines.Count, json.RootElement.GetProperty("checks").GetArrayLength());
    }

    [Fact]
    public void Text_has_no_control_characters_of_the_image() =>
        Assert.Equal("BROKEN     a?b: c?d\n", VerificationFormat.Text(new CheckLine("x", "a\u001bb", CheckOutcome.Broken, "c\nd")));

    /// <summary>Whatever the bytes are, the answer is a report or one sentence.</summary>
    [Fact]
    public void Hostile_images_get_an_answer()
    {
        var random = new Random(7);
        var sound = SoundDisk.Value;
        int[] places = [SampleImage.Find(sound, "EFI PART"), SampleImage.Find(sound, "FAT32"), SampleImage.Find(sound, "BOOTX64"), SampleImage.Find(sound, SampleImage.CommandLineMarker), SampleImage.Find(sound, "verity\0\0"), SampleImage.Find(sound, "{\"rootHash\""), SampleImage.Find(sound, "{\"sha256\"")];
        for (var round = 0; round < 12; round++)
        {
            var patches = Enumerable.Range(0, 1 + random.Next(3)).Select(_ => (long)places[random.Next(places.Length)] + random.Next(-64, 2048)).Distinct().Order().ToList();
            var bytes = (byte[])sound.Clone();
            foreach (var at in patches) bytes[at] = (byte)random.Next(256);
            try
            {
                Verify(bytes, Trust);
            }
            catch (RoosException)
            {
            }
        }
    }

    private const string Data = "partition 2 (root)", Tree = "partition 3 (root-verity)", Signature = "partition 4 (root-verity-sig)";

    private static void Named(SampleImage image, string check, string part, string detail)
    {
        var broken = Verify(image.Disk(), Trust).FirstBroken;
        Assert.Equal((check, part), (broken?.Check, broken?.Part));
        Assert.Contains(detail, broken?.Detail, StringComparison.Ordinal);
    }

    private static VerificationReport Verify(byte[] image, TrustAnchors trust) => ImageVerification.Run("/nowhere/test_1.raw", ByteSource.FromMemory(image), trust);
}
