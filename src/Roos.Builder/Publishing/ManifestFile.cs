using System.Text.Json;
using System.Text.Json.Serialization;
using Roos.Builder.Configuration;
using Roos.Builder.Packages;

namespace Roos.Builder.Publishing;

/// <summary>What is in an image, in mkosi's manifest format: its name and version, and every package.</summary>
internal static class ManifestFile
{
    public static string Write(ImageConfiguration image, IReadOnlyList<InstalledPackage> packages)
    {
        var manifest = new Manifest(
            1,
            new ManifestConfig(image.ImageId.Value ?? image.Name, image.Distribution.Value, image.Architecture.Value, image.Release.Value, image.ImageVersion.Value),
            [.. packages.Select(package => new ManifestPackage("deb", package.Name, package.Version, package.Architecture))]);
        return JsonSerializer.Serialize(manifest, ManifestJson.Default.Manifest).ReplaceLineEndings("\n") + "\n";
    }
}

internal sealed record Manifest(int ManifestVersion, ManifestConfig Config, IReadOnlyList<ManifestPackage> Packages);

internal sealed record ManifestConfig(string Name, string Distribution, string Architecture, string? Release, string? Version);

internal sealed record ManifestPackage(string Type, string Name, string Version, string Architecture);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Manifest))]
internal sealed partial class ManifestJson : JsonSerializerContext;
