using System.Text;

namespace Roos.Builder.Packages;

/// <summary>Which packages make the tree of an image.</summary>
public sealed record PackageRequest
{
    /// <summary><c>debian</c>.</summary>
    public required string Distribution { get; init; }

    /// <summary>The suite: <c>trixie</c>.</summary>
    public required string Release { get; init; }

    /// <summary>As mkosi and systemd name it (<c>x86-64</c>, <c>arm64</c>) or as Debian does (<c>amd64</c>).</summary>
    public required string Architecture { get; init; }

    /// <summary>What is wanted; dependencies and the essential packages come along.</summary>
    public required IReadOnlyList<string> Packages { get; init; }

    public bool WithRecommends { get; init; }

    /// <summary>With manual pages and documentation; licence texts are always there.</summary>
    public bool WithDocs { get; init; }

    /// <summary>The address of the archive, or null for the provider's default.</summary>
    public string? Mirror { get; init; }

    /// <summary>No file is younger; seconds since 1970-01-01 UTC.</summary>
    public required long SourceDateEpoch { get; init; }

    /// <summary>Debian's name of the architecture.</summary>
    public string DebianArchitecture => Architecture switch
    {
        "x86-64" => "amd64",
        "x86" => "i386",
        "arm" => "armhf",
        "ppc64-le" => "ppc64el",
        var same => same,
    };

    /// <summary>Refuses what a provider's command line could take for something else than a name.</summary>
    /// <exception cref="UsageException">A name is none, or the distribution has no provider yet.</exception>
    public void Check()
    {
        if (Distribution != "debian") throw new UsageException($"Distribution= must be debian so far; found \"{Distribution}\" (--rootfs FILE takes the tree of any distribution)");
        CheckName("Release=", Release, "");
        CheckName("Architecture=", DebianArchitecture, "");
        foreach (var package in Packages) CheckName("Packages=", package, "+.:=~");
        if (Mirror is not null && (!Uri.TryCreate(Mirror, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https" or "file")))
        {
            throw new UsageException($"Mirror= must be an http, https or file address; found \"{Mirror}\"");
        }
    }

    /// <summary>Everything that decides which packages come, a line each, for the key of the cache. The order of packages does not count.</summary>
    internal string Describe()
    {
        var text = new StringBuilder();
        Line("distribution", Distribution);
        Line("release", Release);
        Line("architecture", DebianArchitecture);
        Line("recommends", WithRecommends ? "yes" : "no");
        Line("docs", WithDocs ? "yes" : "no");
        Line("mirror", Mirror ?? "default");
        Line("clock", SourceDateEpoch.ToString(System.Globalization.CultureInfo.InvariantCulture));
        foreach (var package in SortedPackages()) Line("package", package);
        return text.ToString();

        void Line(string name, string value) => text.Append(name).Append(' ').Append(value).Append('\n');
    }

    internal IEnumerable<string> SortedPackages() => Packages.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal);

    private static void CheckName(string setting, string name, string more)
    {
        var good = name.Length > 0 && char.IsAsciiLetterOrDigit(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' || more.Contains(c, StringComparison.Ordinal));
        if (!good) throw new UsageException($"{setting} must be a name of letters, digits and -{more}; found \"{name}\"");
    }
}
