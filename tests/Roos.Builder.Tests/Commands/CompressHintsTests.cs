using Roos.Builder.Commands;

namespace Roos.Builder.Tests.Commands;

public sealed class CompressHintsTests
{
    [Fact]
    public void The_first_match_counts_and_paths_have_no_slash_before_them()
    {
        var hints = CompressHints.Parse("hints", ["# comment", "", "4096 ^usr/bin/", "0 \\.(gz|xz)$", "65536\t0  bin/", " 16384 ^etc$\t"]);
        Assert.Equal(4096, hints.ClusterOf("/usr/bin/tool.gz"));
        Assert.Equal(0, hints.ClusterOf("/usr/share/doc/changelog.gz"));
        Assert.Equal(65536, hints.ClusterOf("/opt/usr/bin/tool"));
        Assert.Equal(16384, hints.ClusterOf("/etc"));
        Assert.Null(hints.ClusterOf("/usr/lib/x.gz.1"));
    }

    [Fact]
    public void Names_are_bytes()
    {
        var pattern = System.Text.Encoding.Latin1.GetString("4096 ^ä.$"u8);
        var hints = CompressHints.Parse("hints", [pattern]);
        Assert.Equal(4096, hints.ClusterOf("/äx"));
        Assert.Equal(4096, hints.ClusterOf("/ä\n"));
        Assert.Null(hints.ClusterOf("/Äx"));
        Assert.Null(hints.ClusterOf(new([(byte)'/', 0xe4, (byte)'x'])));
    }

    [Theory]
    [InlineData("4097 x", "hints:2: a hint begins with a cluster size")]
    [InlineData("2097152 x", "hints:2: a hint begins with a cluster size")]
    [InlineData("x", "hints:2: a hint begins with a cluster size")]
    [InlineData("-1 x", "hints:2: a hint begins with a cluster size")]
    [InlineData("4096", "hints:2: a regular expression is missing")]
    [InlineData("4096 1 x", "hints:2: the second of three words is the index of an algorithm")]
    [InlineData("4096 my file", "hints:2: the second of three words is the index of an algorithm")]
    [InlineData("4096 (", "hints:2: \"(\" is no regular expression")]
    [InlineData("4096 (a)\\1", "hints:2: \"(a)\\1\" is no regular expression")]
    [InlineData("4096 [[:digit:]]", "hints:2: classes of characters")]
    public void Wrong_lines_are_named(string line, string begin)
    {
        var error = Assert.Throws<UsageException>(() => CompressHints.Parse("hints", ["4096 first", line]));
        Assert.StartsWith(begin, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_file_is_named() =>
        Assert.StartsWith("no-such-file: cannot be read (given with --compress-hints)", Assert.Throws<UsageException>(() => CompressHints.Read("no-such-file")).Message, StringComparison.Ordinal);
}
