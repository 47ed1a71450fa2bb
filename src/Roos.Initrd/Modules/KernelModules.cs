using System.Runtime.ExceptionServices;
using Roos.Core;
using Roos.Core.Bytes;
using Roos.Core.Tree;

namespace Roos.Initrd.Modules;

/// <summary>What <see cref="KernelModules.Select"/> chose.</summary>
/// <param name="Tree">usr/lib/modules/VERSION with module files and indexes, usr/lib/firmware; nothing else.</param>
/// <param name="Modules">Paths of the modules from usr/lib/modules/VERSION on, in byte order.</param>
/// <param name="UnmatchedPatterns">Patterns that matched no module file and no module in the kernel image: spelling mistakes, probably.</param>
/// <param name="MissingDependencies">"MODULE needs NAME", where NAME is neither a file nor in the kernel image.</param>
/// <param name="MissingFirmware">Firmware that the modules may ask for and the tree does not have.</param>
public sealed record KernelModuleSelection(
    FileTree Tree,
    IReadOnlyList<string> Modules,
    IReadOnlyList<string> UnmatchedPatterns,
    IReadOnlyList<string> MissingDependencies,
    IReadOnlyList<string> MissingFirmware);

/// <summary>Chooses the kernel modules of an initrd, with what they need: other modules and firmware.</summary>
public static class KernelModules
{
    /// <summary>
    /// What "default" stands for in a list of patterns: enough to find and mount a root file system on usual machines, real and virtual.
    /// The names are those of mkosi's own default initrd.
    /// </summary>
    public static IReadOnlyList<string> DefaultPatterns { get; } =
    [
        "ahci", "amd_atl", "amd_ctl", "amd-pmc", "amd64_edac", "atkbd", "autofs4", "binfmt_misc", "btrfs", "cdrom", "cfg80211", "configfs",
        "crc-ccitt", "dm-crypt", "dm-integrity", "dm-mod", "dm-multipath", "dm-raid", "dm-verity", "dmi-sysfs", "edac_mce_amd", "efi-pstore",
        "efivarfs", "erofs", "evdev", "ext4", "firmware_attributes_class", "hid-generic", "i2c-algo-bit", "i2c_hid_acpi", "i2c-mux",
        "i2c-smbus", "i8042", "intel_pmc_ssram_telemetry", "intel_rapl_common", "intel-uncore-frequency-common", "intel-vsec", "kvm",
        "libphy", "loop", "mdio_devres", "mei", "nvme", "nvmet-tcp", "overlay", "parport", "platform_profile", "pmt_telemetry", "qemu_fw_cfg",
        "raid[0-9]*", "rapl", "scsi_mod", "sd_mod", "sr_mod", "serio", "sg", "skx_edac_common", "squashfs", "thunderbolt_net", "tpm_tis",
        "tpm_vtpm_proxy", "typec_ucsi", "ucsi_acpi", "usbhid", "usb-storage", "vfat", "video", "virtio_balloon", "virtio_blk",
        "virtio_console", "virtio_dma_buf", "virtio_mmio", "virtio_net", "virtio_pci", "virtio_scsi", "virtio-rng", "virtiofs", "vmd",
        "vmw_vsock_virtio_transport", "vsock", "watchdog", "wmi", "wmi-bmof", "x_tables", "xfs", "xhci-pci-renesas", "/fs/nls/", "crypto/",
        "-/drivers/crypto/", "ccp_crypto", "zram", "nfnetlink",
    ];

    /// <summary>
    /// The modules of usr/lib/modules/<paramref name="kernelVersion"/> that the patterns include, all they depend on (hard and soft), the firmware
    /// they name, and new indexes for just these modules. Module files stay compressed as they are.
    /// </summary>
    /// <param name="root">A root tree with a kernel in it.</param>
    /// <param name="kernelVersion">Name of the folder in usr/lib/modules.</param>
    /// <param name="patterns">Globs of KernelInitrdModules=, the last one that matches decides, "-" excludes, "default" is <see cref="DefaultPatterns"/>; none means all modules.</param>
    /// <param name="workers">Threads that read modules; says nothing about the result.</param>
    /// <param name="cancellation">Ends the work early.</param>
    /// <exception cref="RoosException">There is no such kernel, a pattern is of a kind Roos does not have, or a module is damaged.</exception>
    public static KernelModuleSelection Select(
        FileTree root, string kernelVersion, IReadOnlyList<string> patterns, int workers = 1, CancellationToken cancellation = default)
    {
        var folder = ModuleFolder.Open(root, kernelVersion);
        var chosen = new ModulePatterns(patterns);
        var wanted = folder.Files.Where(item => patterns.Count == 0 || chosen.Match(item.Value.Path)).Select(item => item.Key).ToList();
        foreach (var line in folder.Lines("modules.builtin")) _ = chosen.Match(line);

        var firmware = new FirmwareFiles(root);
        var closure = new DependencyClosure(folder, firmware);
        var modules = closure.Load(wanted, workers, cancellation);

        var tree = new FileTreeBuilder();
        var target = ModuleFolder.Path(kernelVersion);
        foreach (var module in modules) Put(TreePath.Join(target, ModuleName.ByteString(module.Path)), folder.Files[module.Name].File);
        foreach (var (path, node) in firmware.Nodes) Put(ModuleName.ByteString(path), node);
        var indexMetadata = new FileMetadata(0x1a4) { ModificationTime = folder.Directory.Metadata.ModificationTime };
        foreach (var (name, content) in new ModuleIndex(modules, folder).Files())
        {
            Put(TreePath.Join(target, name), new RegularFile(indexMetadata, ByteSource.FromMemory(content)));
        }

        return new KernelModuleSelection(
            tree.Build(),
            [.. modules.Select(module => module.Path).Order(StringComparer.Ordinal)],
            chosen.Unused,
            closure.Missing,
            [.. firmware.Missing]);

        // Folders are as in the root tree.
        void Put(ByteString path, FileNode node)
        {
            var parent = ByteString.Empty;
            var names = TreePath.Split(path);
            foreach (var name in names.Take(names.Count - 1))
            {
                parent = TreePath.Join(parent, name);
                if (!tree.IsDirectory(parent) && root.Resolve(parent)?.Node is DirectoryNode directory) tree.SetDirectory(parent, directory.Metadata);
            }

            tree.Set(path, node);
        }
    }

    /// <summary>
    /// The tree with new indexes in usr/lib/modules/<paramref name="kernelVersion"/> for the module files that are there, like depmod -a.
    /// </summary>
    /// <param name="root">A root tree with a kernel in it.</param>
    /// <param name="kernelVersion">Name of the folder in usr/lib/modules.</param>
    /// <param name="workers">Threads that read modules; says nothing about the result.</param>
    /// <param name="cancellation">Ends the work early.</param>
    /// <exception cref="RoosException">There is no such kernel, or a module is damaged.</exception>
    public static FileTree WithIndexes(FileTree root, string kernelVersion, int workers = 1, CancellationToken cancellation = default)
    {
        var folder = ModuleFolder.Open(root, kernelVersion);
        var modules = Read(folder, [.. folder.Files.Keys], workers, cancellation);
        var tree = root.ToBuilder();
        var metadata = new FileMetadata(0x1a4) { ModificationTime = folder.Directory.Metadata.ModificationTime };
        foreach (var (name, content) in new ModuleIndex(modules, folder).Files())
        {
            // These are the kernel package's own; the rest is made of them.
            if (name is "modules.order" or "modules.builtin" or "modules.builtin.modinfo") continue;
            tree.Set(TreePath.Join(ModuleFolder.Path(kernelVersion), name), new RegularFile(metadata, ByteSource.FromMemory(content)));
        }

        return tree.Build();
    }

    /// <summary>Reads modules in parallel; the result, and which error is thrown, is the same for any number of workers.</summary>
    internal static KernelModule[] Read(ModuleFolder folder, IReadOnlyList<string> names, int workers, CancellationToken cancellation)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(workers, 1);
        var modules = new KernelModule[names.Count];
        var errors = new RoosException?[names.Count];
        Parallel.For(0, names.Count, new ParallelOptions { MaxDegreeOfParallelism = workers, CancellationToken = cancellation }, i =>
        {
            try
            {
                var (path, file) = folder.Files[names[i]];
                modules[i] = KernelModule.Read(path, file.Content);
            }
            catch (RoosException e)
            {
                errors[i] = e;
            }
        });

        if (errors.FirstOrDefault(error => error is not null) is { } first) ExceptionDispatchInfo.Throw(first);
        return modules;
    }
}
