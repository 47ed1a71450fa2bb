using System.Globalization;
using Roos.Core;

namespace Roos.Builder.Packages;

/// <summary>The command line of mmdebstrap for a request, the same on a host and in a container, and what its errors mean.</summary>
internal static class MmdebstrapCommand
{
    /// <summary>What dpkg leaves out with WithDocs=no; licence texts stay.</summary>
    private static readonly string[] DocumentationRules =
    [
        "path-exclude=/usr/share/doc/*", "path-include=/usr/share/doc/*/copyright",
        "path-exclude=/usr/share/man/*", "path-exclude=/usr/share/groff/*", "path-exclude=/usr/share/info/*",
        "path-exclude=/usr/share/lintian/*", "path-exclude=/usr/share/linda/*",
    ];

    /// <summary>Arguments that make a tar on standard output.</summary>
    /// <param name="request">What is wanted.</param>
    /// <param name="mode"><c>auto</c> or <c>root</c>.</param>
    /// <param name="simulate">Nothing is downloaded but the index, and nothing written.</param>
    public static List<string> Arguments(PackageRequest request, string mode, bool simulate = false)
    {
        List<string> result =
        [
            "--mode=" + mode, "--format=tar", "--variant=essential", "--architectures=" + request.DebianArchitecture,
            "--include=" + string.Join(',', request.SortedPackages()),
        ];
        if (simulate) result.Add("--simulate");
        if (request.WithRecommends) result.Add("--aptopt=Apt::Install-Recommends \"true\"");
        if (!request.WithDocs) result.AddRange(DocumentationRules.Select(rule => "--dpkgopt=" + rule));
        result.AddRange([request.Release, "-"]);
        if (request.Mirror is not null) result.Add(request.Mirror);
        return result;
    }

    /// <summary>INITRD=No: Debian's kernel hook for an initrd of its own, which nobody would use, is skipped.</summary>
    public static IReadOnlyDictionary<string, string> Environment(PackageRequest request) => new Dictionary<string, string>
    {
        ["SOURCE_DATE_EPOCH"] = request.SourceDateEpoch.ToString(CultureInfo.InvariantCulture),
        ["INITRD"] = "No",
        ["DEBIAN_FRONTEND"] = "noninteractive",
    };

    /// <summary>One sentence about why it failed, with the tool's own words.</summary>
    public static RoosException Failed(string provider, PackageRequest request, ToolResult result)
    {
        // mmdebstrap repeats the command lines that failed; what apt or dpkg said before is what counts.
        var errors = result.Messages.Where(line => line.StartsWith("E: ", StringComparison.Ordinal) && !line.Contains(" failed: E: apt-get", StringComparison.Ordinal)).ToList();
        var missing = Of("Unable to locate package", "has no installation candidate", "' was not found", "Couldn't find any package");
        if (missing.Count > 0)
        {
            var names = request.SortedPackages().Where(package => missing.Any(line => NamesIn(line).Contains(package.Split('=')[0].Split(':')[0]))).ToList();
            return new MissingPackagesException(names, $"{provider}: a package in Packages= does not exist in {request.Distribution} {request.Release}: {string.Join("; ", missing)}");
        }

        var unsigned = result.Messages.FirstOrDefault(line => Has(line, "NO_PUBKEY", "is not signed", "Missing key", "keyring is not readable", "Unable to read /usr/share/keyrings"));
        if (unsigned is not null)
        {
            return new RoosException($"{provider}: the archive's signature cannot be checked ({unsigned.Trim()}); install debian-archive-keyring (of a release that knows {request.Release})");
        }

        var network = result.Messages.FirstOrDefault(line => Has(line, "Temporary failure resolving", "Could not resolve", "Could not connect", "Network is unreachable", "Connection refused", "Connection timed out", "Unable to connect"));
        if (network is not null)
        {
            return new RoosException($"{provider}: the package archive cannot be reached ({network.Trim()}); check the network and Mirror=, or give a ready tree with --rootfs FILE");
        }

        var full = result.Messages.FirstOrDefault(line => Has(line, "No space left on device", "don't have enough free space", "Disk quota exceeded"));
        if (full is not null) return new RoosException($"{provider}: no space left while packages were installed ({full.Trim()}); free some in /tmp, or set TMPDIR");

        var said = errors.Count > 0 ? errors.First(line => line != "E: mmdebstrap failed to run" || errors.Count == 1) : result.Messages.LastOrDefault(line => line.Length > 0) ?? "it said nothing";
        return new RoosException($"{provider} failed with exit status {result.ExitCode}: {said}{LastMessages(result)}");

        List<string> Of(params string[] parts) => [.. errors.Where(line => Has(line, parts)).Distinct()];
    }

    /// <summary>True for lines that tell a waiting user where things are.</summary>
    public static bool IsMilestone(string line) => line.StartsWith("I: ", StringComparison.Ordinal) && line.EndsWith("...", StringComparison.Ordinal) && !line.Contains("tempdir", StringComparison.Ordinal);

    /// <summary>The words of a message, without quotation marks.</summary>
    private static string[] NamesIn(string line) => line.Split([' ', '\'', '"', ','], StringSplitOptions.RemoveEmptyEntries);

    private static bool Has(string line, params string[] parts) => parts.Any(part => line.Contains(part, StringComparison.Ordinal));

    private static string LastMessages(ToolResult result) =>
        string.Concat(result.Messages.TakeLast(15).Select(line => "\n  " + line));
}
