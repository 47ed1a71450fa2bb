using System.Globalization;
using System.Text;
using Roos.Builder.Boot;
using Roos.Builder.Configuration;
using Roos.Builder.Packages;
using Roos.Builder.Publishing;
using Roos.Builder.Repart;
using Roos.Builder.Signing;
using Roos.Builder.Terminal;
using Roos.Builder.Updates;
using Roos.Builder.Workspaces;
using Roos.Core.Bytes;
using Roos.Core.Identity;
using Roos.Core.Tree;
using Roos.Initrd.Compression;

namespace Roos.Builder.Pipeline;

/// <summary>From configuration to an image that lacks nothing but signatures, and on to outputs: read <see cref="Prepare"/> from top to bottom.</summary>
internal sealed class BuildPipeline(ApplianceConfiguration appliance, ImageConfiguration image, SigningPlan signing, BuildOptions options, BuildProgress progress)
{
    private readonly UpdateTransfers _transfers = UpdateTransfers.Read(appliance, image, signing.OpenPgp is not null, signing.Verity is not null);
    private readonly ImageConfiguration _image = image;
    private readonly PackageSource _source = new(options, progress);
    private readonly BuildIdentity _identity = new(BuildClock.Of(image, progress), image.Seed.Value);

    /// <summary>Builds images with keys that are at hand. Their outputs appear together.</summary>
    public static async Task<IReadOnlyCollection<Output>> Run(
        IReadOnlyList<(BuildPipeline Pipeline, ISignatureSource Signatures)> images, BuildOptions options, BuildProgress progress, CancellationToken cancellation)
    {
        using var preparation = new Preparation();
        foreach (var (pipeline, _) in images) await pipeline.CheckPackages(cancellation);
        var prepared = new List<(PreparedImage, ISignatureSource)>();
        foreach (var (pipeline, signatures) in images)
        {
            // Each has its own: their files have the same names.
            var own = preparation.Keep(Workspace.Create(options.OutputDirectory));
            prepared.Add((await pipeline.Prepare(own, preparation, cancellation), signatures));
        }

        using var workspace = Workspace.Create(options.OutputDirectory);
        return ImageAssembly.Complete(prepared, workspace, options.OutputDirectory, progress, cancellation);
    }

    /// <summary>Builds what needs no key into a folder, from which <see cref="PreparedFolder"/> goes on.</summary>
    public async Task PrepareSigning(string folder, CancellationToken cancellation)
    {
        using var workspace = Workspace.Create(Path.GetDirectoryName(Path.GetFullPath(folder))!);
        using var preparation = new Preparation();
        await CheckPackages(cancellation);
        var prepared = await Prepare(workspace, preparation, cancellation);
        using var step = progress.Begin("Prepared image");
        PreparedFolder.Save(prepared, folder, workspace, cancellation);
    }

    private Task CheckPackages(CancellationToken cancellation)
    {
        var wanted = new List<ImageConfiguration>();
        if (options.Rootfs is null) wanted.Add(_image);
        if (options.InitrdRootfs is null) wanted.AddRange(InitrdImages());
        return _source.RequireAvailable(wanted, _identity.SourceDateEpoch, cancellation);
    }

    private async Task<PreparedImage> Prepare(Workspace workspace, Preparation preparation, CancellationToken cancellation)
    {
        var packages = preparation.Keep(new PackageTrees(_source, workspace));
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
            root = TrustedKeys.AddTo(system.MakeRoot(installed, _image, _identity.SourceDateEpoch, cancellation), signing, _image.ImageId.Value ?? _image.Output.Value, _identity.Clock);
            root = _transfers.AddTo(root, _identity.Clock);
            step.Result = string.Create(CultureInfo.InvariantCulture, $"{root.Walk().Count():N0} files");
        }

        var kernel = Kernel.Find(root);
        if (kernel.OtherVersions.Count > 0) progress.Note($"kernel {kernel.Version} is the one that starts; also in the image: {string.Join(", ", kernel.OtherVersions)}");
        var specifiers = RepartSpecifiers.FromOsRelease(OsReleaseValues.Read(root), _image.Architecture.Value, kernel.Version);
        var definitions = ReadDefinitions(specifiers);
        var cache = preparation.Keep(new CompressionCacheFolder(options.CacheDirectory, CompressionCacheFolder.DefaultMaximumLength, progress.Warn));
        var partitions = new PartitionImages(definitions, _identity, options.Workers, options.ErofsLayout, workspace, cache, progress);

        // 3. File systems that a root hash protects, each with its hash tree, in one pass.
        partitions.MakeVerityProtected(root, cancellation);

        // 4. The parts of the unified kernel image, whose command line names the root hash.
        var boot = preparation.Keep(new BootFiles(_image, _identity, kernel, options.Workers, workspace, progress));
        var uki = boot.MakeParts(root, initrds, partitions.RootHashArgument, cancellation);

        // 5. The ESP and whatever else the definitions ask for.
        var places = new BootPlaces(ByteSource.FromMemory(new byte[1]), EfiStub.FindBootLoader(root, _image.Architecture.Value).Content);
        partitions.MakeOthers(EspTree.AddTo(root, uki.FileName, places.Uki!, _image.Architecture.Value, _identity.Clock), places, cancellation);

        // 6. The places of all partitions, and what describes the image.
        var plan = DiskPlanner.Plan(definitions, _identity.Seed, definition => partitions.ContentOf(definition) is { } content ? new PlannedLength(content.Length) : null, partitions.RootHashes, specifiers);
        var artifacts = _transfers.IsEmpty ? null : _transfers.NameArtifacts(_image.ImageVersion.Value!, [.. plan.Partitions.Select(partition => partition.Placement.Partition)], uki.FileName, specifiers);
        if (artifacts is not null && !UpdateTransfers.HasSecondSlot(root)) progress.Warn("there is a place to get updates from, and machines will have one slot only, so that none can be installed: add Profiles=ab (or --profile=ab)");
        return new PreparedImage
        {
            Name = _image.Output.Value,
            DiskExtension = _image.OutputExtension,
            Clock = _identity.Clock,
            Signing = signing,
            Uki = uki,
            BootLoader = places.BootLoader!,
            Disk = new PreparedDisk(_identity.Seed.DiskUuid, plan.Disk.Length, [.. plan.Partitions.Select(partition => new PreparedPartition(
                partition.Placement.Partition with { Content = null }, ArtifactName(partition, artifacts), partitions.ContentOf(partition.Definition)))]),
            Outputs = [.. Descriptions(partitions, kernel, boot, installed)],
        };
    }

    /// <summary>As the transfer files want it, or else as systemd-repart names split partitions.</summary>
    private string? ArtifactName(PlannedPartition partition, IReadOnlyDictionary<Uuid, string>? artifacts)
    {
        if (artifacts?.GetValueOrDefault(partition.Placement.Partition.Uuid) is { } name) return name;
        return Splits("partitions") && partition.SplitName is { } middle ? $"{_image.Output.Value}.{middle}.raw" : null;
    }

    /// <summary>The definitions of the image's partitions; those of root hash signatures only where there will be signatures.</summary>
    private IReadOnlyList<RepartDefinition> ReadDefinitions(RepartSpecifiers specifiers)
    {
        var definitions = RepartReader.Load([.. _image.RepartDirectories.Select(directory => directory.Value)], specifiers);
        foreach (var note in definitions.SelectMany(definition => definition.Notes)) progress.Note(note);
        if (signing.Verity is not null)
        {
            if (definitions.Any(definition => definition.Verity == VerityRole.Signature)) return definitions;
            if (_image.Verity.Value == "signed") throw _image.Verity.Origin.Error("Verity=signed needs a partition definition with Verity=signature (Type=root-verity-sig, VerityMatchKey= as its data partition); there is none");
            return definitions;
        }

        // An empty signature partition would look like a signed image and be none.
        var unsigned = definitions.Where(definition => definition.Verity != VerityRole.Signature).ToList();
        if (unsigned.Count < definitions.Count) progress.Note("the root hash is not signed, so there is no partition for its signature: roos genkey makes a key");
        return unsigned;
    }

    private IEnumerable<(string Name, ByteSource Content)> Descriptions(PartitionImages partitions, Kernel kernel, BootFiles boot, FileTree installed)
    {
        var name = _image.Output.Value;
        if (Splits("roothash") && partitions.RootHash is { } rootHash) yield return (name + ".roothash", Text(rootHash + "\n"));
        if (Splits("kernel")) yield return (name + ".vmlinuz", kernel.Image);
        if (Splits("initrd")) yield return (name + ".initrd", boot.Initrd);
        if (_image.ManifestFormat.Count > 0) yield return (name + ".manifest", Text(ManifestFile.Write(_image, DpkgStatus.Read(installed))));

        static ByteSource Text(string text) => ByteSource.FromMemory(Encoding.UTF8.GetBytes(text));
    }

    private bool Splits(string artifact) => _image.SplitArtifacts.Any(item => item.Value == artifact);

    private IEnumerable<ImageConfiguration> InitrdImages() => _image.Initrds.Select(reference => reference.Image is { } name
        ? appliance.Image(name)
        : throw reference.Origin.Error($"Initrds= with a ready file ({reference.File}) is not supported yet; name an image of mkosi.images/, as %O/NAME"));

    /// <summary>What a prepared image reads from, until it is assembled.</summary>
    private sealed class Preparation : IDisposable
    {
        private readonly List<IDisposable> _kept = [];

        public T Keep<T>(T item)
            where T : IDisposable
        {
            _kept.Add(item);
            return item;
        }

        public void Dispose()
        {
            for (var i = _kept.Count - 1; i >= 0; i--) _kept[i].Dispose();
        }
    }

    /// <summary>Content of which nothing but the length is known yet.</summary>
    private sealed class PlannedLength(long length) : IImage
    {
        public long Length => length;

        public void WriteTo(ImageSink sink, CancellationToken cancellation = default) => throw new InvalidOperationException("only the length is known");
    }
}
