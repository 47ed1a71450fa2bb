using System.Text;
using Roos.Builder.Configuration;

namespace Roos.Builder.Repart;

/// <summary>
/// The percent signs in values of repart.d, as systemd's specifier tables resolve them for an image (<c>--root=</c>). What names the build
/// machine (its host name, machine ID, boot ID) is refused: it would make the image differ from machine to machine.
/// </summary>
public sealed record RepartSpecifiers
{
    /// <summary>%a, of the image: <c>x86-64</c>, <c>arm64</c>.</summary>
    public required string Architecture { get; init; }

    /// <summary>%M: IMAGE_ID= of os-release.</summary>
    public string ImageId { get; init; } = "";

    /// <summary>%A: IMAGE_VERSION=</summary>
    public string ImageVersion { get; init; } = "";

    /// <summary>%o: ID=</summary>
    public string OsId { get; init; } = "";

    /// <summary>%w: VERSION_ID=</summary>
    public string OsVersionId { get; init; } = "";

    /// <summary>%W: VARIANT_ID=</summary>
    public string OsVariantId { get; init; } = "";

    /// <summary>%B: BUILD_ID=</summary>
    public string OsBuildId { get; init; } = "";

    /// <summary>%v: the release of the image's kernel.</summary>
    public string KernelRelease { get; init; } = "";

    /// <summary>From the fields of an os-release file; one that is missing is empty, as in systemd.</summary>
    public static RepartSpecifiers FromOsRelease(IReadOnlyDictionary<string, string> osRelease, string architecture, string kernelRelease = "")
    {
        return new RepartSpecifiers
        {
            Architecture = architecture,
            ImageId = Field("IMAGE_ID"),
            ImageVersion = Field("IMAGE_VERSION"),
            OsId = Field("ID"),
            OsVersionId = Field("VERSION_ID"),
            OsVariantId = Field("VARIANT_ID"),
            OsBuildId = Field("BUILD_ID"),
            KernelRelease = kernelRelease,
        };

        string Field(string name) => osRelease.GetValueOrDefault(name, "");
    }

    /// <summary>Expands the specifiers of a value; <paramref name="more"/> comes before the common table.</summary>
    /// <exception cref="ConfigurationException">A specifier is unknown or names the build machine.</exception>
    public string Expand(string value, SourceLocation location, Func<char, string?>? more = null)
    {
        if (!value.Contains('%', StringComparison.Ordinal)) return value;
        var result = new StringBuilder();
        for (var i = 0; i < value.Length; i++)
        {
            if (value[i] != '%')
            {
                result.Append(value[i]);
                continue;
            }

            if (++i == value.Length) throw location.Shift(i - 1).Error("a percent sign begins a specifier; write %% for one percent sign");
            result.Append(more?.Invoke(value[i]) ?? Resolve(value[i]) ?? throw Unknown(value[i], location.Shift(i - 1)));
        }

        return result.ToString();
    }

    private string? Resolve(char specifier) => specifier switch
    {
        '%' => "%",
        'a' => Architecture,
        'A' => ImageVersion,
        'B' => OsBuildId,
        'M' => ImageId,
        'o' => OsId,
        'T' => "/tmp",
        'v' => KernelRelease,
        'V' => "/var/tmp",
        'w' => OsVersionId,
        'W' => OsVariantId,
        _ => null,
    };

    private static ConfigurationException Unknown(char specifier, SourceLocation location) => specifier is 'b' or 'H' or 'l' or 'm' or 'q'
        ? location.Error($"the specifier %{specifier} names the machine that builds, so the image would differ from machine to machine; use another")
        : location.Error($"the specifier %{specifier} is not known here; known are %a %A %B %M %o %v %w %W and %%, in SplitName= also %n %t %T %U");
}
