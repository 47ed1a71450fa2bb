using Roos.Core.Bytes;
using Roos.Core.Tree;
using Roos.Initrd.Compression;
using Roos.Initrd.Cpio;
using Roos.Testing;

namespace Roos.Interop.Tests.Initrd;

/// <summary>GNU cpio, libarchive and zstd judge archives.</summary>
public sealed class CpioTests
{
    private const string Format = "%p %m %U %G %Ts %n %y %s\\n";

    [Fact]
    public void GNU_cpio_and_libarchive_unpack_what_was_packed()
    {
        Judge.NeedRoot();
        using var folder = new ScratchFolder();
        var image = CpioImage.Plan(Tree(), new Timestamp(1_700_000_000, 0));
        using (var file = File.Create(folder["a.cpio"])) image.WriteTo(file);
        var shell = Judge.Host("sh");
        _ = Judge.Host("cpio");
        _ = Judge.Host("bsdcpio");

        foreach (var (command, target) in (ReadOnlySpan<(string, string)>)[("cpio -idm --quiet --no-absolute-filenames", "gnu"), ("bsdcpio -idm --quiet", "bsd")])
        {
            shell.Must("-ec", $"mkdir '{folder[target]}' && cd '{folder[target]}' && {command} < ../a.cpio");
            var seen = shell.Must("-ec", $"cd '{folder[target]}' && find . -mindepth 1 \\( -type d -printf '%p %m %U %G %y\\n' \\) -o \\( -type l -printf '%p %m %U %G %y %l\\n' \\) -o -printf '{Format}' | LC_ALL=C sort");
            Assert.Equal(Expected(), seen);
            Assert.Equal("twice", File.ReadAllText(folder[target + "/etc/hard-a"]));
            Assert.Equal("259:70000 5:1\n", shell.Must("-ec", $"cd '{folder[target]}' && stat -c '%Hr:%Lr' dev/disk dev/console | tr '\\n' ' ' | sed 's/ $/\\n/'"));
        }
    }

    [Fact]
    public void zstd_unpacks_what_was_compressed()
    {
        using var folder = new ScratchFolder();
        var image = CpioImage.Plan(Tree(), new Timestamp(1_700_000_000, 0));
        using var spool = ZstdSegment.Compress(image, 19, 2, () => new MemorySpool());
        File.WriteAllBytes(folder["a.zst"], spool.ToArray());
        Judge.Host("zstd").Must("-q", "-d", folder["a.zst"], "-o", folder["a.cpio"]);
        Assert.Equal(image.ToArray(), File.ReadAllBytes(folder["a.cpio"]));
        Assert.Contains(" 1 ", Judge.Host("zstd").Must("-l", folder["a.zst"]).Split('\n')[1], StringComparison.Ordinal);
    }

    private static FileTree Tree()
    {
        var hard = Text("twice", 100);
        return new FileTreeBuilder()
            .SetDirectory("etc", new FileMetadata(0x1ed) { UserId = 1, GroupId = 70000, ModificationTime = new Timestamp(7, 0) })
            .Set("etc/hard-a", hard)
            .Set("etc/hard-b", hard)
            .Set("etc/hard-c", hard)
            .Set("etc/empty", Text("", 1_900_000_000))
            .Set("etc/set", new RegularFile(new FileMetadata(0xded) { UserId = 3 }, ByteSource.FromMemory(new byte[5000])))
            .Set("etc/link", new SymbolicLink(new FileMetadata(0x1ff), new string('t', 4000)))
            .SetDirectory("dev", new FileMetadata(0x3ff))
            .Set("dev/console", new DeviceNode(new FileMetadata(0x180), isBlockDevice: false, 5, 1))
            .Set("dev/disk", new DeviceNode(new FileMetadata(0x1b0) { GroupId = 6 }, isBlockDevice: true, 259, 70000))
            .Set("dev/fifo", new FifoNode(new FileMetadata(0x180)))
            .Set("long/" + new string('n', 255) + "/" + new string('m', 255), Text("x", 0))
            .Build();
    }

    private static RegularFile Text(string text, long seconds) =>
        new(new FileMetadata(0x1a4) { ModificationTime = new Timestamp(seconds, 5) }, ByteSource.FromMemory(System.Text.Encoding.UTF8.GetBytes(text)));

    private static string Expected()
    {
        var lines = Tree().Walk().Where(item => !item.Path.IsEmpty).Select(item =>
        {
            var (path, node) = item;
            var seconds = Math.Min(node.Metadata.ModificationTime.Seconds, 1_700_000_000);
            var owner = $"./{path} {Convert.ToString(node.Metadata.Permissions, 8)} {node.Metadata.UserId} {node.Metadata.GroupId}";
            var common = $"{owner} {seconds}";
            var links = path.ToString().Contains("hard", StringComparison.Ordinal) ? 3 : 1;
            return node switch
            {
                DirectoryNode => owner + " d", // Both tools set its time before they put files into it.
                RegularFile file => $"{common} {links} f {file.Content.Length}",
                SymbolicLink link => $"{owner} l {link.Target}", // GNU cpio sets no times of links.
                DeviceNode device => $"{common} 1 {(device.IsBlockDevice ? 'b' : 'c')} 0",
                _ => common + " 1 p 0",
            };
        });
        return string.Concat(lines.Order(StringComparer.Ordinal).Select(line => line + "\n"));
    }
}
