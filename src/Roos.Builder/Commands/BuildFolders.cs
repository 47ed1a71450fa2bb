using Roos.Builder.Configuration;

namespace Roos.Builder.Commands;

/// <summary>The folders of an appliance tree that builds write to, where the configuration names no others.</summary>
internal static class BuildFolders
{
    /// <summary>Roos's folder in the cache.</summary>
    public const string PackageTars = "packages";

    public static string Output(ApplianceConfiguration appliance) => appliance.Main.OutputDirectory.Value ?? Path.Combine(appliance.Directory, "mkosi.output");

    public static string Cache(ApplianceConfiguration appliance) => appliance.Main.CacheDirectory.Value ?? Path.Combine(appliance.Directory, "mkosi.cache");

    public static string PackageCache(ApplianceConfiguration appliance) => appliance.Main.PackageCacheDirectory.Value ?? Path.Combine(appliance.Directory, "mkosi.pkgcache");
}
