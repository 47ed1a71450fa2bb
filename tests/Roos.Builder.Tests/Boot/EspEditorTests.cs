using System.Security.Cryptography;
using Roos.Builder.Boot;
using Roos.Builder.Tests.Configuration;
using Roos.Builder.Workspaces;
using Roos.Core;
using Roos.Core.Bytes;
using Roos.Core.Identity;
using Roos.Core.Tree;
using Roos.Fat;
using Roos.Gpt;

namespace Roos.Builder.Tests.Boot;

/// <summary>The ESP of a disk image that was finished.</summary>
public sealed class EspEditorTests : IDisposable
{
    private static readonly Timestamp Time = new(1754697600, 0);

    private readonly TestTree _folder = new(("out/SHA256SUMS", $"{new string('a', 64)} *disk.raw\n"));

    public EspEditorTests()
    {
        var tree = new FileTreeBuilder().SetDirectory("", Folder()).SetDirectory("EFI", Folder()).Set("EFI/a long name.efi", File("program")).Set("loader.conf", File("timeout 3\n")).Build();
        Make(Disk, tree);
    }

    private string Disk => Path.Combine(_folder.Root, "out/disk.raw");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void What_is_not_changed_has_the_same_bytes()
    {
        var before = Digest();
        EspEditor.Change(Disk, tree => tree, TestContext.Current.CancellationToken);
        Assert.Equal(before, Digest());
    }

    [Fact]
    public void A_file_is_added_and_the_others_stay()
    {
        EspEditor.Change(Disk, tree => tree.ToBuilder().Set("new.cred", File("credential")).Build(), TestContext.Current.CancellationToken);
        using var disk = FileSource.Open(Disk);
        var table = GptTable.Read(disk);
        Assert.Empty(table.Problems);
        var tree = FatReader.Read(table.Content(disk, table.Entries[0]));
        Assert.Equal(["EFI", "EFI/a long name.efi", "loader.conf", "new.cred"], tree.Walk().Select(item => item.Path.ToString()).Where(path => path.Length > 0));
        Assert.Equal(["program", "timeout 3\n", "credential"], tree.Walk().Select(item => item.Node).OfType<RegularFile>().Select(file => System.Text.Encoding.ASCII.GetString(file.Content.ToArray())));
        Assert.All(table.Content(disk, table.Entries[1]).ToArray(), one => Assert.Equal(0xaa, one));
        Assert.Single(Directory.GetFiles(Path.Combine(_folder.Root, "out")), path => path.EndsWith(".raw", StringComparison.Ordinal));
    }

    [Fact]
    public void Taken_out_again_the_image_is_as_it_was()
    {
        var before = Digest();
        EspEditor.Change(Disk, tree => tree.ToBuilder().Set("new.cred", File(new string('x', 1_000_000))).Build(), TestContext.Current.CancellationToken);
        Assert.NotEqual(before, Digest());
        EspEditor.Change(Disk, tree =>
        {
            var builder = tree.ToBuilder();
            builder.Remove("new.cred");
            return builder.Build();
        }, TestContext.Current.CancellationToken);
        Assert.Equal(before, Digest());
    }

    [Fact]
    public void What_does_not_fit_changes_nothing()
    {
        var before = Digest();
        Assert.Throws<RoosException>(() => EspEditor.Change(Disk, tree => tree.ToBuilder().Set("big", new RegularFile(new FileMetadata(0x1a4), ByteSource.Zeros(1L << 30))).Build(), TestContext.Current.CancellationToken));
        Assert.Equal(before, Digest());
        Assert.Equal(["SHA256SUMS", "disk.raw"], Directory.GetFileSystemEntries(Path.Combine(_folder.Root, "out")).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_file_that_is_no_disk()
    {
        var list = Path.Combine(_folder.Root, "out/SHA256SUMS");
        Assert.Contains("is no disk image", Assert.Throws<RoosException>(() => EspEditor.Change(list, tree => tree, TestContext.Current.CancellationToken)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_digest_that_is_not_true_any_more_is_told()
    {
        Assert.Contains("had when it was built", EspEditor.StaleDigest(Disk), StringComparison.Ordinal);
        Assert.Null(EspEditor.StaleDigest(Path.Combine(_folder.Root, "out/other.raw")));
    }

    private static FileMetadata Folder() => new(0x1ed) { ModificationTime = Time };

    private static RegularFile File(string text) => new(new FileMetadata(0x1a4) { ModificationTime = Time }, ByteSource.FromMemory(System.Text.Encoding.ASCII.GetBytes(text)));

    private static void Make(string path, FileTree tree)
    {
        var esp = FatImage.Plan(tree, new FatOptions { Size = 64 << 20, VolumeId = 0x12345678, MaximumTime = Time });
        var other = new byte[8192];
        Array.Fill(other, (byte)0xaa);
        var disk = GptDisk.Plan(new GptDiskOptions
        {
            DiskUuid = Uuid.Parse("6b9d7a1e-3f42-4c58-9a3b-0d2f5e8c1a77"),
            Partitions =
            [
                new GptPartition { Type = PartitionType.Find("esp", "x86-64")!.Uuid, Uuid = Uuid.Parse("11111111-3f42-4c58-9a3b-0d2f5e8c1a77"), Label = "esp", Content = esp, Size = esp.Length },
                new GptPartition { Type = PartitionType.Find("root", "x86-64")!.Uuid, Uuid = Uuid.Parse("22222222-3f42-4c58-9a3b-0d2f5e8c1a77"), Label = "root", Content = new SourceImage(ByteSource.FromMemory(other)), Size = other.Length },
            ],
        });
        Workspace.WriteFile(path, disk, [], CancellationToken.None);
    }

    private string Digest()
    {
        using var stream = System.IO.File.OpenRead(Disk);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }
}
