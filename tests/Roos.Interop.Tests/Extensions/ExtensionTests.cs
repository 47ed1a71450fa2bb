using System.Text.Json;
using Roos.Testing;

namespace Roos.Interop.Tests.Extensions;

/// <summary>Extensions beside those that <c>systemd-repart --make-ddi</c> makes of the same trees, and before systemd-dissect.</summary>
public sealed class ExtensionTests : IDisposable
{
    private readonly ScratchFolder _scratch = new();

    public ExtensionTests()
    {
        Judge.NeedRoot();
        Write("mkosi.conf", "[Distribution]\nDistribution=debian\n\n[Output]\nImageId=roos\nImageVersion=1.2\nSeed=6b9d7a1e-3f42-4c58-9a3b-0d2f5e8c1a77\n\n[Content]\nSourceDateEpoch=1754697600\n");
        Write("extensions/hello/usr/bin/hello", "#!/bin/bash\necho hello\n");
        Write("extensions/hello/usr/lib/systemd/system/hello.service", "[Service]\nExecStart=hello\n");
        Write("extensions/hello/opt/hello/large", string.Concat(Enumerable.Range(0, 200_000).Select(i => $"line {i}\n")));
        Write("confexts/site/etc/systemd/network/10-site.network", "[Match]\nName=en*\n");
        Roos("genkey", "--common-name", "Roos test");
    }

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [InlineData("sysext", "extensions", "hello")]
    [InlineData("confext", "confexts", "site")]
    public void Systemd_makes_the_same_of_the_same_tree(string kind, string folder, string name)
    {
        Roos("extension", "build", $"{folder}/{name}");
        var ours = _scratch[$"tree/mkosi.output/{folder}/{name}.raw"];
        var theirs = _scratch["theirs.raw"];

        // With the release file, which Roos writes and systemd-repart does not.
        var release = $"{(kind == "sysext" ? "usr/lib" : "etc")}/extension-release.d/extension-release.{name}";
        using (var mount = Root(ours)) Write($"{folder}/{name}/{release}", File.ReadAllText(Path.Combine(mount.Path, release)));
        Judge.InTree("systemd-repart").Must($"--make-ddi={kind}", "--offline=yes", "--private-key=" + _scratch["tree/mkosi.key"], "--certificate=" + _scratch["tree/mkosi.crt"], "--copy-source=" + _scratch[$"tree/{folder}/{name}"], theirs);

        Assert.Equal(Partitions(theirs).Select(Kind), Partitions(ours).Select(Kind));
        using (var mine = Root(ours))
        using (var other = Root(theirs)) Assert.Equal("", Judge.Host("diff").Run("-r", other.Path, mine.Path).ToString().Replace("exit status 0", "", StringComparison.Ordinal).Trim());

        // Both signatures by one reader, and both images by another.
        foreach (var image in new[] { ours, theirs })
        {
            Assert.Matches("(?m)^ +signature +good$", RoosProgram.Judge().Must("inspect", image));
            Assert.Contains("OK", Judge.InTree("systemd-dissect").Must("--validate", image), StringComparison.Ordinal);
        }

        static string Kind(JsonElement partition) => $"{partition.GetProperty("type")} {partition.GetProperty("name")} {(partition.TryGetProperty("attrs", out var attributes) ? attributes : "")}";
    }

    [Fact]
    public void Compressed_an_extension_is_a_fraction_of_what_systemd_makes()
    {
        Roos("extension", "build", "hello");
        Judge.InTree("systemd-repart").Must("--make-ddi=sysext", "--offline=yes", "--private-key=" + _scratch["tree/mkosi.key"], "--certificate=" + _scratch["tree/mkosi.crt"], "--copy-source=" + _scratch["tree/extensions/hello"], _scratch["theirs.raw"]);
        Assert.InRange(new FileInfo(_scratch["tree/mkosi.output/extensions/hello.raw"]).Length, 1, new FileInfo(_scratch["theirs.raw"]).Length / 2);
    }

    [Fact]
    public void The_same_input_gives_the_same_bytes_and_each_extension_has_UUIDs_of_its_own()
    {
        Write("extensions/other/usr/bin/hello", "#!/bin/bash\necho hello\n");
        Roos("extension", "build");
        var first = Images();
        Roos("extension", "build", "--workers", "1", "hello");
        Roos("extension", "build", "--workers", "3", "site", "other");
        Assert.Equal(first.Select(Convert.ToHexString), Images().Select(Convert.ToHexString));
        Assert.Equal(3 * 3, new[] { "extensions/hello", "extensions/other", "confexts/site" }.SelectMany(name => Partitions(_scratch[$"tree/mkosi.output/{name}.raw"])).Select(partition => partition.GetProperty("uuid").GetString()).Distinct().Count());

        List<byte[]> Images() => [.. new[] { "extensions/hello", "extensions/other", "confexts/site" }.Select(name => File.ReadAllBytes(_scratch[$"tree/mkosi.output/{name}.raw"]))];
    }

    [Fact]
    public void Without_a_key_an_extension_has_no_signature_and_the_user_is_told()
    {
        File.Delete(_scratch["tree/mkosi.key"]);
        File.Delete(_scratch["tree/mkosi.crt"]);
        var result = RoosProgram.Judge().Run("-C", _scratch["tree"], "extension", "build", "hello");
        Assert.Equal(0, result.ExitCode);
        Assert.Contains("the extensions are not signed", result.Error, StringComparison.Ordinal);
        Assert.Equal(2, Partitions(_scratch["tree/mkosi.output/extensions/hello.raw"]).Count);
        Assert.Contains("OK", Judge.InTree("systemd-dissect").Must("--validate", _scratch["tree/mkosi.output/extensions/hello.raw"]), StringComparison.Ordinal);
    }

    /// <summary>A mistake in one of them stops all of them, before anything is written.</summary>
    [Fact]
    public void A_mistake_leaves_nothing_half_built()
    {
        Write("confexts/bad/usr/bin/x", "");
        var result = RoosProgram.Judge().Run("-C", _scratch["tree"], "extension", "build");
        Assert.Equal(2, result.ExitCode);
        Assert.StartsWith("roos: confexts/bad/usr: a confext extends /etc", result.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries)[^1], StringComparison.Ordinal);
        Assert.False(Directory.Exists(_scratch["tree/mkosi.output"]));
    }

    private static List<JsonElement> Partitions(string image)
    {
        using var table = JsonDocument.Parse(Judge.Host("sfdisk").Must("--json", image));
        return [.. table.RootElement.GetProperty("partitiontable").GetProperty("partitions").EnumerateArray().Select(partition => partition.Clone())];
    }

    /// <summary>Its root, mounted by the kernel.</summary>
    private Erofs.ErofsMount Root(string image)
    {
        var partition = Partitions(image)[0];
        var root = _scratch[$"root-{Guid.NewGuid():N}"];
        using (var source = File.OpenRead(image))
        using (var target = File.Create(root))
        {
            source.Position = partition.GetProperty("start").GetInt64() * 512;
            var bytes = new byte[partition.GetProperty("size").GetInt64() * 512];
            source.ReadExactly(bytes);
            target.Write(bytes);
        }

        return new Erofs.ErofsMount(root);
    }

    private void Roos(params string[] arguments) => RoosProgram.Judge().Must(["-C", _scratch["tree"], .. arguments]);

    private void Write(string name, string text)
    {
        var path = _scratch["tree/" + name];
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }
}
