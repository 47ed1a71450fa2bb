using System.Text;
using CsCheck;
using Roos.Core;
using Roos.Core.Bytes;
using Roos.Core.Tree;
using Roos.Initrd.Cpio;

namespace Roos.Initrd.Tests;

public sealed class CpioTests
{
    [Fact]
    public void A_small_archive_is_these_bytes()
    {
        var tree = new FileTreeBuilder()
            .SetDirectory("a", new FileMetadata(0x1ed) { ModificationTime = new Timestamp(16, 5) })
            .Set("a/b", Trees.File("hello", seconds: 99))
            .Build();
        var expected =
            "070701" + "00000001" + "000041ED" + "00000000" + "00000000" + "00000002" + "00000010" + "00000000" + // ino mode uid gid nlink mtime filesize
            "00000000" + "00000000" + "00000000" + "00000000" + "00000002" + "00000000" + // devmajor devminor rdevmajor rdevminor namesize check
            "a\0" + // 112 bytes, a multiple of 4
            "070701" + "00000002" + "000081A4" + "00000000" + "00000000" + "00000001" + "00000020" + "00000005" +
            "00000000" + "00000000" + "00000000" + "00000000" + "00000004" + "00000000" +
            "a/b\0" + "\0\0" + "hello" + "\0\0\0" +
            "070701" + "00000000" + "00000000" + "00000000" + "00000000" + "00000001" + "00000000" + "00000000" +
            "00000000" + "00000000" + "00000000" + "00000000" + "0000000B" + "00000000" +
            "TRAILER!!!\0" + "\0\0\0";
        var image = CpioImage.Plan(tree, new Timestamp(32, 0));
        Assert.Equal(expected, Encoding.Latin1.GetString(image.ToArray()));
        Assert.Equal(expected.Length, image.Length);
    }

    [Fact]
    public void What_is_written_is_read_again()
    {
        var image = CpioImage.Plan(Trees.Everything(), Trees.Late);
        var source = ByteSource.FromMemory(image.ToArray());
        var members = CpioReader.ReadArchive(source, out var end);
        Assert.Equal(source.Length, end);
        AssertEqual(Trees.Everything(), CpioReader.ToTree(members));
    }

    [Fact]
    public void Only_the_last_name_of_a_hard_linked_file_has_its_data()
    {
        var members = CpioReader.ReadArchive(ByteSource.FromMemory(CpioImage.Plan(Trees.Everything(), Trees.Late).ToArray()), out _);
        var names = members.Where(member => member.Name.StartsWith("etc/hard"u8)).ToArray();
        Assert.Equal([0, 5], names.Select(member => (int)member.Data.Length));
        Assert.Equal(names[0].Inode, names[1].Inode);
        Assert.All(names, member => Assert.Equal(2u, member.LinkCount));
    }

    [Fact]
    public void Every_name_of_a_hard_linked_symbolic_link_has_the_target()
    {
        var link = Trees.Link("there");
        var tree = new FileTreeBuilder().Set("a", link).Set("b", link).Build();
        var members = CpioReader.ReadArchive(ByteSource.FromMemory(CpioImage.Plan(tree, Trees.Late).ToArray()), out _);
        Assert.Equal([5, 5], members.Select(member => (int)member.Data.Length));
    }

    [Theory]
    [InlineData(-1, 0, 0u)]
    [InlineData(7, 0, 7u)]
    [InlineData(1_000, 999, 999u)]
    [InlineData(5_000_000_000, long.MaxValue, uint.MaxValue)]
    public void Times_fit_and_are_not_later_than_allowed(long time, long maximum, uint expected)
    {
        var tree = new FileTreeBuilder().Set("a", Trees.File("", seconds: time)).Build();
        var members = CpioReader.ReadArchive(ByteSource.FromMemory(CpioImage.Plan(tree, new Timestamp(maximum == 0 ? 100 : maximum, 0)).ToArray()), out _);
        Assert.Equal(expected, members[0].ModificationTime);
    }

    [Fact]
    public void The_order_of_insertion_does_not_matter()
    {
        string[] names = ["b", "a/z", "a/y", "c", "a.b", "a-b"];
        var forward = new FileTreeBuilder();
        var backward = new FileTreeBuilder();
        foreach (var name in names) forward.Set(name, Trees.File(name));
        foreach (var name in names.Reverse()) backward.Set(name, Trees.File(name));
        Assert.Equal(CpioImage.Plan(forward.Build(), Trees.Late).ToArray(), CpioImage.Plan(backward.Build(), Trees.Late).ToArray());
    }

    [Theory]
    [InlineData(4095, true)]
    [InlineData(4096, false)]
    public void Paths_are_as_long_as_the_kernel_takes(int length, bool fits)
    {
        var name = string.Join('/', Enumerable.Repeat(new string('n', 255), 17))[..(length - 1)] + "x";
        var tree = new FileTreeBuilder().Set(name, Trees.File("1")).Build();
        if (fits)
        {
            var members = CpioReader.ReadArchive(ByteSource.FromMemory(CpioImage.Plan(tree, Trees.Late).ToArray()), out _);
            Assert.Equal(length, members[^1].Name.Length);
        }
        else
        {
            Assert.Contains("shorter than 4096", Assert.Throws<RoosException>(() => CpioImage.Plan(tree, Trees.Late)).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_name_of_256_bytes_is_refused()
    {
        var tree = new FileTreeBuilder().Set("a/" + new string('n', 256), Trees.File("")).Build();
        Assert.Contains("has 256", Assert.Throws<RoosException>(() => CpioImage.Plan(tree, Trees.Late)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_of_4_gigabytes_is_refused_by_name()
    {
        var tree = new FileTreeBuilder().Set("big", new RegularFile(new FileMetadata(0x1a4), ByteSource.Zeros(1L << 32))).Build();
        Assert.Contains("\"big\" has 4294967296 bytes", Assert.Throws<RoosException>(() => CpioImage.Plan(tree, Trees.Late)).Message, StringComparison.Ordinal);
        var largest = new FileTreeBuilder().Set("big", new RegularFile(new FileMetadata(0x1a4), ByteSource.Zeros(uint.MaxValue))).Build();
        Assert.Equal((112 + (1L << 32)) + 124, CpioImage.Plan(largest, Trees.Late).Length - 4);
    }

    [Fact]
    public void Data_begins_at_a_multiple_of_four_for_every_name_and_size()
    {
        Gen.Select(Gen.Int[1, 255], Gen.Int[0, 40]).Sample((nameLength, size) =>
        {
            var tree = new FileTreeBuilder().Set(new string('n', nameLength), Trees.File(new byte[size])).Set("zz", Trees.File("end")).Build();
            var bytes = CpioImage.Plan(tree, Trees.Late).ToArray();
            var members = CpioReader.ReadArchive(ByteSource.FromMemory(bytes), out var end);
            Assert.Equal(0, end % 4);
            Assert.Equal(bytes.Length, end);
            Assert.All(members, member => Assert.Equal(0, member.Offset % 4));
            AssertEqual(tree, CpioReader.ToTree(members));
        });
    }

    [Fact]
    public void A_damaged_archive_gives_an_error_and_nothing_else()
    {
        var valid = CpioImage.Plan(Trees.Everything(), Trees.Late).ToArray();
        Gen.Select(Gen.Int[0, valid.Length - 1], Gen.Byte, Gen.Int[0, valid.Length]).Sample((at, value, length) =>
        {
            var bytes = valid[..(length % 3 == 0 ? length : valid.Length)];
            if (at < bytes.Length) bytes[at] = value;
            try
            {
                _ = CpioReader.ToTree(CpioReader.ReadArchive(ByteSource.FromMemory(bytes), out _));
            }
            catch (RoosException)
            {
                // What a reader of damaged bytes may throw.
            }
        });
    }

    [Theory]
    [InlineData("../out")]
    [InlineData("a/../../out")]
    public void A_member_cannot_leave_the_root(string name)
    {
        var member = new CpioMember(name, 0x81a4, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, ByteSource.Empty);
        Assert.Throws<RoosException>(() => CpioReader.ToTree([member]));
    }

    internal static void AssertEqual(FileTree expected, FileTree actual)
    {
        Assert.Equal(Describe(expected), Describe(actual));

        static IEnumerable<string> Describe(FileTree tree)
        {
            var first = new Dictionary<FileNode, ByteString>(ReferenceEqualityComparer.Instance);
            foreach (var (path, node) in tree.Walk().Where(item => !item.Path.IsEmpty))
            {
                first.TryAdd(node, path);
                var detail = node switch
                {
                    RegularFile file => Convert.ToHexString(file.Content.ToArray()),
                    SymbolicLink link => link.Target.ToString(),
                    DeviceNode device => $"{device.Major}:{device.Minor}",
                    _ => "",
                };
                yield return $"{path} {Convert.ToString(node.Mode, 8)} {node.Metadata.UserId} {node.Metadata.GroupId} {node.Metadata.ModificationTime} {first[node]} {detail}";
            }
        }
    }
}
