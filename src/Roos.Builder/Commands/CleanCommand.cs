using System.CommandLine;
using Roos.Builder.Configuration;
using Roos.Builder.Publishing;
using Roos.Builder.Workspaces;
using Roos.Core;

namespace Roos.Builder.Commands;

/// <summary><c>roos clean</c>: removes what builds have left.</summary>
internal static class CleanCommand
{
    public static Command Create()
    {
        var force = ForceOption.Create("Given once, also remove the package tars and compressed extents in mkosi.cache; given twice (-ff), also mkosi.pkgcache");
        var command = new Command("clean", """
            Remove the outputs of this tree: the files that SHA256SUMS names, and temporary folders of builds that were ended hard.

            Examples:
              roos clean
              roos -C my-appliance clean -f    also the cache: the next build fetches packages and compresses everything
              roos clean -ff                   also mkosi.pkgcache
            """)
        {
            force,
        };
        ConfigurationOptions.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            var appliance = ApplianceConfiguration.Load(Directory.GetCurrentDirectory(), CommandLineOverrides.From(parsed));
            var removed = new List<string>(PublishedOutputs.Remove(BuildFolders.Output(appliance)));
            var times = ForceOption.Count(parsed, force);
            if (times >= 1) removed.AddRange(EmptyFolder(appliance, BuildFolders.Cache(appliance)));
            if (times >= 2) removed.AddRange(EmptyFolder(appliance, BuildFolders.PackageCache(appliance)));
            foreach (var path in removed) await Console.Out.WriteLineAsync(("removed " + Path.GetRelativePath(Directory.GetCurrentDirectory(), path)).AsMemory(), cancellation);
            return Program.Done;
        });
        return command;
    }

    /// <summary>Everything in a cache of the tree's own; in a folder elsewhere, which others may use as well, what Roos put there.</summary>
    private static List<string> EmptyFolder(ApplianceConfiguration appliance, string folder)
    {
        if (!Directory.Exists(folder)) return [];
        var removed = new List<string>();
        var isInside = Path.GetFullPath(folder).StartsWith(Path.TrimEndingDirectorySeparator(appliance.Directory) + Path.DirectorySeparatorChar, StringComparison.Ordinal);
        try
        {
            foreach (var item in new DirectoryInfo(folder).EnumerateFileSystemInfos().Where(item => isInside || item.Name is BuildFolders.PackageTars or CompressionCacheFolder.Name).OrderBy(item => item.Name, StringComparer.Ordinal).ToList())
            {
                if (item is DirectoryInfo { LinkTarget: null } child) child.Delete(recursive: true);
                else item.Delete();
                removed.Add(item.FullName);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RoosException($"{folder}: the cache cannot be removed: {e.Message}", e);
        }

        return removed;
    }
}
