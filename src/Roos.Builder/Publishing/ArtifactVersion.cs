using System.Text.RegularExpressions;

namespace Roos.Builder.Publishing;

/// <summary>Finds the version in the name of an artifact: <c>ID_VERSION_UUID.root.raw</c>, <c>ID_VERSION.efi</c> and so on.</summary>
internal static partial class ArtifactVersion
{
    /// <summary>The version, or null for a name that is not an artifact of this image.</summary>
    public static string? Of(string name, string imageId) =>
        name.StartsWith(imageId + "_", StringComparison.Ordinal) && Rest().Match(name, imageId.Length + 1) is { Success: true } match ? match.Groups[1].Value : null;

    /// <summary>The image and the version in a name; both empty where it is not an artifact's.</summary>
    public static (string Id, string Version) Split(string name)
    {
        // An ID may have underscores, and a version has none.
        for (var at = name.IndexOf('_', StringComparison.Ordinal); at > 0; at = name.IndexOf('_', at + 1))
        {
            if (Of(name, name[..at]) is { } version) return (name[..at], version);
        }

        return ("", "");
    }

    [GeneratedRegex(@"\G([A-Za-z0-9.~^-]+?)(?:[_.][0-9a-f]{32}\.[a-z0-9-]+\.raw|(?:\.root-verity-sig)?\.raw|\.efi|\.roothash|\.manifest|\.vmlinuz|\.initrd)(?:\.xz)?$", RegexOptions.CultureInvariant)]
    private static partial Regex Rest();
}
