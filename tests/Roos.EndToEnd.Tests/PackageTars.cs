using Roos.Testing;

namespace Roos.EndToEnd.Tests;

/// <summary>The package tars of the template, which <c>./test</c> makes once (tests/judges/package-tars.sh) and names in the environment.</summary>
internal static class PackageTars
{
    public static string Rootfs => Need("ROOS_ROOTFS_TAR");

    public static string Initrd => Need("ROOS_INITRD_TAR");

    private static string Need(string variable)
    {
        var path = Environment.GetEnvironmentVariable(variable);
        if (!File.Exists(path)) Judge.Missing($"{variable} must name a package tar of the template (./test makes one, with root and mmdebstrap)");
        return path!;
    }
}
