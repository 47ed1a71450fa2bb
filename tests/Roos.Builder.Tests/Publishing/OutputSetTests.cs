using Roos.Builder.Publishing;
using Roos.Builder.Workspaces;
using Roos.Core;
using Roos.Core.Bytes;
using Roos.Testing;

namespace Roos.Builder.Tests.Publishing;

public sealed class OutputSetTests
{
    // "abc", FIPS 180-2.
    private const string DigestOfAbc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public void Nothing_is_there_before_the_commit_and_only_outputs_after_it()
    {
        using var scratch = new ScratchFolder();
        using (var workspace = Workspace.Create(scratch.Path))
        {
            using var spool = workspace.CreateSpool();
            spool.Append("not an output"u8);
            var outputs = new OutputSet(workspace, scratch.Path);
            outputs.Add("b.raw", "b", Cancellation);
            outputs.Add("a.raw", "abc", Cancellation);
            Assert.Empty(Directory.GetFiles(scratch.Path));
            outputs.Commit();
            Assert.Equal(["SHA256SUMS", "a.raw", "b.raw"], Names(scratch));
        }

        Assert.Equal(["SHA256SUMS", "a.raw", "b.raw"], Names(scratch));
        Assert.Empty(Directory.GetDirectories(scratch.Path));
    }

    [Fact]
    public void The_checksums_are_in_byte_order_of_names_whatever_order_outputs_came_in()
    {
        using var scratch = new ScratchFolder();
        using var workspace = Workspace.Create(scratch.Path);
        var outputs = new OutputSet(workspace, scratch.Path);
        foreach (var name in new[] { "roos_1.raw", "ä", "Z", "roos_1.efi", "a" }) outputs.Add(name, "abc", Cancellation);
        outputs.Commit();
        var expected = string.Concat(new[] { "Z", "a", "roos_1.efi", "roos_1.raw", "ä" }.Select(name => $"{DigestOfAbc} *{name}\n"));
        Assert.Equal(expected, File.ReadAllText(scratch["SHA256SUMS"]));
    }

    [Fact]
    public void A_build_that_ends_before_its_commit_leaves_earlier_outputs_as_they_were()
    {
        using var scratch = new ScratchFolder();
        Build(scratch, "first");
        var before = Directory.GetFiles(scratch.Path).Order(StringComparer.Ordinal).Select(File.ReadAllText).ToList();
        using (var workspace = Workspace.Create(scratch.Path)) new OutputSet(workspace, scratch.Path).Add("image.raw", "second", Cancellation);
        Assert.Equal(before, Directory.GetFiles(scratch.Path).Order(StringComparer.Ordinal).Select(File.ReadAllText));
        Assert.Empty(Directory.GetDirectories(scratch.Path));
        Build(scratch, "third");
        Assert.Equal("third", File.ReadAllText(scratch["image.raw"]));
    }

    [Fact]
    public void An_output_stays_readable_after_it_was_moved()
    {
        using var scratch = new ScratchFolder();
        using var workspace = Workspace.Create(scratch.Path);
        var outputs = new OutputSet(workspace, scratch.Path);
        var source = outputs.Add("image.raw", "bytes", Cancellation);
        outputs.Commit();
        Assert.Equal("bytes"u8.ToArray(), source.ToArray());
    }

    [Fact]
    public void Where_the_checksums_cannot_be_moved_nothing_calls_the_outputs_complete()
    {
        using var scratch = new ScratchFolder();
        Directory.CreateDirectory(scratch["SHA256SUMS"]);
        using var workspace = Workspace.Create(scratch.Path);
        var outputs = new OutputSet(workspace, scratch.Path);
        outputs.Add("image.raw", "bytes", Cancellation);
        var error = Assert.Throws<RoosException>(outputs.Commit);
        Assert.Contains(scratch.Path, error.Message, StringComparison.Ordinal);

        // The others were moved before: the list of digests is the last.
        Assert.True(File.Exists(scratch["image.raw"]));
    }

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("../x")]
    [InlineData("a\\b")]
    [InlineData("a\nb")]
    [InlineData("SHA256SUMS")]
    public void What_is_no_file_name_is_refused(string name)
    {
        using var scratch = new ScratchFolder();
        using var workspace = Workspace.Create(scratch.Path);
        Assert.Throws<RoosException>(() => new OutputSet(workspace, scratch.Path).Add(name, "x", Cancellation));
    }

    [Fact]
    public void Two_outputs_of_one_name_are_refused()
    {
        using var scratch = new ScratchFolder();
        using var workspace = Workspace.Create(scratch.Path);
        var outputs = new OutputSet(workspace, scratch.Path);
        outputs.Add("image.raw", "1", Cancellation);
        Assert.Throws<RoosException>(() => outputs.Add("image.raw", "2", Cancellation));
    }

    [Fact]
    public void What_a_killed_build_left_goes_and_what_a_running_build_has_stays()
    {
        using var scratch = new ScratchFolder();
        Directory.CreateDirectory(scratch[".roos-build-killed"]);
        File.WriteAllText(Path.Combine(scratch[".roos-build-killed"], "image.raw"), "half");
        Directory.CreateDirectory(scratch["other"]);
        using var running = Workspace.Create(scratch.Path);
        File.WriteAllText(running.PathOf("image.raw"), "half");
        using (Workspace.Create(scratch.Path))
        {
            Assert.False(Directory.Exists(scratch[".roos-build-killed"]));
            Assert.True(File.Exists(running.PathOf("image.raw")));
        }

        Assert.True(File.Exists(running.PathOf("image.raw")));
        Assert.Equal(2, Directory.GetDirectories(scratch.Path).Length);
    }

    [Fact]
    public void Zeros_are_holes_and_have_their_length()
    {
        using var scratch = new ScratchFolder();
        using var workspace = Workspace.Create(scratch.Path);
        var source = workspace.Materialize("zeros", new SourceImage(ByteSource.Zeros(1L << 40)), [], Cancellation);
        Assert.Equal(1L << 40, source.Length);
    }

    private static void Build(ScratchFolder scratch, string text)
    {
        using var workspace = Workspace.Create(scratch.Path);
        var outputs = new OutputSet(workspace, scratch.Path);
        outputs.Add("image.raw", text, Cancellation);
        outputs.Commit();
    }

    private static string[] Names(ScratchFolder scratch) => [.. Directory.GetFiles(scratch.Path).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];
}
