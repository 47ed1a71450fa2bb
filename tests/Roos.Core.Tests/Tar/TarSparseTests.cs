using System.Text;
using Roos.Core.Bytes;
using Roos.Core.Tar;
using Roos.Core.Tree;
using Roos.Testing;

namespace Roos.Core.Tests.Tar;

/// <summary>"ab" at 1000 and "cdef" at 5000 of 10,000 bytes, in every way that tars write it.</summary>
public sealed class TarSparseTests
{
    private static readonly byte[] Stored = "abcdef"u8.ToArray();

    [Fact]
    public void Format_0_0_repeats_two_keywords() => Check(new TarBuilder()
        .Pax(("GNU.sparse.size", "10000"), ("GNU.sparse.numblocks", "2"), ("GNU.sparse.offset", "1000"), ("GNU.sparse.numbytes", "2"), ("GNU.sparse.offset", "5000"), ("GNU.sparse.numbytes", "4"))
        .Add(new TarEntry("sparse") { Content = Stored }));

    [Fact]
    public void Format_0_1_has_a_list() => Check(new TarBuilder()
        .Pax(("GNU.sparse.size", "10000"), ("GNU.sparse.numblocks", "2"), ("GNU.sparse.name", "sparse"), ("GNU.sparse.map", "1000,2,5000,4"))
        .Add(new TarEntry("GNUSparseFile.1/sparse") { Content = Stored }));

    [Fact]
    public void Format_1_0_has_the_map_before_the_content() => Check(new TarBuilder()
        .Pax(("GNU.sparse.major", "1"), ("GNU.sparse.minor", "0"), ("GNU.sparse.name", "sparse"), ("GNU.sparse.realsize", "10000"))
        .Add(new TarEntry("GNUSparseFile.1/sparse") { Content = (byte[])[.. Block("2\n1000\n2\n5000\n4\n"), .. Stored] }));

    [Fact]
    public void Gnu_headers_have_the_map_in_them() => Check(new TarBuilder().Add(Gnu("sparse", [(1000, 2), (5000, 4), (10000, 0)], Stored, more: false)));

    [Fact]
    public void Gnu_headers_go_on_in_extension_blocks()
    {
        var extents = Enumerable.Range(0, 30).Select(i => ((long)i * 100, 1L)).ToArray();
        var content = Enumerable.Range(0, 30).Select(i => (byte)(i + 1)).ToArray();
        var entry = Gnu("sparse", extents[..4], content, more: true);
        var tar = new TarBuilder().Raw(TarBuilder.Header(entry)).Raw(Extension(extents[4..25], more: true)).Raw(Extension(extents[25..], more: false)).Padded(content).File("next");
        var tree = TarArchive.Read(ByteSource.FromMemory(tar.ToArray()));
        var bytes = tree.FindFile("sparse")!.Content.ToArray();
        Assert.Equal(10000, bytes.Length);
        for (var i = 0; i < 30; i++) Assert.Equal(i + 1, bytes[i * 100]);
        Assert.Equal(30 * 31 / 2, bytes.Sum(b => b));
        Assert.NotNull(tree.Find("next"));
    }

    [Theory]
    [InlineData("1000,2,1001,4")] // overlap
    [InlineData("5000,4,1000,2")] // descending
    [InlineData("1000,2,9999,4")] // past the end
    [InlineData("1000,2,5000,5")] // more than stored
    [InlineData("1000,2")] // less than stored
    [InlineData("1000,2,9223372036854775807,4")]
    [InlineData("1000,2,99999999999999999999,4")]
    [InlineData("1000")]
    [InlineData("1000,-2")]
    [InlineData("")]
    public void Wrong_maps_are_refused(string map) => Assert.Throws<DamagedInputException>(() => Read(new TarBuilder()
        .Pax(("GNU.sparse.size", "10000"), ("GNU.sparse.name", "sparse"), ("GNU.sparse.map", map + ",")).Add(new TarEntry("x") { Content = Stored })));

    [Theory]
    [InlineData("2\n1000\n2\n")]
    [InlineData("99999999999\n1\n1\n")]
    [InlineData("12345678901234567890123\n")]
    [InlineData("x\n")]
    public void Wrong_maps_before_the_content_are_refused(string map) => Assert.Throws<DamagedInputException>(() => Read(new TarBuilder()
        .Pax(("GNU.sparse.major", "1"), ("GNU.sparse.minor", "0"), ("GNU.sparse.realsize", "10000")).Add(new TarEntry("x") { Content = Block(map) })));

    private static void Check(TarBuilder tar)
    {
        var content = Read(tar.File("next")).FindFile("sparse")!.Content;
        var expected = new byte[10000];
        "ab"u8.CopyTo(expected.AsSpan(1000));
        "cdef"u8.CopyTo(expected.AsSpan(5000));
        Assert.Equal(expected, content.ToArray());
        Assert.True(content.IsHole(5004, 4996));
        Assert.False(content.IsHole(999, 2));
    }

    private static FileTree Read(TarBuilder tar) => TarArchive.Read(ByteSource.FromMemory(tar.ToArray()));

    private static byte[] Block(string text) => [.. Encoding.ASCII.GetBytes(text), .. new byte[512 - text.Length]];

    private static TarEntry Gnu(string name, (long Offset, long Length)[] extents, byte[] content, bool more) => new(name, 'S')
    {
        Magic = TarBuilder.Gnu,
        Content = content,
        Change = block =>
        {
            Entries(block.AsSpan(386), extents);
            block[482] = more ? (byte)1 : (byte)0;
            TarBuilder.Number(block.AsSpan(483, 12), 10000);
        },
    };

    private static byte[] Extension((long Offset, long Length)[] extents, bool more)
    {
        var block = new byte[512];
        Entries(block, extents);
        block[504] = more ? (byte)1 : (byte)0;
        return block;
    }

    private static void Entries(Span<byte> target, (long Offset, long Length)[] extents)
    {
        foreach (var (offset, length) in extents)
        {
            TarBuilder.Number(target[..12], offset);
            TarBuilder.Number(target.Slice(12, 12), length);
            target = target[24..];
        }
    }
}
