using CsCheck;
using Roos.Core.Bytes;
using Roos.Core.Tar;
using Roos.Core.Tree;
using Roos.Testing;

namespace Roos.Core.Tests.Tar;

public sealed class TarDamageTests
{
    public static TheoryData<string, TarBuilder> Hostile => new()
    {
        { "\"..\"", new TarBuilder().File("../escape") },
        { "\"..\"", new TarBuilder().File("a/../../escape") },
        { "\"..\"", new TarBuilder().File("a").HardLink("b", "../a") },
        { "symbolic link of the archive (to \"usr/lib\")", new TarBuilder().SymbolicLink("lib", "usr/lib").File("lib/x") },
        { "symbolic link of the archive (to \"/etc\")", new TarBuilder().SymbolicLink("a/b", "/etc").Directory("a/b/c") },
        { "is not a directory", new TarBuilder().File("a").File("a/b") },
        { "\"missing\", which does not come before", new TarBuilder().HardLink("b", "missing") },
        { "which is a directory", new TarBuilder().Directory("d").HardLink("b", "d") },
        { "replace a directory", new TarBuilder().File("d/x").File("d") },
        { "must be a directory", new TarBuilder().SymbolicLink("./", "x") },
        { "NUL", new TarBuilder().Pax(("path", "a\0b")).File("x") },
        { "longer than Linux allows (255)", new TarBuilder().Pax(("path", new string('x', 256))).File("x") },
        { "longer than Linux allows (4095)", new TarBuilder().Pax(("path", string.Concat(Enumerable.Repeat("0123456/", 512)))).File("x") },
        { "deeper", new TarBuilder().Pax(("path", string.Concat(Enumerable.Repeat("d/", 1100)))).File("x") },
        { "longer than Linux allows (4095)", new TarBuilder().Pax(("linkpath", new string('x', 4096))).SymbolicLink("l", "x") },
        { "must have a target", new TarBuilder().SymbolicLink("l", "") },
        { "type '?'", new TarBuilder().Add(new TarEntry("x", '?')) },
        { "another volume", new TarBuilder().Add(new TarEntry("x", 'M')) },
        { "larger than any real one", new TarBuilder().Add(new TarEntry("x", 'x') { Size = 1L << 40 }) },
        { "larger than any real one", new TarBuilder().Add(new TarEntry("x", 'L') { Size = 1L << 33 }) },
        { "does not fit 32 bits", new TarBuilder().Pax(("uid", "4294967296")).File("x") },
        { "does not fit 32 bits", new TarBuilder().Add(new TarEntry("x") { UserId = -2 }) },
        { "must be a decimal number", new TarBuilder().Pax(("mtime", "1.x")).File("x") },
        { "must be a decimal number", new TarBuilder().Pax(("size", "0x10")).File("x") },
        { "must be a decimal number", new TarBuilder().Pax(("mtime", new string('9', 30))).File("x") },
        { "size is negative", new TarBuilder().Add(new TarEntry("x") { Size = -1 }) },
        { "fits 64 bits", new TarBuilder().Add(new TarEntry("x") { Change = header => header.AsSpan(124, 12).Fill(0x9f) }) },
        { "fits 64 bits", new TarBuilder().Add(new TarEntry("x") { Change = header => header[126] = (byte)'9' }) },
        { "no valid length", new TarBuilder().Add(new TarEntry("p", 'x') { Content = "99 path=x\n"u8.ToArray() }).File("x") },
        { "no valid length", new TarBuilder().Add(new TarEntry("p", 'x') { Content = "path=x\n"u8.ToArray() }).File("x") },
        { "keyword=value", new TarBuilder().Add(new TarEntry("p", 'x') { Content = "10 pathx..\n"u8.ToArray() }).File("x") },
        { "without a member", new TarBuilder().File("a").Pax(("path", "b")) },
        { "Base64", new TarBuilder().Pax(("LIBARCHIVE.xattr.user.x", "*")).File("x") },
        { "not an entry of an ACL", new TarBuilder().Pax(("SCHILY.acl.access", "user:rwx")).File("x") },
        { "--xattrs-include", new TarBuilder().Pax(("SCHILY.acl.access", "user:nobody-knows:rwx")).File("x") },
    };

    [Theory]
    [MemberData(nameof(Hostile), DisableDiscoveryEnumeration = true)]
    public void Hostile_archives_are_refused_with_the_reason_and_the_place(string reason, TarBuilder tar)
    {
        var thrown = Assert.Throws<DamagedInputException>(() => TarArchive.Read(ByteSource.FromMemory(tar.ToArray()), new TarReadOptions { Name = "rootfs.tar" }));
        Assert.Contains(reason, thrown.Message, StringComparison.Ordinal);
        Assert.StartsWith("rootfs.tar: ", thrown.Message, StringComparison.Ordinal);
        Assert.Contains("offset ", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_archive_that_is_cut_off_anywhere_is_refused()
    {
        var whole = Sample();
        for (var length = 0; length < whole.Length - 1024; length += 64)
        {
            var cut = ByteSource.FromMemory(whole.AsMemory(0, length));
            Assert.Throws<DamagedInputException>(() => TarArchive.Read(cut));
        }
    }

    [Fact]
    public void A_wrong_checksum_and_a_zero_block_in_the_middle_are_damage()
    {
        var tar = new TarBuilder().File("a").File("b").ToArray();
        tar[512] ^= 1;
        Assert.Contains("checksum", Assert.Throws<DamagedInputException>(() => TarArchive.Read(ByteSource.FromMemory(tar))).Message, StringComparison.Ordinal);
        tar.AsSpan(512, 512).Clear();
        tar = [.. tar[..1024], .. TarBuilder.Header(new TarEntry("c")), .. new byte[1024]];
        Assert.Contains("zero block", Assert.Throws<DamagedInputException>(() => TarArchive.Read(ByteSource.FromMemory(tar))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Something_else_is_no_tar() =>
        Assert.Contains("not a tar", Assert.Throws<DamagedInputException>(() => TarArchive.Read(ByteSource.FromMemory(Enumerable.Repeat((byte)0x37, 600).ToArray()))).Message, StringComparison.Ordinal);

    [Fact]
    public void The_number_of_entries_is_bounded_implied_directories_included()
    {
        var tar = new TarBuilder();
        for (var i = 0; i < 10; i++) tar.Pax(("path", $"{i}/" + string.Concat(Enumerable.Repeat("d/", 1000)))).File("x");
        Assert.Throws<DamagedInputException>(() => TarArchive.Read(ByteSource.FromMemory(tar.ToArray()), new TarReadOptions { MaximumEntries = 5000 }));
    }

    [Fact]
    public void The_deepest_tree_fits_a_small_stack()
    {
        var tar = new TarBuilder().Pax(("path", string.Concat(Enumerable.Repeat("d/", 1023)) + "f")).File("x").ToArray();
        Exception? failure = null;
        var thread = new Thread(
            () =>
            {
                try
                {
                    var tree = TarArchive.Read(ByteSource.FromMemory(tar));
                    Assert.Equal(1025, tree.Map((_, node) => node).Walk().Count());
                }
                catch (Exception e)
                {
                    failure = e;
                }
            },
            1 << 20);
        thread.Start();
        thread.Join();
        Assert.Null(failure);
    }

    /// <summary>Checksums are made right again, so that the change reaches what is behind them.</summary>
    [Fact]
    public void A_changed_archive_is_read_or_refused_and_nothing_else_happens()
    {
        var sample = Sample();
        Gen.Select(Gen.Int[0, sample.Length - 1], Gen.Byte, Gen.Byte, Gen.Bool).Array[1, 4].Sample(changes =>
        {
            var bytes = (byte[])sample.Clone();
            foreach (var (at, value, mask, replace) in changes) bytes[at] = replace ? value : (byte)(bytes[at] ^ mask);
            for (var block = 0; block + 512 <= bytes.Length; block += 512)
            {
                if (bytes.AsSpan(block, 512).ContainsAnyExcept((byte)0)) TarBuilder.Seal(bytes.AsSpan(block, 512));
            }

            try
            {
                var tree = TarArchive.Read(ByteSource.FromMemory(bytes));
                foreach (var (_, node) in tree.Walk())
                {
                    if (node is RegularFile { Content.Length: < 1 << 20 } file) _ = file.Content.ToArray();
                }
            }
            catch (RoosException)
            {
                // refused
            }
        }, iter: 20_000);
    }

    private static byte[] Sample() => new TarBuilder()
        .Directory("d/")
        .File("d/file", "content")
        .Long('L', "d/long").Add(new TarEntry("cut") { Magic = TarBuilder.Gnu, Content = "x"u8.ToArray() })
        .Pax(("path", "p"), ("mtime", "-1.5"), ("SCHILY.xattr.user.x", "v"), ("SCHILY.acl.access", "user::rwx,user:5:r--,group::r--,mask::r--,other::---")).File("p")
        .Pax(("GNU.sparse.size", "10000"), ("GNU.sparse.map", "1000,2,5000,4")).Add(new TarEntry("s1") { Content = "abcdef"u8.ToArray() })
        .Pax(("GNU.sparse.major", "1"), ("GNU.sparse.minor", "0"), ("GNU.sparse.realsize", "10000")).Add(new TarEntry("s2") { Content = (byte[])[.. "1\n7\n2\n"u8, .. new byte[506], 1, 2] })
        .SymbolicLink("l", "d/file")
        .HardLink("h", "d/file")
        .Add(new TarEntry("c", '3') { Major = 1, Minor = 3 })
        .ToArray();
}
