using System.Globalization;
using Roos.Core.Bytes;
using Roos.Core.Tree;
using Roos.Fat;
using Roos.Testing;

namespace Roos.Interop.Tests.Fat;

/// <summary>fsck.fat, mtools and the kernel read what Roos.Fat writes; Roos.Fat reads what mkfs.fat and mtools write.</summary>
public sealed class FatJudgeTests
{
    private static readonly Timestamp Time = new(1_700_000_000, 0);

    public static TheoryData<long> Sizes => new(34_089_472, 40 << 20, 260 << 20, 261 << 20, 512 << 20, 9L << 30, 17L << 30, 33L << 30);

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Fsck_finds_nothing_to_say(long size)
    {
        var fsck = Judge.Host("fsck.fat");
        using var scratch = new ScratchFolder();
        var tree = Sample();
        Write(FatImage.Plan(tree, Options(size)), scratch["esp"]);
        Assert.Equal(size, new FileInfo(scratch["esp"]).Length);
        Clean(fsck, scratch["esp"], Nodes(tree) - 1);
    }

    [Fact]
    public void Fsck_finds_nothing_to_say_about_full_and_empty_file_systems()
    {
        var fsck = Judge.Host("fsck.fat");
        using var scratch = new ScratchFolder();
        Write(FatImage.Plan(FileTree.Empty, Options(FatImage.MinimumSize)), scratch["empty"]);
        Clean(fsck, scratch["empty"], 0);
        var free = FatImage.Plan(FileTree.Empty, Options(FatImage.MinimumSize)).FreeBytes;
        var full = FatImage.Plan(new FileTreeBuilder().Set("full", File(free, 1)).Build(), Options(FatImage.MinimumSize));
        Assert.Equal(0, full.FreeBytes);
        Write(full, scratch["full"]);
        Clean(fsck, scratch["full"], 1);
    }

    [Fact]
    public void The_kernel_sees_every_name_and_byte_and_time()
    {
        Judge.NeedRoot();
        if (!System.IO.File.ReadLines("/proc/filesystems").Any(line => line.EndsWith("\tvfat", StringComparison.Ordinal)) && Judge.Host("modprobe").Run("vfat").ExitCode != 0)
            Assert.Skip("the kernel of this machine has no vfat, which no package can give it");
        var mount = Judge.Host("mount");
        var umount = Judge.Host("umount");
        using var scratch = new ScratchFolder();
        var tree = Sample();
        Write(FatImage.Plan(tree, Options(512 << 20)), scratch["esp"]);
        var point = Directory.CreateDirectory(scratch["mnt"]).FullName;
        mount.Must("-t", "vfat", "-o", "ro,loop,utf8,tz=UTC,shortname=mixed", scratch["esp"], point);
        try
        {
            var seen = Directory.EnumerateFileSystemEntries(point, "*", SearchOption.AllDirectories)
                .Select(path => (Path.GetRelativePath(point, path), System.IO.File.Exists(path) ? Convert.ToHexString(System.IO.File.ReadAllBytes(path)) : "directory"))
                .OrderBy(item => item.Item1, StringComparer.Ordinal);
            Assert.Equal(List(tree), seen);
            Assert.Equal(1_600_000_000, new DateTimeOffset(System.IO.File.GetLastWriteTimeUtc(Path.Combine(point, "EFI/Linux/old.efi"))).ToUnixTimeSeconds());
            Assert.Equal(512 << 20, new FileInfo(scratch["esp"]).Length);
        }
        finally
        {
            umount.Must(point);
        }
    }

    [Fact]
    public void Mtools_copy_everything_out()
    {
        var mdir = Judge.Host("mdir");
        var mcopy = Judge.Host("mcopy");
        using var scratch = new ScratchFolder();
        var tree = Sample();
        Write(FatImage.Plan(tree, Options(64 << 20)), scratch["esp"]);
        var listing = mdir.Must("-i", scratch["esp"], "-/", "::");
        Assert.Contains("Volume in drive : is ESP", listing, StringComparison.Ordinal);
        Assert.Contains("Volume Serial Number is B60B-6DEA", listing, StringComparison.Ordinal);
        Assert.Contains("loader.conf", listing, StringComparison.Ordinal);
        Directory.CreateDirectory(scratch["out"]);
        mcopy.Must("-s", "-Q", "-n", "-i", scratch["esp"], "::EFI", "::loader", "::names", "::sizes", "::many", "::deep", scratch["out"]);
        foreach (var (path, content) in List(tree).Where(item => item.Content != "directory" && item.Path.All(char.IsAscii)))
            Assert.Equal(content, Convert.ToHexString(System.IO.File.ReadAllBytes(Path.Combine(scratch["out"], path))));
    }

    [Theory]
    [InlineData(512)]
    [InlineData(4096)]
    public void What_mkfs_and_mcopy_write_is_read(int sectorSize)
    {
        var mkfs = Judge.Host("mkfs.vfat");
        var mcopy = Judge.Host("mcopy");
        using var scratch = new ScratchFolder();
        using (var image = System.IO.File.Create(scratch["esp"])) image.SetLength(sectorSize == 512 ? 64L << 20 : 300L << 20);
        mkfs.Must("-F", "32", "-S", sectorSize.ToString(CultureInfo.InvariantCulture), "-n", "ESP", scratch["esp"]);
        Directory.CreateDirectory(scratch["in/EFI/Linux"]);
        Directory.CreateDirectory(scratch["in/loader"]);
        System.IO.File.WriteAllBytes(scratch["in/EFI/Linux/a long name indeed.efi"], [.. Enumerable.Range(0, 100_000).Select(i => (byte)(i % 251))]);
        System.IO.File.WriteAllText(scratch["in/loader/loader.conf"], "timeout 0\n");
        System.IO.File.WriteAllText(scratch["in/EFI/UPPER.TXT"], "");
        System.IO.File.WriteAllText(scratch["in/EFI/lower.txt"], "x");
        mcopy.Must("-s", "-Q", "-i", scratch["esp"], scratch["in/EFI"], scratch["in/loader"], "::");
        using var source = FileSource.Open(scratch["esp"]);
        var expected = Directory.EnumerateFileSystemEntries(scratch["in"], "*", SearchOption.AllDirectories)
            .Select(path => (Path.GetRelativePath(scratch["in"], path), System.IO.File.Exists(path) ? Convert.ToHexString(System.IO.File.ReadAllBytes(path)) : "directory"))
            .OrderBy(item => item.Item1, StringComparer.Ordinal);
        Assert.Equal(expected, List(FatReader.Read(source)));
    }

    /// <summary>Exit status 0 and not a line besides its name and the count of files, among which it counts the label.</summary>
    private static void Clean(Judge fsck, string path, int files)
    {
        var lines = fsck.Must("-n", path).TrimEnd('\n').Split('\n');
        Assert.Equal(2, lines.Length);
        Assert.StartsWith(string.Create(CultureInfo.InvariantCulture, $"{path}: {files + 1} files, "), lines[1], StringComparison.Ordinal);
    }

    private static FatOptions Options(long size) => new() { Size = size, VolumeId = 0xb60b6dea, MaximumTime = Time };

    private static FileTree Sample()
    {
        var tree = new FileTreeBuilder()
            .Set("EFI/BOOT/BOOTX64.EFI", File(100_001, 1))
            .Set("EFI/systemd/systemd-bootx64.efi", File(100_001, 1))
            .Set("EFI/Linux/roos_0.1.0+3-0.efi", File(3_000_000, 2))
            .Set("EFI/Linux/old.efi", new RegularFile(new FileMetadata(0x1a4) { ModificationTime = new Timestamp(1_600_000_001, 1) }, ByteSource.FromMemory("old"u8.ToArray())))
            .Set("loader/loader.conf", File(15, 3))
            .Set("loader/entries.srel", File(6, 4))
            .Set("names/with spaces and ünïcödé and 漢字 and 🐧.txt", File(7, 5))
            .Set("names/a+b,c;d=e[f]", File(7, 6))
            .Set("names/.hidden", File(7, 7))
            .Set("names/UPPER", File(7, 8))
            .Set("names/Mixed.Txt", File(7, 9))
            .Set("names/" + new string('n', 255), File(7, 10))
            .Set("names/~1", File(7, 11));
        foreach (var size in (int[])[0, 1, 511, 512, 513, 4095, 4096, 4097, 32767, 32768, 32769]) tree.Set($"sizes/{size}", File(size, size));
        for (var i = 0; i < 2000; i++) tree.Set($"many/entry number {i} of a directory", File(i % 2, i));
        for (var i = 0; i < 20; i++) tree.Set("deep/" + string.Concat(Enumerable.Repeat("down/", i)) + "file", File(1, i));
        return tree.Build();
    }

    private static RegularFile File(long length, int seed)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return new RegularFile(new FileMetadata(0x1a4) { ModificationTime = Time }, ByteSource.FromMemory(bytes));
    }

    private static void Write(FatImage image, string path)
    {
        using var stream = System.IO.File.Create(path);
        image.WriteTo(stream);
    }

    private static int Nodes(FileTree tree) => tree.Walk().Count();

    private static IEnumerable<(string Path, string Content)> List(FileTree tree) => tree.Walk()
        .Where(item => !item.Path.IsEmpty)
        .Select(item => (item.Path.ToString(), item.Node is RegularFile file ? Convert.ToHexString(file.Content.ToArray()) : "directory"))
        .OrderBy(item => item.Item1, StringComparer.Ordinal);
}
