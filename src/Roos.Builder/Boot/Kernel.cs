using System.Text;
using Roos.Builder.Steps;
using Roos.Core;
using Roos.Core.Bytes;
using Roos.Core.Tree;

namespace Roos.Builder.Boot;

/// <summary>The kernel of an image.</summary>
/// <param name="Version">As <c>uname -r</c> says it, and as its modules' directory is called.</param>
/// <param name="Image">The file (vmlinuz).</param>
/// <param name="OtherVersions">Kernels that are in the image too and are not used, newest first.</param>
public sealed record Kernel(string Version, ByteSource Image, IReadOnlyList<string> OtherVersions)
{
    private const string Modules = "usr/lib/modules";
    private const string BootPrefix = "vmlinuz-";

    /// <summary>
    /// The kernel in <c>/usr/lib/modules/VERSION/vmlinuz</c> or <c>/boot/vmlinuz-VERSION</c>; of several, the one of the highest version.
    /// </summary>
    /// <exception cref="RoosException">There is none.</exception>
    public static Kernel Find(FileTree root)
    {
        var found = new Dictionary<string, RegularFile>(StringComparer.Ordinal);
        foreach (var name in NamesIn(root, Modules))
        {
            if (root.FindFile($"{Modules}/{name}/vmlinuz") is { } file) found.Add(name, file);
        }

        foreach (var name in NamesIn(root, "boot").Where(name => name.Length > BootPrefix.Length && name.StartsWith(BootPrefix, StringComparison.Ordinal)))
        {
            if (root.FindFile("boot/" + name) is { } file) found.TryAdd(name[BootPrefix.Length..], file);
        }

        if (found.Count == 0)
            throw new RoosException($"there is no kernel in the image (looked for /{Modules}/*/vmlinuz and /boot/{BootPrefix}*): add one, such as Packages=linux-image-cloud-amd64 for virtual machines or linux-image-amd64 for hardware");
        var versions = found.Keys.Order(Comparer<string>.Create(Newest)).ToList();
        return new Kernel(versions[0], found[versions[0]].Content, versions[1..]);
    }

    private static int Newest(string left, string right)
    {
        var order = VersionComparer.Instance.Compare(right, left);
        return order != 0 ? order : string.CompareOrdinal(right, left);
    }

    private static IEnumerable<string> NamesIn(FileTree root, string path) =>
        root.Resolve(path)?.Node is DirectoryNode directory ? directory.Entries.Keys.Select(name => Encoding.UTF8.GetString(name.Span)) : [];
}
