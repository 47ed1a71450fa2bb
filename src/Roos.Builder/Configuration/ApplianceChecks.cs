using Roos.Builder.Host;
using Roos.Builder.Steps;
using Roos.Core.Tree;

namespace Roos.Builder.Configuration;

/// <summary>
/// What is checked of an appliance before any package is fetched, because it would otherwise show minutes later, or on a machine that nobody gets into:
/// the values of mkosi.env, the keys that may log in, files of overlays that are in each other's way.
/// </summary>
internal static class ApplianceChecks
{
    /// <exception cref="UsageException">A mistake, with its place.</exception>
    public static void Check(ApplianceConfiguration appliance, IReadOnlyList<ImageConfiguration> disks)
    {
        foreach (var image in disks)
        {
            if (image.Variable("DEFAULT_USER") is { } user && DefaultUser.Problem(user.Value) is { } problem) throw user.Origin.Error(problem);
            if (image.Variable("UPDATE_URL") is { } address) CheckAddress(address);
        }

        if (appliance.AuthorizedKeys is { } keys)
        {
            if (Directory.Exists(keys)) throw new UsageException($"{Display(appliance, keys)}: is a folder; it is a file with a public key a line");
            AuthorizedKeys.Check(File.ReadAllText(keys), Display(appliance, keys));
        }

        foreach (var image in appliance.Images) CheckOverlays(appliance, image);
    }

    /// <summary>Unset and empty are the same: no updates.</summary>
    private static void CheckAddress(Setting<string> address)
    {
        const string rule = "UPDATE_URL= is the http or https address of the folder that the machines get updates from, as https://updates.example.org/roos";
        if (address.Value.Length == 0) return;
        if (!Uri.TryCreate(address.Value, UriKind.Absolute, out var uri)) throw address.Origin.Error($"{rule}; found \"{address.Value}\", which is no address");
        if (uri.Scheme is not ("http" or "https")) throw address.Origin.Error($"{rule}; found \"{address.Value}\", which is {(uri.IsFile ? "a file" : $"of the kind {uri.Scheme}:")}");
        if (uri.Host.Length == 0) throw address.Origin.Error($"{rule}; found \"{address.Value}\", which names no host");
        if (uri.UserInfo.Length > 0) throw address.Origin.Error("UPDATE_URL= must not have a name or password in it: everybody who has an image could read it");
        if (uri.Query.Length > 0 || uri.Fragment.Length > 0) throw address.Origin.Error($"{rule}; found \"{address.Value}\": file names are put behind it, so it cannot have a ? or #");
        if (address.Value.Any(c => c is ' ' or '\t' or '"' or '\'' or '\\' or '%')) throw address.Origin.Error($"{rule}; found \"{address.Value}\": blanks, quotation marks, \\ and % have a meaning of their own in the files that it is put into");
    }

    /// <summary>A file of one overlay where another has a folder.</summary>
    private static void CheckOverlays(ApplianceConfiguration appliance, ImageConfiguration image)
    {
        var seen = new Dictionary<Core.Bytes.ByteString, (string Source, bool IsFolder)>();
        foreach (var extra in image.ExtraTrees.Where(extra => Directory.Exists(extra.Source)))
        {
            var target = TreePath.Normalise(extra.Target);
            foreach (var entry in HostDirectory.ReadOverlay(extra.Source, new Timestamp(0, 0)).Tree.Walk())
            {
                if (entry.Node is not (DirectoryNode or RegularFile)) continue; // a link may lead to a folder
                var path = TreePath.Join(target, entry.Path);
                var isFolder = entry.Node is DirectoryNode;
                if (!seen.TryGetValue(path, out var other)) seen.Add(path, (extra.Source, isFolder));
                else if (other.IsFolder != isFolder)
                {
                    throw new UsageException($"{Name(extra.Source, entry.Path)} is a {Kind(isFolder)}, and {Name(other.Source, entry.Path)} is a {Kind(other.IsFolder)}: both would be /{path} of image {image.Name}; rename or remove one of them");
                }
            }
        }

        string Name(string source, Core.Bytes.ByteString path) => Display(appliance, Path.Combine(source, path.ToString()));

        static string Kind(bool isFolder) => isFolder ? "folder" : "file";
    }

    private static string Display(ApplianceConfiguration appliance, string path) => Path.GetRelativePath(appliance.Directory, path).Replace('\\', '/');
}
