using Roos.Builder.Packages;
using Roos.Builder.Terminal;
using Roos.Builder.Tests.Steps;
using Roos.Core;
using Roos.Testing;

namespace Roos.Builder.Tests.Packages;

public sealed class PackageCacheTests
{
    private static readonly PackageRequest Request = new() { Distribution = "debian", Release = "trixie", Architecture = "x86-64", Packages = ["systemd", "udev"], SourceDateEpoch = 1 };

    [Fact]
    public async Task A_request_is_fetched_once()
    {
        using var scratch = new ScratchFolder();
        var cache = new PackageCache(scratch["cache"]);
        var provider = new FakeProvider();
        using var first = await Get(cache, provider);
        using var second = await Get(cache, provider);
        Assert.Equal(1, provider.Fetches);
        Assert.Equal(first.ToArray(), second.ToArray());
        Assert.Equal([PackageCache.KeyOf(Request, "fake 1") + ".sha256", PackageCache.KeyOf(Request, "fake 1") + ".tar"], Names(scratch["cache"]));
    }

    [Theory]
    [InlineData("truncated")]
    [InlineData("edited")]
    [InlineData("without digest")]
    [InlineData("refresh")]
    public async Task An_entry_that_is_not_what_was_written_is_fetched_again(string what)
    {
        using var scratch = new ScratchFolder();
        var cache = new PackageCache(scratch["cache"]);
        var provider = new FakeProvider();
        string path;
        using (var first = await Get(cache, provider)) path = first.Path;
        var bytes = await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken);
        if (what == "truncated") await File.WriteAllBytesAsync(path, bytes[..^1], TestContext.Current.CancellationToken);
        if (what == "edited") await File.WriteAllBytesAsync(path, [.. bytes[..^1], (byte)(bytes[^1] ^ 1)], TestContext.Current.CancellationToken);
        if (what == "without digest") File.Delete(Path.ChangeExtension(path, ".sha256"));
        using var second = await Get(cache, provider, refresh: what == "refresh");
        Assert.Equal(2, provider.Fetches);
        Assert.Equal(bytes, second.ToArray());
    }

    [Fact]
    public async Task A_fetch_that_fails_leaves_what_was_there()
    {
        using var scratch = new ScratchFolder();
        var cache = new PackageCache(scratch["cache"]);
        using (await Get(cache, new FakeProvider())) { }
        await Assert.ThrowsAsync<RoosException>(() => Get(cache, new FakeProvider { Failure = new RoosException("no network") }, refresh: true));
        await Assert.ThrowsAsync<OperationCanceledException>(() => Get(cache, new FakeProvider { Failure = new OperationCanceledException() }, refresh: true));
        Assert.Equal(2, Names(scratch["cache"]).Length);
        var provider = new FakeProvider();
        using var again = await Get(cache, provider);
        Assert.Equal(0, provider.Fetches);
    }

    [Fact]
    public async Task What_an_ended_build_has_left_is_removed()
    {
        using var scratch = new ScratchFolder();
        Directory.CreateDirectory(scratch["cache"]);
        await File.WriteAllTextAsync(scratch["cache/x.1-1.partial"], "x", TestContext.Current.CancellationToken);
        using (await Get(new PackageCache(scratch["cache"]), new FakeProvider())) { }
        Assert.Equal(2, Names(scratch["cache"]).Length);
    }

    [Fact]
    public async Task A_provider_that_gives_nothing_has_failed()
    {
        using var scratch = new ScratchFolder();
        await Assert.ThrowsAsync<RoosException>(() => Get(new PackageCache(scratch["cache"]), new FakeProvider { Content = [1, 2, 3] }));
        Assert.Empty(Names(scratch["cache"]));
    }

    [Fact]
    public void The_key_is_made_of_everything_that_counts()
    {
        PackageRequest[] others =
        [
            Request with { Release = "sid" }, Request with { Architecture = "arm64" }, Request with { Packages = ["systemd"] }, Request with { WithRecommends = true },
            Request with { WithDocs = true }, Request with { Mirror = "http://mirror.example/" }, Request with { SourceDateEpoch = 2 },
        ];
        var keys = others.Select(other => PackageCache.KeyOf(other, "fake 1")).Append(PackageCache.KeyOf(Request, "fake 1")).Append(PackageCache.KeyOf(Request, "fake 2")).ToList();
        Assert.Equal(keys.Count, keys.Distinct().Count());
        Assert.Equal(PackageCache.KeyOf(Request, "fake 1"), PackageCache.KeyOf(Request with { Packages = ["udev", "systemd", "udev"], Architecture = "amd64" }, "fake 1"));
    }

    [Theory]
    [InlineData("--simulate")]
    [InlineData("a,b")]
    [InlineData("a b")]
    [InlineData("")]
    [InlineData("a;rm")]
    public void A_package_that_could_be_something_else_is_refused(string package) =>
        Assert.Throws<UsageException>((Request with { Packages = [package] }).Check);

    [Fact]
    public void Installed_packages_are_read()
    {
        var tree = SmallTree.Of(("var/lib/dpkg/status",
            "Package: zstd\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1.5.7-1\nDescription: x\n Version: 2\n\nPackage: gone\nStatus: deinstall ok config-files\nVersion: 1\n\nPackage: base-files\nStatus: install ok installed\nVersion: 13.8\nArchitecture: all\n"));
        Assert.Equal([new InstalledPackage("base-files", "13.8", "all"), new InstalledPackage("zstd", "1.5.7-1", "amd64")], DpkgStatus.Read(tree));
    }

    [Theory]
    [InlineData("E: Unable to locate package nosuch", "does not exist in debian trixie: E: Unable to locate package nosuch")]
    [InlineData("Err:1 http://x InRelease\n  Temporary failure resolving 'x'\nE: Failed to fetch", "cannot be reached (Temporary failure resolving 'x')")]
    [InlineData("W: GPG error: NO_PUBKEY 123", "debian-archive-keyring")]
    [InlineData("dpkg: error: No space left on device", "no space left")]
    [InlineData("E: something else\nE: mmdebstrap failed to run", "E: something else")]
    [InlineData("E: mmdebstrap failed to run", "E: mmdebstrap failed to run")]
    [InlineData("", "it said nothing")]
    public void Errors_are_told_in_a_sentence(string messages, string part) =>
        Assert.Contains(part, MmdebstrapCommand.Failed("mmdebstrap", Request, new ToolResult(25, messages.Split('\n'))).Message, StringComparison.Ordinal);

    [Fact]
    public async Task A_tool_that_is_cancelled_ends_with_its_children()
    {
        if (OperatingSystem.IsWindows()) return;
        using var scratch = new ScratchFolder();
        using var cancellation = new CancellationTokenSource();
        var running = ToolProcess.Run("/bin/sh", ["-c", "trap 'echo cleaned > \"$1\"; kill $!; exit 1' TERM; sleep 300 & echo begun >&2; wait", "sh", scratch["mark"]], new Dictionary<string, string>(), Stream.Null,
            _ => cancellation.Cancel(), cancellation.Token);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        Assert.Equal("cleaned\n", await File.ReadAllTextAsync(scratch["mark"], TestContext.Current.CancellationToken));
    }

    private static string[] Names(string folder) => [.. Directory.EnumerateFileSystemEntries(folder).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];

    private static Task<Core.Bytes.FileSource> Get(PackageCache cache, IPackageProvider provider, bool refresh = false) =>
        BuildProgress.Run(quiet: true, progress => cache.Get(Request, provider, refresh, "Packages", progress, CancellationToken.None));

    private sealed class FakeProvider : IPackageProvider
    {
        public Task Check(PackageRequest request, CancellationToken cancellation) => Task.CompletedTask;

        public byte[] Content { get; init; } = [.. Enumerable.Range(0, 5000).Select(i => (byte)(i % 251))];

        public Exception? Failure { get; init; }

        public int Fetches { get; private set; }

        public string Name => "fake";

        public Task<string> Identify(CancellationToken cancellation) => Task.FromResult("fake 1");

        public async Task Fetch(PackageRequest request, Stream destination, Action<string> report, CancellationToken cancellation)
        {
            Fetches++;
            await destination.WriteAsync(Content, cancellation);
            if (Failure is not null) throw Failure;
        }
    }
}
