using Roos.Builder.Packages;
using Roos.Builder.Terminal;
using Roos.Core;
using Roos.Testing;

namespace Roos.Interop.Tests.Settings;

/// <summary>Real packages from the real archive: mmdebstrap makes a small Debian, which as a container image makes another one.</summary>
public sealed class PackageProviderTests
{
    private static readonly PackageRequest Request = new()
    {
        Distribution = "debian",
        Release = "trixie",
        Architecture = "x86-64",
        Packages = ["base-files"],
        SourceDateEpoch = 1_700_000_000,
    };

    [Fact]
    public async Task Podman_installs_packages_in_an_image_that_mmdebstrap_made()
    {
        Judge.NeedRoot();
        Judge.Host("mmdebstrap");
        var podman = Judge.Host("podman");
        using var scratch = new ScratchFolder();
        var cache = new PackageCache(scratch["cache"]);
        Configure(scratch);
        var image = "localhost/roos-test-" + Path.GetFileName(scratch.Path).ToLowerInvariant();

        using var imageTar = await Get(cache, "mmdebstrap", null, Request with { Packages = ["apt", "mmdebstrap"] });
        podman.Must("import", "--quiet", imageTar.Path, image);
        try
        {
            using var tar = await Get(cache, "podman", image, Request);
            var names = Judge.Host("tar").Must("-tf", tar.Path).Split('\n');
            Assert.Contains("./var/lib/dpkg/status", names);
            Assert.Contains("./etc/debian_version", names);
            Assert.DoesNotContain(names, name => name.StartsWith("./usr/share/man/man1/", StringComparison.Ordinal) && name.EndsWith(".gz", StringComparison.Ordinal));
            Assert.DoesNotContain("roos-", podman.Must("ps", "--all", "--format", "{{.Names}}"), StringComparison.Ordinal);
        }
        finally
        {
            podman.Run("rmi", "--force", image);
        }
    }

    [Fact]
    public async Task An_image_that_cannot_be_had_is_told_in_a_sentence()
    {
        var podman = Judge.Host("podman");
        using var scratch = new ScratchFolder();
        Configure(scratch);
        Assert.NotNull(podman);
        var error = await Assert.ThrowsAsync<RoosException>(() => Get(new PackageCache(scratch["cache"]), "podman", "localhost/roos-test-no-such-image", Request));
        Assert.Contains("localhost/roos-test-no-such-image cannot be had", error.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(scratch["cache"]));
    }

    private static async Task<Core.Bytes.FileSource> Get(PackageCache cache, string provider, string? image, PackageRequest request)
    {
        try
        {
            return await BuildProgress.Run(quiet: true, async progress =>
                await cache.Get(request, await PackageProviders.Choose(provider, image, progress, CancellationToken.None), refresh: false, "Packages", progress, CancellationToken.None));
        }
        catch (RoosException e) when (e.Message.Contains("archive cannot be reached", StringComparison.Ordinal))
        {
            Judge.Missing("the package archive: " + e.Message);
            throw;
        }
    }

    /// <summary>What lets podman run in a container of its own, where it has no init system and no network to make.</summary>
    private static void Configure(ScratchFolder scratch)
    {
        File.WriteAllText(scratch["containers.conf"],
            "[containers]\ndefault_ulimits = [\"nofile=4096:4096\", \"nproc=4096:4096\"]\nnetns = \"host\"\n[engine]\nruntime = \"runc\"\ncgroup_manager = \"cgroupfs\"\nevents_logger = \"file\"\n");
        Environment.SetEnvironmentVariable("CONTAINERS_CONF", scratch["containers.conf"]);
    }
}
