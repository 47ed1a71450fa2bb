using Roos.Core;
using Roos.Core.Bytes;
using Roos.Core.Tree;

namespace Roos.Builder.Boot;

/// <summary>
/// What goes into the EFI system partition, as <c>bootctl install</c> lays it out: systemd-boot in its own place and where firmware
/// looks by itself, its configuration, and the UKI. There is no random seed: it would be the same on every machine.
/// </summary>
public static class EspTree
{
    /// <summary>bootctl's default but for the words: no menu unless a key is held down.</summary>
    private const string LoaderConfiguration = "# Hold a key down while the machine starts to see the menu; \"timeout 3\" shows it for three seconds.\n#timeout 3\n";

    /// <summary>Says that entries are those of the Boot Loader Specification.</summary>
    private const string EntriesKind = "type1\n";

    /// <summary>
    /// The image's tree with <c>/boot</c> holding exactly what the ESP shall hold, so that <c>CopyFiles=/boot:/</c> takes it. Of what was in
    /// /boot only <c>EFI/</c> and <c>loader/</c> stay: a template may bring keys or a loader.conf of its own, which is kept. Kernels and
    /// what belongs to them are in the UKI; entries that a package's scripts made for them would lead nowhere and are left out.
    /// </summary>
    /// <param name="root">The image's tree.</param>
    /// <param name="ukiName">File name of the UKI, with <c>.efi</c>.</param>
    /// <param name="uki">The UKI.</param>
    /// <param name="architecture">As Architecture= has it.</param>
    /// <param name="time">Modification time of what is made here.</param>
    /// <exception cref="RoosException">systemd-boot is not in the tree.</exception>
    public static FileTree AddTo(FileTree root, string ukiName, ByteSource uki, string architecture, Timestamp time = default)
    {
        var result = root.ToBuilder();
        result.Remove("boot");
        result.Set("boot", Make(root, ukiName, uki, architecture, time).Root);
        return result.Build();
    }

    /// <summary>The tree of the ESP alone; parameters as in <see cref="AddTo"/>.</summary>
    /// <exception cref="RoosException">systemd-boot is not in the tree.</exception>
    public static FileTree Make(FileTree root, string ukiName, ByteSource uki, string architecture, Timestamp time = default)
    {
        var boot = EfiStub.FindBootLoader(root, architecture);
        var efi = EfiArchitecture.Of(architecture);
        var result = new FileTreeBuilder();
        foreach (var path in (string[])["", "EFI", "EFI/BOOT", "EFI/Linux", "EFI/systemd", "loader"]) result.SetDirectory(path, new FileMetadata(0x1ed) { ModificationTime = time });
        result.Set("loader/loader.conf", Text(LoaderConfiguration));
        result.Set("loader/entries.srel", Text(EntriesKind));
        foreach (var folder in (string[])["EFI", "loader"])
        {
            if (root.Resolve("boot/" + folder)?.Node is DirectoryNode directory) Merge(result, folder, directory);
        }

        result.Remove("loader/random-seed");
        result.Remove("loader/entries");
        result.Set($"EFI/systemd/systemd-boot{efi.Suffix}.efi", boot);
        result.Set($"EFI/BOOT/{efi.FallbackName}", boot);
        result.Set($"EFI/Linux/{ukiName}", new RegularFile(new FileMetadata(0x1a4) { ModificationTime = time }, uki));
        return result.Build();

        RegularFile Text(string text) => new(new FileMetadata(0x1a4) { ModificationTime = time }, ByteSource.FromMemory(ByteString.FromUtf8(text).Memory));
    }

    private static void Merge(FileTreeBuilder result, ByteString path, DirectoryNode directory)
    {
        foreach (var (name, node) in directory.Entries)
        {
            var child = TreePath.Join(path, name);
            if (node is DirectoryNode inner && result.IsDirectory(child)) Merge(result, child, inner);
            else result.Set(child, node);
        }
    }
}
