using System.Text.RegularExpressions;

namespace Roos.Builder.Publishing;

/// <summary>Finds the version in the name of an artifact: <c>ID_VERSION_UUID.root.raw</c>, <c>ID_VERSION.efi</c> and so on.</summary>
internal static partial class ArtifactVersion
{
    /// <summary>The version, or null for a name that is not an artifact of this image.</summary>
    public static string? Of(string name, string imageId) =>
        name.StartsWith(imageId + "_", StringComparison.Ordinal) && Rest().Match(name, imageId.Length + 1) is { Success: true } match ? match.Groups[1].Value : null;

    [GeneratedRegex(@"\G([A-Za-z0-9.~^-]+?)(?:[_.][0-9a-f]{32}\.[a-z0-9-]+\.raw|(?:\.root-verity-sig)?\.raw|\.efi|\.roothash|\.manifest|\.vmlinuz|\.initrd)(?:\.xz)?$", RegexOptions.CultureInvariant)]
    private static partial Regex Rest();
}
