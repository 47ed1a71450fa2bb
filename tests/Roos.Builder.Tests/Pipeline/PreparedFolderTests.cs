using System.Text;
using Roos.Builder.Pipeline;
using Roos.Builder.Signing;
using Roos.Builder.Tests.Signing;
using Roos.Builder.Workspaces;
using Roos.Core;
using Roos.Core.Bytes;
using Roos.Core.Identity;
using Roos.Core.Tree;
using Roos.Gpt;
using Roos.Signing.OpenPgp;
using Roos.Testing;

namespace Roos.Builder.Tests.Pipeline;

public sealed class PreparedFolderTests : IDisposable
{
    private readonly ScratchFolder _scratch = new();

    private string Folder => _scratch["prepared"];

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void What_is_saved_is_opened()
    {
        var image = Image();
        Save(image);
        using var opened = PreparedFolder.Open(Folder, TestContext.Current.CancellationToken);
        var found = opened.Image;
        Assert.Equal((image.Name, image.DiskExtension, image.Clock), (found.Name, found.DiskExtension, found.Clock));
        Assert.Equal(image.Signing.SecureBoot!.Der, found.Signing.SecureBoot!.Der);
        Assert.Equal(image.Signing.Verity!.Der, found.Signing.Verity!.Der);
        Assert.Equal(image.Signing.Pcr, found.Signing.Pcr);
        Assert.Equal(image.Signing.OpenPgp!.ToKeyring(), found.Signing.OpenPgp!.ToKeyring());
        Assert.Equal(image.Signing.Enrollment!.Signatures, found.Signing.Enrollment!.Signatures);
        Assert.Equal(image.Uki.Profiles, found.Uki.Profiles);
        Assert.Equal((image.Uki.FileName, image.Uki.OsRelease, image.Uki.CommandLine, image.Uki.KernelVersion), (found.Uki.FileName, found.Uki.OsRelease, found.Uki.CommandLine, found.Uki.KernelVersion));
        Same([image.Uki.Stub, image.Uki.Linux, .. image.Uki.Initrds, image.Uki.Microcode!, image.BootLoader], [found.Uki.Stub, found.Uki.Linux, .. found.Uki.Initrds, found.Uki.Microcode!, found.BootLoader]);
        Assert.Equal((image.Disk.Uuid, image.Disk.Length), (found.Disk.Uuid, found.Disk.Length));
        Assert.Equal(image.Disk.Partitions.Select(partition => (partition.Partition, partition.ArtifactName)), found.Disk.Partitions.Select(partition => (partition.Partition, partition.ArtifactName)));
        var fat = (FatContent)image.Disk.Partitions[0].Content!;
        var foundFat = (FatContent)found.Disk.Partitions[0].Content!;
        Assert.Equal((fat.Size, fat.VolumeId, fat.MaximumTime), (foundFat.Size, foundFat.VolumeId, foundFat.MaximumTime));
        Assert.Equal(fat.Entries.Select(entry => (entry.Path, entry.Time, entry.Kind)), foundFat.Entries.Select(entry => (entry.Path, entry.Time, entry.Kind)));
        Same([fat.Entries[3].Content!], [foundFat.Entries[3].Content!]);
        Same([((FixedContent)image.Disk.Partitions[1].Content!).Bytes], [((FixedContent)found.Disk.Partitions[1].Content!).Bytes]);
        Assert.Equal(new byte[32], ((RootHashSignatureContent)found.Disk.Partitions[2].Content!).RootHash);
        Assert.Null(found.Disk.Partitions[3].Content);
        Assert.Equal("roos.roothash", found.Outputs.Single().Name);
    }

    [Fact]
    public void What_is_not_signed_stays_unsigned()
    {
        Save(Image() with { Signing = SigningPlan.None });
        using var opened = PreparedFolder.Open(Folder, TestContext.Current.CancellationToken);
        Assert.Equal(SigningPlan.None, opened.Image.Signing);
    }

    [Fact]
    public void A_folder_with_something_in_it_is_left_alone()
    {
        Directory.CreateDirectory(Folder);
        File.WriteAllText(Path.Combine(Folder, "mine"), "");
        Assert.Throws<UsageException>(() => Save(Image()));
        Assert.Equal([Path.Combine(Folder, "mine")], Directory.GetFileSystemEntries(Folder));
    }

    [Fact]
    public void Another_folder_is_refused()
    {
        Directory.CreateDirectory(Folder);
        Assert.Contains("is no prepared image", Assert.Throws<UsageException>(() => Open()).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"file\": \"stub\"", "\"file\": \"../stub\"")]
    [InlineData("\"file\": \"stub\"", "\"file\": \"\"")]
    [InlineData("\"version\": 1", "\"version\": 2")]
    [InlineData("\"version\": 1,", "")]
    [InlineData("{", "[")]
    [InlineData("\"rootHash\": \"00", "\"rootHash\": \"zz")]
    [InlineData("BEGIN CERTIFICATE", "BEGIN SOMETHING")]
    [InlineData("\"kind\": \"Uki\"", "\"kind\": \"Unknown\"")]
    public void A_changed_document_is_refused(string text, string replacement)
    {
        Save(Image());
        var path = Path.Combine(Folder, PreparedFolder.Document);
        var document = File.ReadAllText(path);
        Assert.Contains(text, document, StringComparison.Ordinal);
        File.WriteAllText(path, document.Replace(text, replacement, StringComparison.Ordinal));
        Assert.ThrowsAny<RoosException>(() => Open());
    }

    [Fact]
    public void A_changed_or_missing_part_is_refused()
    {
        Save(Image());
        var stub = Path.Combine(Folder, "parts", "stub");
        File.WriteAllText(stub, "Stub");
        Assert.Contains("is not the file that the image was prepared with", Assert.Throws<RoosException>(() => Open()).Message, StringComparison.Ordinal);
        File.Delete(stub);
        Assert.ThrowsAny<RoosException>(() => Open());
    }

    private static ByteSource Text(string text) => ByteSource.FromMemory(Encoding.UTF8.GetBytes(text));

    private static void Same(IReadOnlyList<ByteSource> expected, IReadOnlyList<ByteSource> actual) =>
        Assert.Equal(expected.Select(source => Convert.ToHexString(source.ToArray())), actual.Select(source => Convert.ToHexString(source.ToArray())));

    private static PreparedImage Image()
    {
        var certificate = SigningKeys.CertificateOf(SigningKeys.Key);
        var waiting = OpenPgpKey.Prepare(SigningKeys.Key.PublicKey, "Test", SigningKeys.Start);
        var time = new Timestamp(1000, 5);
        return new PreparedImage
        {
            Name = "roos",
            DiskExtension = "raw",
            Clock = new Timestamp(1754697600, 0),
            Signing = new SigningPlan
            {
                SecureBoot = certificate,
                Verity = SigningKeys.CertificateOf(SigningKeys.Other),
                Pcr = SigningKeys.Other.PublicKey,
                OpenPgp = OpenPgpKey.Read(waiting.Complete(SigningKeys.Key.Sign(waiting.Digest.AsSpan()))),
                Enrollment = new EnrollmentLists([], [1], [2], [3]),
            },
            Uki = new PreparedUki
            {
                FileName = "roos.efi",
                Stub = Text("stub"),
                Linux = Text("linux"),
                Initrds = [Text("one"), Text("two")],
                Microcode = Text("microcode"),
                OsRelease = "ID=ö\n",
                CommandLine = "a \"b\"",
                KernelVersion = "6.12",
                Profiles = [("reset", "Factory Reset", "c"), ("plain", null, "d")],
            },
            BootLoader = Text("loader"),
            Disk = new PreparedDisk(Uuid.Parse("11111111-2222-4333-8444-555555555555"), 1 << 20,
            [
                new PreparedPartition(Partition("esp"), null, new FatContent(4096, 0xfedcba98, new Timestamp(2000, 0), [
                    new FatEntry("EFI", time, FatEntryKind.Directory, null),
                    new FatEntry("EFI/uki", time, FatEntryKind.Uki, null),
                    new FatEntry("EFI/loader", time, FatEntryKind.BootLoader, null),
                    new FatEntry("EFI/ü", time, FatEntryKind.File, Text("file"))])),
                new PreparedPartition(Partition("root"), "root", new FixedContent(Text("root"))),
                new PreparedPartition(Partition("sig"), "sig", new RootHashSignatureContent("root", new byte[32])),
                new PreparedPartition(Partition("empty"), null, null),
            ]),
            Outputs = [("roos.roothash", Text("00\n"))],
        };
    }

    private static GptPartition Partition(string label) => new()
    {
        Type = Uuid.Parse("c12a7328-f81f-11d2-ba4b-00a0c93ec93b"),
        Uuid = Uuid.Parse("6b9d7a1e-3f42-4c58-9a3b-0d2f5e8c1a77"),
        Label = label,
        Attributes = PartitionAttributes.ReadOnly,
        Size = 8192,
        PaddingAfter = 4096,
    };

    private void Save(PreparedImage image)
    {
        using var workspace = Workspace.Create(_scratch.Path);
        PreparedFolder.Save(image, Folder, workspace, TestContext.Current.CancellationToken);
    }

    private void Open() => PreparedFolder.Open(Folder, TestContext.Current.CancellationToken).Dispose();
}
