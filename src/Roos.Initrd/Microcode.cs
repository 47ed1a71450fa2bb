using Roos.Core.Bytes;
using Roos.Core.Tree;
using Roos.Initrd.Cpio;

namespace Roos.Initrd;

/// <summary>
/// The archive from which the kernel takes processor microcode before it unpacks anything: uncompressed, and first of the initrds
/// (the .ucode section of a UKI). Source: Documentation/arch/x86/microcode.rst of the kernel.
/// </summary>
public static class Microcode
{
    /// <summary>
    /// Intel's processors read an update from memory at a multiple of 16 (Software Developer's Manual 3A, 11.11.6), and the first
    /// processor takes it right out of the archive.
    /// </summary>
    private const int DataAlignment = 16;

    private static readonly (ByteString Folder, ByteString Target)[] Vendors =
    [
        ("usr/lib/firmware/amd-ucode", "kernel/x86/microcode/AuthenticAMD.bin"),
        ("usr/lib/firmware/intel-ucode", "kernel/x86/microcode/GenuineIntel.bin"),
    ];

    /// <summary>
    /// The archive for the microcode in usr/lib/firmware/amd-ucode and intel-ucode of <paramref name="root"/>: the files of each one after
    /// another, in byte order of their names. Null where there is none (packages amd64-microcode and intel-microcode bring it).
    /// </summary>
    /// <param name="root">A root tree.</param>
    /// <param name="maximumTime">Times later than this become it.</param>
    public static IImage? Plan(FileTree root, Timestamp maximumTime)
    {
        var tree = new FileTreeBuilder();
        var any = false;
        foreach (var (folder, target) in Vendors)
        {
            if (root.Resolve(folder)?.Node is not DirectoryNode directory) continue;
            var files = directory.Entries.Keys.Where(IsContainer).Select(name => root.FindFile(TreePath.Join(folder, name))).OfType<RegularFile>().Where(file => file.Content.Length > 0).ToArray();
            if (files.Length == 0) continue;
            var latest = files.Select(file => file.Metadata.ModificationTime).Max();
            tree.Set(target, new RegularFile(new FileMetadata(0x1a4) { ModificationTime = latest }, ByteSource.Concat([.. files.Select(file => file.Content)])));
            any = true;
        }

        return any ? CpioImage.Plan(tree.Build(), maximumTime, DataAlignment) : null;
    }

    /// <summary>linux-firmware puts signatures and a README beside AMD's containers; the kernel would stop reading at them.</summary>
    private static bool IsContainer(ByteString name) => !name.EndsWith(".asc"u8) && !name.Equals("README"u8);
}
