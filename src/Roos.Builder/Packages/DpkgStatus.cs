using Roos.Builder.Steps;
using Roos.Core;
using Roos.Core.Tree;

namespace Roos.Builder.Packages;

/// <summary>A package that is installed in a tree.</summary>
public sealed record InstalledPackage(string Name, string Version, string Architecture);

/// <summary>What dpkg says is installed in a tree.</summary>
public static class DpkgStatus
{
    private const string Path = "var/lib/dpkg/status";

    /// <summary>The installed packages by name and architecture; none where the tree has no dpkg.</summary>
    /// <exception cref="DamagedInputException">A package has no name or version.</exception>
    public static IReadOnlyList<InstalledPackage> Read(FileTree tree)
    {
        if (tree.FindFile(Path) is not { } file) return [];
        var result = new List<InstalledPackage>();
        foreach (var paragraph in ConfigurationFiles.Text(file).Split("\n\n", StringSplitOptions.RemoveEmptyEntries))
        {
            string? name = null, version = null, architecture = null, status = null;
            foreach (var line in paragraph.Split('\n'))
            {
                if (Value("Package:") is { } package) name = package;
                else if (Value("Version:") is { } number) version = number;
                else if (Value("Architecture:") is { } machine) architecture = machine;
                else if (Value("Status:") is { } state) status = state;

                string? Value(string field) => line.StartsWith(field, StringComparison.Ordinal) ? line[field.Length..].Trim() : null;
            }

            if (status is null || !status.EndsWith(" installed", StringComparison.Ordinal)) continue;
            if (name is null || version is null) throw new DamagedInputException($"/{Path}: an installed package must have a name and a version; found \"{paragraph.Split('\n')[0]}\"");
            result.Add(new InstalledPackage(name, version, architecture ?? "all"));
        }

        return [.. result.OrderBy(package => package.Name, StringComparer.Ordinal).ThenBy(package => package.Architecture, StringComparer.Ordinal)];
    }
}
