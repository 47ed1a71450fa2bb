namespace Roos.EndToEnd.Tests;

/// <summary>A copy of the template with a login of the test's own, to be built by <c>./roos</c>.</summary>
internal static class TemplateTree
{
    private static readonly TimeSpan CopyLimit = TimeSpan.FromSeconds(60), BuildLimit = TimeSpan.FromMinutes(20);

    /// <summary>Copies the template, makes a key pair at <paramref name="privateKey"/> and lets it in.</summary>
    public static void Copy(string tree, string privateKey)
    {
        HostProcess.Must(CopyLimit, "cp", "-r", Path.Combine(Appliance.House(), "template"), tree);

        // Whatever a developer has built or configured there is not what is tested.
        foreach (var left in new[] { "mkosi.output", "mkosi.cache" }.Select(name => Path.Combine(tree, name)).Where(Directory.Exists)) Directory.Delete(left, recursive: true);
        foreach (var left in new[] { "mkosi.env", "mkosi.local.conf", "mkosi.key", "mkosi.crt" }) File.Delete(Path.Combine(tree, left));

        HostProcess.Must(CopyLimit, VirtualMachine.NeedTool("ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", privateKey);
        File.Copy(privateKey + ".pub", Path.Combine(tree, "config", "authorized_keys"), overwrite: true);
    }

    /// <summary>Runs <c>./roos</c> in a tree.</summary>
    public static void Roos(string tree, params IReadOnlyList<string> arguments) => HostProcess.Must(BuildLimit, Path.Combine(Appliance.House(), "roos"), ["-C", tree, .. arguments]);
}
