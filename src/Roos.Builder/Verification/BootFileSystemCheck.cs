using System.Globalization;
using Roos.Core;
using Roos.Core.Bytes;
using Roos.Core.Tree;
using Roos.Fat;
using Roos.Gpt;
using Roos.Uki;

namespace Roos.Builder.Verification;

/// <summary>A file that firmware or boot loader can see.</summary>
/// <param name="Path">In its file system, with slashes.</param>
/// <param name="Content">Its bytes.</param>
internal sealed record BootFile(string Path, ByteSource Content)
{
    /// <summary>FAT does not tell capitals from small letters.</summary>
    public bool IsNamed(string path) => string.Equals(Path, path, StringComparison.OrdinalIgnoreCase);

    /// <summary>Firmware and boot loader could start it: by its name or by what it is.</summary>
    public bool IsProgram => Path.EndsWith(".efi", StringComparison.OrdinalIgnoreCase) || PeImage.TryRead(Content) is not null;
}

/// <summary>The EFI system partition, and the extended boot loader partition where there is one: they can be read, and have something to start.</summary>
internal static class BootFileSystemCheck
{
    private const string DefaultLoader = "EFI/BOOT/BOOT"; // UEFI specification, 3.5.1.1: and the machine's name, .EFI

    /// <returns>All files.</returns>
    public static IReadOnlyList<BootFile> Run(IReadOnlyList<DiskPartition> partitions, CheckLog log)
    {
        var files = new List<BootFile>();
        var systems = partitions.Where(partition => partition.Designator is PartitionDesignator.Esp or PartitionDesignator.ExtendedBootLoader).ToList();
        foreach (var partition in systems)
        {
            log.Guard(CheckNames.BootFileSystem, partition.Name, () =>
            {
                var found = Files(partition);
                foreach (var file in found) ReadAll(file);
                if (partition.Designator == PartitionDesignator.Esp && !found.Any(IsDefaultLoader)) log.Broken(CheckNames.BootFileSystem, partition.Name, $"there is no {DefaultLoader}*.EFI, so firmware finds nothing to start");
                else log.Good(CheckNames.BootFileSystem, partition.Name, string.Create(CultureInfo.InvariantCulture, $"FAT32 with {found.Count} files"));
                files.AddRange(found);
            });
        }

        if (!systems.Any(partition => partition.Designator == PartitionDesignator.Esp)) log.Broken(CheckNames.BootFileSystem, "disk", "there is no EFI system partition, so firmware finds nothing to start");
        return files;
    }

    private static List<BootFile> Files(DiskPartition partition) =>
        [.. FatReader.Read(partition.Content).Walk().Where(item => item.Node is RegularFile).Select(item => new BootFile(item.Path.ToString(), ((RegularFile)item.Node).Content))];

    private static bool IsDefaultLoader(BootFile file) => file.Path.StartsWith(DefaultLoader, StringComparison.OrdinalIgnoreCase) && file.Path.EndsWith(".efi", StringComparison.OrdinalIgnoreCase);

    private static void ReadAll(BootFile file)
    {
        using var sink = new Sha256Sink();
        try
        {
            file.Content.CopyTo(sink);
        }
        catch (DamagedInputException e)
        {
            throw new DamagedInputException($"{file.Path}: {e.Message}", e);
        }
    }
}
