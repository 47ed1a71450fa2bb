using System.Text;
using Roos.Core.Bytes;
using Roos.Core.Tar;
using Roos.Core.Tree;
using Roos.Testing;

namespace Roos.Core.Tests.Tar;

public sealed class TarArchiveTests
{
    [Fact]
    public void A_ustar_member_has_all_its_metadata()
    {
        var tree = Read(new TarBuilder().Add(new TarEntry("name") { Prefix = "a/prefix", Mode = 0x9ed, UserId = 1000, GroupId = 2000, Time = 1234567890, Content = "content"u8.ToArray() }));
        var file = Assert.IsType<RegularFile>(tree.Find("a/prefix/name"));
        Assert.Equal(0x89edu, file.Mode);
        Assert.Equal((1000u, 2000u), (file.Metadata.UserId, file.Metadata.GroupId));
        Assert.Equal(new Timestamp(1234567890, 0), file.Metadata.ModificationTime);
        Assert.Equal("content", Text(file));
        Assert.Equal(0x1edu, tree.Find("a/prefix")!.Metadata.Permissions);
    }

    [Fact]
    public void A_v7_member_whose_name_ends_in_a_slash_is_a_directory()
    {
        var tree = Read(new TarBuilder().Add(new TarEntry("old/", '\0') { Magic = TarBuilder.Version7 }).Add(new TarEntry("old/file", '\0') { Magic = TarBuilder.Version7, Content = "x"u8.ToArray() }));
        Assert.IsType<DirectoryNode>(tree.Find("old"));
        Assert.Equal("x", Text(tree.Find("old/file")));
    }

    [Fact]
    public void Pax_records_are_bytes()
    {
        var value = Enumerable.Range(0, 256).Select(i => (byte)i).ToArray();
        var name = new ByteString([0xff, (byte)'\n', 0x80]);
        var tree = Read(new TarBuilder()
            .Pax(("path", name), ("uid", "4000000000"), ("gid", "70000"), ("SCHILY.xattr.user.b", new ByteString(value)), ("SCHILY.xattr.user.a", "1\n9 path=x\n"), ("SCHILY.xattr.user.e", ""), ("SCHILY.xattr.user.%3D%25%41", "n"))
            .File("short"));
        var metadata = tree.Find(name)!.Metadata;
        Assert.Equal((4000000000u, 70000u), (metadata.UserId, metadata.GroupId));
        Assert.Equal(["user.=%%41", "user.a", "user.b", "user.e"], metadata.ExtendedAttributes.Keys.Select(key => key.ToString()));
        Assert.Equal(value, metadata.ExtendedAttributes["user.b"].Span.ToArray());
        Assert.Equal("1\n9 path=x\n"u8.ToArray(), metadata.ExtendedAttributes["user.a"].Span.ToArray());
        Assert.True(metadata.ExtendedAttributes["user.e"].IsEmpty);
    }

    [Fact]
    public void Libarchive_attributes_are_decoded_and_star_ones_go_first()
    {
        var tree = Read(new TarBuilder().Pax(("LIBARCHIVE.xattr.user.%c3%a4", "AP8"), ("LIBARCHIVE.xattr.user.both", "AAAA"), ("SCHILY.xattr.user.both", "star"), ("RHT.security.selinux", "u:r:t")).File("f"));
        var attributes = tree.Find("f")!.Metadata.ExtendedAttributes;
        Assert.Equal([0, 0xff], attributes["user.\u00e4"].Span.ToArray());
        Assert.Equal("star", attributes["user.both"].ToString());
        Assert.Equal("u:r:t\0"u8.ToArray(), attributes["security.selinux"].Span.ToArray());
    }

    [Theory]
    [InlineData("0", 0, 0)]
    [InlineData("1.5", 1, 500_000_000)]
    [InlineData("1.000000001", 1, 1)]
    [InlineData("1.0000000019", 1, 1)]
    [InlineData("1.", 1, 0)]
    [InlineData("-1", -1, 0)]
    [InlineData("-0.5", -1, 500_000_000)]
    [InlineData("-1.000000001", -2, 999_999_999)]
    [InlineData("-1.0000000001", -2, 999_999_999)]
    [InlineData("-1.9999999999", -2, 0)]
    public void Pax_times_have_nanoseconds_and_may_be_negative(string text, long seconds, uint nanoseconds) =>
        Assert.Equal(new Timestamp(seconds, nanoseconds), Read(new TarBuilder().Pax(("mtime", text)).File("f")).Find("f")!.Metadata.ModificationTime);

    [Fact]
    public void Global_records_hold_until_a_member_says_otherwise()
    {
        var tree = Read(new TarBuilder().Pax('g', ("mtime", "5"), ("SCHILY.xattr.user.g", "g")).File("a").Pax(("mtime", "6"), ("SCHILY.xattr.user.l", "l")).File("b").File("c"));
        Assert.Equal([5, 6, 5], new[] { "a", "b", "c" }.Select(name => tree.Find(name)!.Metadata.ModificationTime.Seconds));
        Assert.Equal([1, 2, 1], new[] { "a", "b", "c" }.Select(name => tree.Find(name)!.Metadata.ExtendedAttributes.Count));
    }

    [Fact]
    public void Gnu_long_names_and_base_256_numbers_are_read()
    {
        var name = string.Concat(Enumerable.Repeat("directory/", 30)) + "file";
        var target = new string('t', 4095);
        var tree = Read(new TarBuilder().Long('L', name).Add(new TarEntry("cut") { Magic = TarBuilder.Gnu, UserId = 4_294_967_294, Time = -5 }).Long('K', target).Long('L', name + "2").Add(new TarEntry("cut", '2') { Magic = TarBuilder.Gnu }));
        Assert.Equal(4_294_967_294, tree.Find(name)!.Metadata.UserId);
        Assert.Equal(new Timestamp(-5, 0), tree.Find(name)!.Metadata.ModificationTime);
        Assert.Equal(target, ((SymbolicLink)tree.Find(name + "2")!).Target.ToString());
    }

    [Fact]
    public void Hard_links_are_one_node_and_survive_replacement_of_their_first_name()
    {
        var tree = Read(new TarBuilder().File("a", "old").HardLink("./b", "/a").File("a", "new").HardLink("c", "a").SymbolicLink("s", "a").HardLink("t", "s"));
        Assert.Equal("old", Text(tree.Find("b")));
        Assert.Equal("new", Text(tree.Find("a")));
        Assert.Same(tree.Find("a"), tree.Find("c"));
        Assert.Same(tree.Find("s"), tree.Find("t"));
    }

    [Fact]
    public void The_size_of_a_hard_link_has_no_bytes_behind_it() =>
        Assert.Equal("2", Text(Read(new TarBuilder().File("a", "1").Add(new TarEntry("b", '1') { Link = "a", Size = 1 }).File("c", "2")).Find("c")));

    [Fact]
    public void Of_members_with_one_path_the_last_counts_and_directories_keep_their_entries()
    {
        var tree = Read(new TarBuilder().Directory("d/", 0x1c0).File("d/f", "1").Directory("./d", 0x1ff).File("d/f", "2").Directory("./", 0x1c1));
        Assert.Equal(0x1ffu, tree.Find("d")!.Metadata.Permissions);
        Assert.Equal(0x1c1u, tree.Root.Metadata.Permissions);
        Assert.Equal("2", Text(tree.Find("d/f")));
    }

    [Fact]
    public void Devices_and_fifos_are_read()
    {
        var tree = Read(new TarBuilder().Add(new TarEntry("c", '3') { Major = 5, Minor = 1_048_575 }).Add(new TarEntry("b", '4') { Major = 4095, Minor = 1 }).Add(new TarEntry("p", '6')));
        var character = Assert.IsType<DeviceNode>(tree.Find("c"));
        Assert.Equal((false, 5u, 1_048_575u), (character.IsBlockDevice, character.Major, character.Minor));
        Assert.True(Assert.IsType<DeviceNode>(tree.Find("b")).IsBlockDevice);
        Assert.IsType<FifoNode>(tree.Find("p"));
    }

    [Fact]
    public void Leading_slashes_are_stripped_and_a_volume_label_is_no_member()
    {
        var tree = Read(new TarBuilder().Add(new TarEntry("label", 'V') { Magic = TarBuilder.Gnu }).File("//etc/./x"));
        Assert.Equal(["", "etc", "etc/x"], tree.Walk().Select(entry => entry.Path.ToString()));
    }

    [Fact]
    public void Filling_after_the_end_mark_is_not_looked_at() =>
        Assert.NotNull(TarArchive.Read(ByteSource.FromMemory((byte[])[.. new TarBuilder().File("a").ToArray(), .. Encoding.ASCII.GetBytes(new string('x', 1000))])).Find("a"));

    [Fact]
    public void Contents_are_slices_of_the_archive()
    {
        var source = new CountingSource(new TarBuilder().Add(new TarEntry("large") { Content = new byte[1 << 20] }).ToArray());
        var file = (RegularFile)TarArchive.Read(source).Find("large")!;
        Assert.True(source.BytesRead < 4096);
        Assert.Equal(1 << 20, file.Content.Length);
    }

    [Fact]
    public void A_minimal_access_acl_is_no_attribute_and_an_extended_one_is_the_kernels_value()
    {
        var tree = Read(new TarBuilder()
            .Pax(("SCHILY.acl.access", "user::rw-\ngroup::r--\nother::r--\n")).File("minimal")
            .Pax(("SCHILY.acl.access", "user::rw-,user:lisa:r-x:70000,group::r--,group:9:-w-,mask::rwx,other::---"), ("SCHILY.acl.default", "default:user::rwx,default:group::---,default:other:---")).Directory("extended"));
        Assert.Empty(tree.Find("minimal")!.Metadata.ExtendedAttributes);
        Assert.Equal(0x1b8u, tree.Find("extended")!.Metadata.Permissions); // 0670: the group's bits are the mask, as the kernel has it
        var attributes = tree.Find("extended")!.Metadata.ExtendedAttributes;
        Assert.Equal(
            "02000000" + "01000600ffffffff" + "0200050070110100" + "04000400ffffffff" + "0800020009000000" + "10000700ffffffff" + "20000000ffffffff",
            Convert.ToHexStringLower(attributes["system.posix_acl_access"].Span));
        Assert.Equal("02000000" + "01000700ffffffff" + "04000000ffffffff" + "20000000ffffffff", Convert.ToHexStringLower(attributes["system.posix_acl_default"].Span));
    }

    [Fact]
    public void Names_in_an_acl_are_those_of_the_archives_own_passwd_and_group()
    {
        var tree = Read(new TarBuilder()
            .Pax(("SCHILY.acl.access", "user::rw-\nuser:lisa:r--\ngroup::r--\ngroup:staff:rw-\ngroup:root:r--\nmask::rw-\nother::r--")).File("f")
            .File("etc/passwd", "root:x:0:0::/root:\nlisa:x:1234:5::/:\n").File("etc/group", "staff:x:50:\n"));
        Assert.Contains("02000400d2040000", Convert.ToHexStringLower(tree.Find("f")!.Metadata.ExtendedAttributes["system.posix_acl_access"].Span), StringComparison.Ordinal);
        Assert.Contains("0800040000000000" + "0800060032000000", Convert.ToHexStringLower(tree.Find("f")!.Metadata.ExtendedAttributes["system.posix_acl_access"].Span), StringComparison.Ordinal);
    }

    [Fact]
    public void The_hostile_tree_is_read()
    {
        var builder = new TarBuilder();
        HostileTree.AddTo(builder);
        var tree = Read(builder);
        Assert.Equal(20_000, ((DirectoryNode)tree.Find("hostile/many")!).Entries.Count);
        Assert.Equal(HostileTree.SparseSize, tree.FindFile("hostile/sparse")!.Content.Length);
        Assert.Equal(4095, ((SymbolicLink)tree.Find("hostile/links/length4095")!).Target.Length);
    }

    private static FileTree Read(TarBuilder tar) => TarArchive.Read(ByteSource.FromMemory(tar.ToArray()));

    private static string Text(FileNode? node) => Encoding.UTF8.GetString(Assert.IsType<RegularFile>(node).Content.ToArray());

    private sealed class CountingSource(byte[] bytes) : ByteSource
    {
        public long BytesRead { get; private set; }

        public override long Length => bytes.Length;

        protected override void ReadCore(long offset, Span<byte> destination)
        {
            BytesRead += destination.Length;
            bytes.AsSpan((int)offset, destination.Length).CopyTo(destination);
        }
    }
}
