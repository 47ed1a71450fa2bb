namespace Roos.Builder.Pipeline;

/// <summary>What the command line says about one run of the build, and never about its result.</summary>
public sealed record BuildOptions
{
    /// <summary>A ready package tar for the main image instead of a provider (--rootfs).</summary>
    public string? Rootfs { get; init; }

    /// <summary>The same for the initrd (--initrd-rootfs).</summary>
    public string? InitrdRootfs { get; init; }

    /// <summary>auto, mmdebstrap, podman, docker.</summary>
    public string Provider { get; init; } = "auto";

    /// <summary>Another layout of compressed EroFS images than the default; null for none.</summary>
    public Func<Roos.Erofs.ErofsOptions, Roos.Erofs.ErofsOptions>? ErofsLayout { get; init; }

    /// <summary>The image that podman or docker runs; null for Debian's.</summary>
    public string? ContainerImage { get; init; }

    /// <summary>Fetch the packages again although they are in the cache.</summary>
    public bool Refresh { get; init; }

    /// <summary>Threads at work. The bytes of the result do not depend on it.</summary>
    public required int Workers { get; init; }

    /// <summary>Where package tars and compressed extents are kept.</summary>
    public required string CacheDirectory { get; init; }

    public required string OutputDirectory { get; init; }
}
