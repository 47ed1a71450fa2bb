using Roos.Builder.Configuration;
using Roos.Builder.Publishing;
using Roos.Builder.Steps;
using Roos.Core;

namespace Roos.Builder.Updates;

/// <summary>Keeps a build from making a version that no machine would take, because a newer one was built here already.</summary>
internal static class BuildOrder
{
    /// <summary>Compares the version of an image that machines get updates of with those in the output directory.</summary>
    /// <exception cref="ConfigurationException">It is older than one of them.</exception>
    public static void Check(ImageConfiguration image, string outputDirectory)
    {
        if (image.Variable("UPDATE_URL") is not { Value.Length: > 0 } || image.ImageVersion.Value is not { } version) return;
        var id = image.ImageId.Value ?? image.Output.Value;
        var newest = Names(outputDirectory).Select(name => ArtifactVersion.Of(name, id)).OfType<string>().Order(VersionComparer.Instance).LastOrDefault();
        if (newest is not null && VersionComparer.Instance.Compare(version, newest) < 0)
            throw image.ImageVersion.Origin.Error($"ImageVersion= {version} is older than {newest}, which is in {outputDirectory} already: no machine that has that would take it; raise it (roos bump), or give --allow-downgrade");
    }

    private static IEnumerable<string> Names(string folder)
    {
        try
        {
            return DigestList.Find(folder)?.Digests.Keys ?? [];
        }
        catch (RoosException)
        {
            return []; // the build will replace it
        }
    }
}
