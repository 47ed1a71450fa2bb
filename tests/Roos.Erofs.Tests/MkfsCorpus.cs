using System.Reflection;

namespace Roos.Erofs.Tests;

/// <summary>Small images of mkfs.erofs 1.8.6, one for each layout (fuzz/corpus/make says how they were made).</summary>
internal static class MkfsCorpus
{
    private const string Suffix = ".erofs";

    public static IReadOnlyList<string> Names { get; } =
        [.. Assembly.GetExecutingAssembly().GetManifestResourceNames().Where(name => name.EndsWith(Suffix, StringComparison.Ordinal)).Select(name => name[..^Suffix.Length]).Order(StringComparer.Ordinal)];

    public static byte[] Read(string name)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(name + Suffix)!;
        var image = new byte[stream.Length];
        stream.ReadExactly(image);
        return image;
    }
}
