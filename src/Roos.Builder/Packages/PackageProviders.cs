using Roos.Builder.Terminal;
using Roos.Core;

namespace Roos.Builder.Packages;

/// <summary>Chooses who installs packages.</summary>
public static class PackageProviders
{
    /// <summary>The values of --provider.</summary>
    public static IReadOnlyList<string> Names { get; } = ["auto", "mmdebstrap", "podman", "docker"];

    /// <param name="wanted">One of <see cref="Names"/>. With auto: mmdebstrap where it is installed, else podman, else docker, where their engine answers; else, as root on Debian, mmdebstrap is installed.</param>
    /// <param name="containerImage">The image for podman and docker; null for Debian's own.</param>
    /// <param name="progress">Hears what is installed.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="RoosException">There is nobody: the message says what to install.</exception>
    public static async Task<IPackageProvider> Choose(string wanted, string? containerImage, BuildProgress progress, CancellationToken cancellation)
    {
        switch (wanted)
        {
            case "mmdebstrap":
                return new MmdebstrapProvider();
            case "podman" or "docker":
                var engine = ToolProcess.Find(wanted) ?? throw new RoosException($"{wanted} is not installed (it was asked for with --provider {wanted})");
                if (await ContainerProvider.FindObstacle(engine, cancellation) is { } obstacle) throw new RoosException($"{wanted} is installed but its engine does not answer ({obstacle}): start it, or use another with --provider, or give a ready tree with --rootfs FILE");
                return new ContainerProvider(engine, containerImage ?? ContainerProvider.DefaultImage);
            case not "auto":
                throw new UsageException($"--provider must be one of {string.Join(", ", Names)}; found \"{wanted}\"");
        }

        if (!OperatingSystem.IsWindows() && ToolProcess.Find("mmdebstrap") is { } program) return new MmdebstrapProvider(program);
        foreach (var name in new[] { "podman", "docker" })
        {
            if (ToolProcess.Find(name) is not { } found) continue;
            if (await ContainerProvider.FindObstacle(found, cancellation) is not { } obstacle) return new ContainerProvider(found, containerImage ?? ContainerProvider.DefaultImage);
            progress.Note($"{name} is installed but its engine does not answer ({obstacle}): it is not used");
        }

        if (!OperatingSystem.IsLinux()) throw new RoosException("packages are installed in a container here: install podman or docker, or give a ready tree with --rootfs FILE (and --initrd-rootfs FILE)");
        if (ToolProcess.Find("apt-get") is not { } apt) throw new RoosException("packages are installed by mmdebstrap or in a container, and neither mmdebstrap, podman nor docker works here: install one of them, or give a ready tree with --rootfs FILE");
        if (!Environment.IsPrivilegedProcess) throw new RoosException("packages are installed by mmdebstrap or in a container, and neither works here: run \"sudo apt-get install mmdebstrap uidmap\" (or install podman or docker), or give a ready tree with --rootfs FILE");
        await InstallMmdebstrap(apt, progress, cancellation);
        return new MmdebstrapProvider();
    }

    private static async Task InstallMmdebstrap(string apt, BuildProgress progress, CancellationToken cancellation)
    {
        progress.Note("mmdebstrap is not installed: installing it with apt-get");
        var environment = new Dictionary<string, string> { ["DEBIAN_FRONTEND"] = "noninteractive" };
        // update may fail for a source that has nothing to do with it: whether the package can be had is what install says.
        await ToolProcess.Run(apt, ["--quiet", "update"], environment, Stream.Null, null, cancellation);
        var result = await ToolProcess.Run(apt, ["--quiet", "--yes", "install", "--no-install-recommends", "mmdebstrap", "debian-archive-keyring"], environment, Stream.Null, null, cancellation);
        if (result.ExitCode == 0) return;
        var said = result.Messages.FirstOrDefault(line => line.StartsWith("E: ", StringComparison.Ordinal)) ?? "it said nothing";
        throw new RoosException($"apt-get could not install mmdebstrap ({said}); install it, or podman or docker, or give a ready tree with --rootfs FILE");
    }
}
