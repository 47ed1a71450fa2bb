using System.Globalization;
using Roos.Builder.Repart;
using Roos.Builder.Terminal;
using Roos.Builder.Workspaces;
using Roos.Core.Bytes;
using Roos.Core.Identity;
using Roos.Core.Tree;
using Roos.Erofs;
using Roos.Fat;
using Roos.Verity;

namespace Roos.Builder.Pipeline;

/// <summary>What goes into the partitions: a file system for each definition with files, a hash tree for each that asks for one.</summary>
internal sealed class PartitionImages(IReadOnlyList<RepartDefinition> definitions, BuildIdentity identity, int workers, Func<ErofsOptions, ErofsOptions>? layout, Workspace workspace, CompressionCache cache, BuildProgress progress)
{
    private readonly IReadOnlyList<PartitionIdentity> _identities = PartitionIdentity.Assign(definitions, identity.Seed);
    private readonly Dictionary<RepartDefinition, PreparedContent> _content = [];
    private readonly Dictionary<string, byte[]> _rootHashes = new(StringComparer.Ordinal);

    /// <summary>Root hash by VerityMatchKey=.</summary>
    public IReadOnlyDictionary<string, byte[]> RootHashes => _rootHashes;

    /// <summary>The root hash of the root (or /usr) partition, lower-case hex, or null where none is protected.</summary>
    public string? RootHash => Protected is { } definition ? Convert.ToHexStringLower(_rootHashes[definition.VerityMatchKey!]) : null;

    /// <summary>The kernel argument that names the root hash: roothash= or usrhash=.</summary>
    public string? RootHashArgument => Protected is { } definition ? (definition.Type.Identifier.StartsWith("usr", StringComparison.Ordinal) ? "usrhash=" : "roothash=") + RootHash : null;

    private RepartDefinition? Protected => definitions.FirstOrDefault(definition => definition.Verity == VerityRole.Data && _rootHashes.ContainsKey(definition.VerityMatchKey!));

    /// <summary>The content of a partition, or null for an empty one.</summary>
    public PreparedContent? ContentOf(RepartDefinition definition) => _content.GetValueOrDefault(definition);

    /// <summary>Makes every Verity=data partition, and its Verity=hash partition from the same pass over the bytes.</summary>
    public void MakeVerityProtected(FileTree tree, CancellationToken cancellation)
    {
        foreach (var data in definitions.Where(definition => definition.Verity == VerityRole.Data))
        {
            var hashing = new VeritySink(new VerityOptions { Salt = identity.Seed.VeritySalt, Uuid = identity.Seed.VerityUuid, Workers = workers });
            _content[data] = MakeFileSystem(data, tree, BootPlaces.None, [hashing], cancellation);
            var verity = hashing.Complete();
            _rootHashes[data.VerityMatchKey!] = verity.RootHash;
            foreach (var hash in definitions.Where(definition => definition.Verity == VerityRole.Hash && definition.VerityMatchKey == data.VerityMatchKey))
            {
                _content[hash] = new FixedContent(workspace.Materialize(hash.Name + ".verity", verity.HashDevice, [], cancellation));
            }

            foreach (var signature in definitions.Where(definition => definition.Verity == VerityRole.Signature && definition.VerityMatchKey == data.VerityMatchKey))
            {
                _content[signature] = new RootHashSignatureContent(data.VerityMatchKey!, verity.RootHash);
            }
        }
    }

    /// <summary>Makes every other partition that has a file system.</summary>
    /// <param name="tree">With /boot as the ESP shall have it.</param>
    /// <param name="places">What stands in it for programs that are not made yet.</param>
    /// <param name="cancellation">Ends it.</param>
    public void MakeOthers(FileTree tree, BootPlaces places, CancellationToken cancellation)
    {
        foreach (var definition in definitions.Where(definition => definition.Verity == VerityRole.Off && definition.Format is not null))
        {
            _content[definition] = MakeFileSystem(definition, tree, places, [], cancellation);
        }
    }

    private PreparedContent MakeFileSystem(RepartDefinition definition, FileTree image, BootPlaces places, IReadOnlyList<ImageSink> also, CancellationToken cancellation)
    {
        var uuid = _identities.Single(one => ReferenceEquals(one.Definition, definition)).FileSystemUuid;
        var tree = PartitionTree.Select(definition, definitions, image);
        switch (definition.Format)
        {
            case "erofs":
                if (tree.Walk().Any(item => places.KindOf(item.Node) is FatEntryKind.Uki or FatEntryKind.BootLoader)) throw definition.Location.Error("what is in /boot for the firmware goes into a partition with Format=vfat");
                return new FixedContent(MakeErofs(definition, uuid, tree, also, cancellation));
            case "vfat":
                var volumeId = uint.Parse(uuid.ToHex()[..8], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
                var options = new FatOptions { Size = PartitionSizes.SlotLength(definition, definitions), VolumeId = volumeId, MaximumTime = identity.Clock };
                _ = FatImage.Plan(tree, options); // what FAT cannot hold is said now
                return new FatContent(options.Size, volumeId, identity.Clock, [.. tree.Walk().Where(item => !item.Path.IsEmpty).Select(item => places.ToEntry(item.Path, item.Node))]);
            default:
                throw definition.Location.Error($"Format={definition.Format ?? "(none)"} cannot be made for this partition: use erofs, or vfat for an ESP");
        }
    }

    private ByteSource MakeErofs(RepartDefinition definition, Uuid uuid, FileTree tree, IReadOnlyList<ImageSink> also, CancellationToken cancellation)
    {
        var bytes = tree.Walk().Select(item => item.Node).OfType<RegularFile>().Distinct().Sum(file => file.Content.Length);
        using var step = progress.Begin($"EroFS {definition.Type.Identifier}", bytes);
        var compression = definition.Compression is null or "none" ? ErofsCompression.None : ErofsCompression.Zstd;
        var options = new ErofsOptions
        {
            Uuid = uuid,
            BuildTime = identity.Clock,
            Compression = compression,
            // A seventh to a fourth smaller; docs/performance.md says what it costs to read.
            Fragments = compression == ErofsCompression.None ? ErofsFragments.None : ErofsFragments.Tails,
            Level = definition.CompressionLevel,
            Workers = workers,
            Cache = cache,
        };
        if (layout is not null && compression != ErofsCompression.None) options = layout(options);
        using var plan = ErofsImage.Plan(tree, options, workspace.CreateSpool, step, cancellation);
        var source = workspace.Materialize(definition.Name + ".erofs", plan, also, cancellation);

        // Said now and not after the initrd and the UKI have been made.
        _ = PartitionSizes.Bounds(definition, definitions, plan.Length);
        step.Result = string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:0} MB of files in {plan.Length / 1e6:0} MB");
        return source;
    }
}
