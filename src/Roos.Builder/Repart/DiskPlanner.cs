using System.Globalization;
using Roos.Core;
using Roos.Core.Bytes;
using Roos.Core.Identity;
using Roos.Gpt;

namespace Roos.Builder.Repart;

/// <summary>A partition in its place on the disk.</summary>
/// <param name="Definition">What asked for it.</param>
/// <param name="Placement">Where it lies, with its final UUID, label and attributes.</param>
/// <param name="SplitName">The middle of its own artifact's name, <c>IMAGE.SPLITNAME.raw</c>; null for none.</param>
public sealed record PlannedPartition(RepartDefinition Definition, GptPlacement Placement, string? SplitName)
{
    /// <summary>The whole slot as a file of its own: the content, then zeros.</summary>
    public IImage Slot => new SlotImage(Placement.Partition);

    private sealed class SlotImage(GptPartition partition) : IImage
    {
        public long Length => partition.Size;

        public void WriteTo(ImageSink sink, CancellationToken cancellation = default)
        {
            var start = sink.Position;
            partition.Content?.WriteTo(sink, cancellation);
            sink.PadTo(start + partition.Size);
        }
    }
}

/// <summary>A disk made of definitions and content.</summary>
public sealed record DiskPlan(GptDisk Disk, IReadOnlyList<PlannedPartition> Partitions);

/// <summary>Makes a disk of partition definitions and the images that go into them, as systemd-repart 257 with <c>--empty=create --size=auto</c> does.</summary>
public static class DiskPlanner
{
    /// <param name="definitions">In their order.</param>
    /// <param name="seed">From it come the UUIDs.</param>
    /// <param name="content">The image for a definition, or null for an empty partition.</param>
    /// <param name="rootHashes">Root hash (32 bytes) by VerityMatchKey=.</param>
    /// <param name="specifiers">For SplitName=.</param>
    /// <exception cref="RoosException">Something does not fit its slot, or two partitions would have the same UUID or artifact name.</exception>
    public static DiskPlan Plan(
        IReadOnlyList<RepartDefinition> definitions,
        Seed seed,
        Func<RepartDefinition, IImage?> content,
        IReadOnlyDictionary<string, byte[]> rootHashes,
        RepartSpecifiers specifiers)
    {
        var identities = PartitionIdentity.Assign(definitions, seed);
        var images = definitions.Select(content).ToArray();
        var bounds = definitions.Select((definition, i) => PartitionSizes.Bounds(definition, definitions, images[i]?.Length ?? 0)).ToArray();
        var length = GptDisk.DiskLength(bounds.Sum(slot => slot.Minimum + slot.MinimumPadding));
        var (start, end) = GptDisk.UsableRange(length, 512);
        var sizes = PartitionSizes.Distribute(bounds, end - start);
        var partitions = identities.Select((identity, i) => new GptPartition
        {
            Type = identity.Definition.Type.Uuid,
            Uuid = FinalUuid(identity, rootHashes),
            Label = identity.Label,
            Attributes = Attributes(identity.Definition),
            Content = images[i],
            Size = sizes[i].Size,
            PaddingAfter = sizes[i].Padding,
        }).ToArray();
        CheckUnique(definitions, partitions);
        var disk = GptDisk.Plan(new GptDiskOptions { DiskUuid = seed.DiskUuid, Partitions = partitions, Length = length });
        var planned = disk.Placements.Select((placement, i) => new PlannedPartition(definitions[i], placement, SplitName(definitions[i], placement, specifiers))).ToArray();
        CheckSplitNames(planned);
        return new DiskPlan(disk, planned);
    }

    /// <summary>The attribute bits of a partition: Flags=, and the settings that its type has a use for.</summary>
    public static PartitionAttributes Attributes(RepartDefinition definition)
    {
        var result = definition.Flags;
        if (definition.Type.KnowsNoAuto) Put(PartitionAttributes.NoAuto, definition.NoAuto);
        if (definition.Type.KnowsReadOnly) Put(PartitionAttributes.ReadOnly, definition.ReadOnly);
        if (definition.Type.KnowsGrowFileSystem) Put(PartitionAttributes.GrowFileSystem, definition.GrowFileSystem);
        return result;

        void Put(PartitionAttributes bit, bool? value) => result = value switch
        {
            true => result | bit,
            false => result & ~bit,
            null => result,
        };
    }

    private static Uuid FinalUuid(PartitionIdentity identity, IReadOnlyDictionary<string, byte[]> rootHashes)
    {
        var definition = identity.Definition;
        if (definition.Uuid is not null || definition.Verity is not (VerityRole.Data or VerityRole.Hash)) return identity.Uuid;
        if (!rootHashes.TryGetValue(definition.VerityMatchKey!, out var rootHash)) throw new InvalidOperationException($"{definition.Name}: no root hash was given for VerityMatchKey={definition.VerityMatchKey}");
        return new Uuid(definition.Verity == VerityRole.Data ? rootHash.AsSpan(0, 16) : rootHash.AsSpan(rootHash.Length - 16));
    }

    private static string? SplitName(RepartDefinition definition, GptPlacement placement, RepartSpecifiers specifiers)
    {
        if (definition.SplitName is null) return null;
        var name = specifiers.Expand(definition.SplitName, definition.SplitNameLocation, specifier => specifier switch
        {
            't' => definition.Type.Identifier,
            'T' => definition.Type.Uuid.ToHex(),
            'U' => placement.Partition.Uuid.ToHex(),
            'n' => (placement.Number - 1).ToString(CultureInfo.InvariantCulture),
            _ => null,
        });
        if (name.Length == 0 || name.AsSpan().ContainsAny('/', '\\', '\0')) throw definition.SplitNameLocation.Error($"SplitName= is a part of a file name; found \"{name}\"");
        return name;
    }

    private static void CheckUnique(IReadOnlyList<RepartDefinition> definitions, GptPartition[] partitions)
    {
        for (var i = 0; i < partitions.Length; i++)
        {
            for (var j = 0; j < i; j++)
            {
                if (partitions[i].Uuid == partitions[j].Uuid && partitions[i].Uuid != Uuid.Zero) throw definitions[i].Location.Error($"this partition and that of {definitions[j].Name} would have the same UUID {partitions[i].Uuid}; give one of them a UUID=");
            }
        }
    }

    private static void CheckSplitNames(PlannedPartition[] partitions)
    {
        foreach (var same in partitions.Where(partition => partition.SplitName is not null).GroupBy(partition => partition.SplitName).Where(group => group.Count() > 1))
        {
            var names = same.Select(partition => partition.Definition.Name).ToArray();
            throw same.Last().Definition.SplitNameLocation.Error($"{string.Join(" and ", names)} have the same split name \"{same.Key}\"; give them different SplitName=, or SplitName=- for no artifact");
        }
    }
}
