using Roos.Core;

namespace Roos.Builder.Packages;

/// <summary>
/// Has packages installed by the distribution's own tools and gives the tree as one tar. The only place of a build where a process may
/// start and the network may be used.
/// </summary>
public interface IPackageProvider
{
    /// <summary>What the user calls it: mmdebstrap, podman, docker.</summary>
    string Name { get; }

    /// <summary>What the provider is, tool version included: part of the key of the cache, because other versions give other tars.</summary>
    /// <exception cref="RoosException">The provider does not work here.</exception>
    Task<string> Identify(CancellationToken cancellation);

    /// <summary>Asks the archive's index, before anything is downloaded, whether the packages can be installed.</summary>
    /// <exception cref="MissingPackagesException">The archive does not have some of them.</exception>
    /// <exception cref="RoosException">It failed for another reason.</exception>
    Task Check(PackageRequest request, CancellationToken cancellation);

    /// <summary>Writes the tar. Where this throws, what has been written is worthless.</summary>
    /// <param name="request">What is wanted.</param>
    /// <param name="destination">Written forward only.</param>
    /// <param name="report">Hears what the tools say that a waiting user wants to see.</param>
    /// <param name="cancellation">Ends every process that was started.</param>
    /// <exception cref="RoosException">It failed: one sentence with the tool's own message.</exception>
    Task Fetch(PackageRequest request, Stream destination, Action<string> report, CancellationToken cancellation);
}
