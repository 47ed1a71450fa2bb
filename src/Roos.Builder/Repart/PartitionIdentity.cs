using Roos.Core.Identity;

namespace Roos.Builder.Repart;

/// <summary>What a partition is called before its content exists, as systemd-repart derives it from the seed.</summary>
/// <param name="Definition">The partition.</param>
/// <param name="Label">Its Label=, or the type's identifier, with a number where an earlier partition has it already.</param>
/// <param name="Uuid">Its UUID=, or the one from the seed. For verity data and hash partitions without UUID= it is only the key of <paramref name="FileSystemUuid"/>: theirs comes from the root hash.</param>
/// <param name="FileSystemUuid">For the file system in it.</param>
public sealed record PartitionIdentity(RepartDefinition Definition, string Label, Uuid Uuid, Uuid FileSystemUuid)
{
    /// <summary>Names all partitions of a disk, in the order of their definitions.</summary>
    public static IReadOnlyList<PartitionIdentity> Assign(IReadOnlyList<RepartDefinition> definitions, Seed seed)
    {
        var result = new List<PartitionIdentity>();
        foreach (var definition in definitions)
        {
            var uuid = definition.Uuid ?? seed.PartitionUuid(definition.Type.Uuid, result.Count(earlier => earlier.Definition.Type.Uuid == definition.Type.Uuid));
            result.Add(new PartitionIdentity(definition, definition.Label ?? FreeLabel(definition, definitions, result), uuid, Seed.FileSystemUuid(uuid)));
        }

        return result;
    }

    private static string FreeLabel(RepartDefinition definition, IReadOnlyList<RepartDefinition> definitions, List<PartitionIdentity> earlier)
    {
        // systemd-repart's name for a type that it does not know.
        var prefix = definition.Type.Identifier == definition.Type.Uuid.ToString() ? "linux" : definition.Type.Identifier;
        var taken = earlier.Select(partition => partition.Label).ToHashSet(StringComparer.Ordinal);
        var label = prefix;
        for (var number = 2; taken.Contains(label) && number <= definitions.Count + 1; number++) label = $"{prefix}-{number}";
        return label;
    }
}
