using System.Globalization;
using Roos.Builder.Boot;
using Roos.Builder.Configuration;
using Roos.Builder.Packages;
using Roos.Builder.Publishing;
using Roos.Builder.Repart;
using Roos.Builder.Terminal;
using Roos.Builder.Workspaces;
using Roos.Core.Bytes;
using Roos.Core.Identity;
using Roos.Core.Tree;
using Roos.Initrd.Compression;

namespace Roos.Builder.Pipeline;

/// <summary>From configuration to outputs: read <see cref="Run"/> from top to bottom.</summary>
internal sealed class BuildPipeline(ApplianceConfiguration appliance, BuildOptions options, BuildProgress progress)
{
    private readonly ImageConfiguration _image = appliance.Main;
    private readonly BuildIdentity _identity = new(BuildClock.Of(appliance.Main, progress), appliance.Main.Seed.Value);

    public async Task<IReadOnlyCollection<Output>> Run(CancellationToken cancellation)
    {
        using var workspace = Workspace.Create(options.OutputDirectory);
        using var packages = new PackageTrees(options, workspace, progress);
        var outputs = new OutputSet(workspace, options.OutputDirectory);
        var system = new SystemTree(appliance, packages, progress);

        // 1. Packages: the only step that starts processes or uses the network.
        var installed = await packages.Get(_image, _identity.SourceDateEpoch, options.Rootfs, "--rootfs", cancellation);
        var initrds = new List<(FileTree Tree, int Level)>();
        foreach (var initrd in InitrdImages())
        {
            var tree = await packages.Get(initrd, _identity.SourceDateEpoch, options.InitrdRootfs, "--initrd-rootfs", cancellation);
            var level = initrd.CompressLevel.Origin.IsDefault ? ZstdSegment.DefaultLevel : initrd.CompressLevel.Value;
            initrds.Add((system.MakeInitrd(tree, initrd, _identity.SourceDateEpoch, cancellation), level));
        }

        // 2. The tree of the system.
        FileTree root;
        using (var step = progress.Begin("System tree"))
        {
            root = system.MakeRoot(installed, _image, _identity.SourceDateEpoch, cancellation);
            step.Result = string.Create(CultureInfo.InvariantCulture, $"{root.Walk().Count():N0} files");
        }

        var kernel = Kernel.Find(root);
        if (kernel.OtherVersions.Count > 0) progress.Note($"kernel {kernel.Version} is the one that starts; also in the image: {string.Join(", ", kernel.OtherVersions)}");
        var specifiers = RepartSpecifiers.FromOsRelease(OsReleaseValues.Read(root), _image.Architecture.Value, kernel.Version);
        var definitions = RepartReader.Load([.. _image.RepartDirectories.Select(directory => directory.Value)], specifiers);
        foreach (var note in definitions.SelectMany(definition => definition.Notes)) progress.Note(note);
        using var cache = new CompressionCacheFolder(options.CacheDirectory, CompressionCacheFolder.DefaultMaximumLength, progress.Warn);
        var partitions = new PartitionImages(definitions, _identity, options.Workers, options.ErofsLayout, workspace, cache, progress);

        // 3. File systems that a root hash protects, each with its hash tree, in one pass.
        partitions.MakeVerityProtected(root, cancellation);

        // 4. The unified kernel image, whose command line names the root hash.
        using var boot = new BootFiles(_image, _identity, kernel, options.Workers, workspace, progress);
        var ukiName = BootFiles.UkiName(_image);
        var uki = outputs.Add(ukiName, boot.MakeUki(root, initrds, partitions.RootHashArgument, cancellation), [], cancellation);

        // 5. The ESP and whatever else the definitions ask for.
        partitions.MakeOthers(EspTree.AddTo(root, ukiName, uki, _image.Architecture.Value, _identity.Clock), cancellation);

        // 6. The disk, its partitions on their own, and what describes them.
        using (var step = progress.Begin("Disk"))
        {
            var plan = DiskPlanner.Plan(definitions, _identity.Seed, partitions.ContentOf, partitions.RootHashes, specifiers);
            var name = _image.Output.Value;
            outputs.Add($"{name}.{_image.OutputExtension}", plan.Disk, [], cancellation);
            if (Splits("partitions"))
            {
                foreach (var partition in plan.Partitions.Where(partition => partition.SplitName is not null))
                {
                    // Without the zeros up to the end of its slot: a download has the size of what is in it.
                    outputs.Add($"{name}.{partition.SplitName}.raw", partition.Placement.Partition.Content ?? partition.Slot, [], cancellation);
                }
            }

            if (Splits("roothash") && partitions.RootHash is { } rootHash) outputs.Add(name + ".roothash", rootHash + "\n", cancellation);
            if (Splits("kernel")) outputs.Add(name + ".vmlinuz", new SourceImage(kernel.Image), [], cancellation);
            if (Splits("initrd")) outputs.Add(name + ".initrd", new SourceImage(boot.Initrd), [], cancellation);
            if (_image.ManifestFormat.Count > 0) outputs.Add(name + ".manifest", ManifestFile.Write(_image, DpkgStatus.Read(installed)), cancellation);
            outputs.Commit();
            step.Result = $"{plan.Partitions.Count} partitions";
        }

        return outputs.Outputs;
    }

    private bool Splits(string artifact) => _image.SplitArtifacts.Any(item => item.Value == artifact);

    private IEnumerable<ImageConfiguration> InitrdImages() => _image.Initrds.Select(reference => reference.Image is { } name
        ? appliance.Image(name)
        : throw reference.Origin.Error($"Initrds= with a ready file ({reference.File}) is not supported yet; name an image of mkosi.images/, as %O/NAME"));
}
