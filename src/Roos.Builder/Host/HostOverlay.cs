using Roos.Core.Tree;

namespace Roos.Builder.Host;

/// <summary>A directory of the build machine, read as a tree to lay over another.</summary>
/// <param name="Tree">Its files.</param>
/// <param name="ExecutableByBit">
/// Paths (of the build machine) of files that are executable by their permission bit alone, which a build on Windows would not see.
/// </param>
public sealed record HostOverlay(FileTree Tree, IReadOnlyList<string> ExecutableByBit);
