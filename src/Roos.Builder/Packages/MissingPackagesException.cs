using Roos.Core;

namespace Roos.Builder.Packages;

/// <summary>The archive does not have packages that were asked for.</summary>
public sealed class MissingPackagesException(IReadOnlyList<string> packages, string message) : RoosException(message)
{
    /// <summary>Their names, as far as they were asked for by name.</summary>
    public IReadOnlyList<string> Packages { get; } = packages;
}
