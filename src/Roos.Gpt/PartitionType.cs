using Roos.Core;
using Roos.Core.Identity;

namespace Roos.Gpt;

/// <summary>What a partition is for, whatever the architecture.</summary>
public enum PartitionDesignator
{
    /// <summary>None that automatic discovery knows.</summary>
    Other,
    Root,
    RootVerity,
    RootVeritySignature,
    Usr,
    UsrVerity,
    UsrVeritySignature,
    Home,
    Srv,
    Esp,
    ExtendedBootLoader,
    Swap,
    Var,
    Tmp,
}

/// <summary>
/// A partition type: its UUID and the identifier that Type= in repart.d takes. Source: UAPI Discoverable Partitions Specification.
/// </summary>
/// <param name="Uuid">As the partition entry holds it.</param>
/// <param name="Identifier">Such as <c>root-x86-64</c>; for an unknown type the UUID.</param>
/// <param name="Designator">What it is for.</param>
/// <param name="Architecture">As in the identifier (<c>x86-64</c>, <c>arm64</c>); null where the type is for every machine.</param>
public sealed record PartitionType(Uuid Uuid, string Identifier, PartitionDesignator Designator, string? Architecture)
{
    private static readonly PartitionType[] Table =
    [
        .. Sextet("x86-64",
            "4f68bce3-e8cd-4db1-96e7-fbcaf984b709", "2c7357ed-ebd2-46d9-aec1-23d437ec2bf5", "41092b05-9fc8-4523-994f-2def0408b176",
            "8484680c-9521-48c6-9c11-b0720656f69e", "77ff5f63-e7b6-4633-acf4-1565b864c0e6", "e7bb33fb-06cf-4e81-8273-e543b413e2e2"),
        .. Sextet("arm64",
            "b921b045-1df0-41c3-af44-4c6f280d3fae", "df3300ce-d69f-4c92-978c-9bfb0f38d820", "6db69de6-29f4-4758-a7a5-962190f00ce3",
            "b0e01050-ee5f-4390-949a-9101b17104e9", "6e11a4e7-fbca-4ded-b9e9-e1a512bb664e", "c23ce4ff-44bd-4b00-b2d4-b41b3419e02a"),
        .. Sextet("arm",
            "69dad710-2ce4-4e3c-b16c-21a1d49abed3", "7386cdf2-203c-47a9-a498-f2ecce45a2d6", "42b0455f-eb11-491d-98d3-56145ba9d037",
            "7d0359a3-02b3-4f0a-865c-654403e70625", "c215d751-7bcd-4649-be90-6627490a4c05", "d7ff812f-37d1-4902-a810-d76ba57b975a"),
        .. Sextet("x86",
            "44479540-f297-41b2-9af7-d131d5f0458a", "d13c5d3b-b5d1-422a-b29f-9454fdc89d76", "5996fc05-109c-48de-808b-23fa0830b676",
            "75250d76-8cc6-458e-bd66-bd47cc81a812", "8f461b0d-14ee-4e81-9aa9-049b6fb97abd", "974a71c0-de41-43c3-be5d-5c5ccd1ad2c0"),
        .. Sextet("loongarch64",
            "77055800-792c-4f94-b39a-98c91b762bb6", "f3393b22-e9af-4613-a948-9d3bfbd0c535", "5afb67eb-ecc8-4f85-ae8e-ac1e7c50e7d0",
            "e611c702-575c-4cbe-9a46-434fa0bf7e3f", "f46b2c26-59ae-48f0-9106-c50ed47f673d", "b024f315-d330-444c-8461-44bbde524e99"),
        .. Sextet("ppc64-le",
            "c31c45e6-3f39-412e-80fb-4809c4980599", "906bd944-4589-4aae-a4e4-dd983917446a", "d4a236e7-e873-4c07-bf1d-bf6cf7f1c3c6",
            "15bb03af-77e7-4d4a-b12b-c0d084f7491c", "ee2b9983-21e8-4153-86d9-b6901a54d1ce", "c8bfbd1e-268e-4521-8bba-bf314c399557"),
        .. Sextet("riscv64",
            "72ec70a6-cf74-40e6-bd49-4bda08e8f224", "b6ed5582-440b-4209-b8da-5ff7c419ea3d", "efe0f087-ea8d-4469-821a-4c2a96a8386a",
            "beaec34b-8442-439b-a40b-984381ed097d", "8f1056be-9b05-47c4-81d6-be53128e5b54", "d2f9000a-7a18-453f-b5cd-4d32f77a7b32"),
        .. Sextet("s390x",
            "5eead9a9-fe09-4a1e-a1d7-520d00531306", "b325bfbe-c7be-4ab8-8357-139e652d2f6b", "c80187a5-73a3-491a-901a-017c3fa953e9",
            "8a4f5770-50aa-4ed3-874a-99b710db6fea", "31741cc4-1a2a-4111-a581-e00b447d2d06", "3f324816-667b-46ae-86ee-9b0c0c6c11b4"),
        Common("c12a7328-f81f-11d2-ba4b-00a0c93ec93b", "esp", PartitionDesignator.Esp),
        Common("bc13c2ff-59e6-4262-a352-b275fd6f7172", "xbootldr", PartitionDesignator.ExtendedBootLoader),
        Common("0657fd6d-a4ab-43c4-84e5-0933c84b4f4f", "swap", PartitionDesignator.Swap),
        Common("933ac7e1-2eb4-4f13-b844-0e14e2aef915", "home", PartitionDesignator.Home),
        Common("3b8f8425-20e0-4f3b-907f-1a25a76f98e8", "srv", PartitionDesignator.Srv),
        Common("4d21b016-b534-45c2-a9fb-5c16e091fd2d", "var", PartitionDesignator.Var),
        Common("7ec6f557-3bc5-4aca-b293-16ef5df639d1", "tmp", PartitionDesignator.Tmp),
        Common("773f91ef-66d4-49b5-bd83-d683bf40ad16", "user-home", PartitionDesignator.Other),
        Common("0fc63daf-8483-4772-8e79-3d69d8477de4", "linux-generic", PartitionDesignator.Other),
    ];

    // Other spellings of architectures, as systemd accepts them in Type=.
    private static readonly (string Alias, string Architecture)[] Aliases =
    [
        ("aarch64", "arm64"), ("amd64", "x86-64"), ("armv7l", "arm"), ("i386", "x86"), ("i486", "x86"), ("i586", "x86"), ("i686", "x86"),
        ("loong64", "loongarch64"), ("ppc64el", "ppc64-le"), ("ppc64le", "ppc64-le"), ("x86_64", "x86-64"),
    ];

    private static readonly string[] NativeIdentifiers = ["root", "root-verity", "root-verity-sig", "usr", "usr-verity", "usr-verity-sig"];

    /// <summary>Every known type.</summary>
    public static IReadOnlyList<PartitionType> Known => Table;

    /// <summary>Root and /usr partitions and their verity data: the kinds that depend on the architecture.</summary>
    public bool IsVersioned => Designator is >= PartitionDesignator.Root and <= PartitionDesignator.UsrVeritySignature;

    public bool IsVerityHash => Designator is PartitionDesignator.RootVerity or PartitionDesignator.UsrVerity;

    public bool IsVeritySignature => Designator is PartitionDesignator.RootVeritySignature or PartitionDesignator.UsrVeritySignature;

    /// <summary>The type has a use for <see cref="PartitionAttributes.NoAuto"/>.</summary>
    public bool KnowsNoAuto => KnowsReadOnly || Designator is PartitionDesignator.Swap;

    /// <summary>The type has a use for <see cref="PartitionAttributes.ReadOnly"/>.</summary>
    public bool KnowsReadOnly => KnowsGrowFileSystem || IsVerityHash;

    /// <summary>The type has a use for <see cref="PartitionAttributes.GrowFileSystem"/>.</summary>
    public bool KnowsGrowFileSystem => Designator is PartitionDesignator.Root or PartitionDesignator.Usr or PartitionDesignator.Home or PartitionDesignator.Srv
        or PartitionDesignator.Var or PartitionDesignator.Tmp or PartitionDesignator.ExtendedBootLoader;

    /// <summary>The type with this UUID; one that is not in the table gets its UUID as identifier.</summary>
    public static PartitionType FromUuid(Uuid uuid) =>
        Table.FirstOrDefault(type => type.Uuid == uuid) ?? new PartitionType(uuid, uuid.ToString(), PartitionDesignator.Other, null);

    /// <summary>
    /// Resolves what Type= of repart.d takes: an identifier with architecture (<c>root-arm64</c>), without (<c>root</c>: that of
    /// <paramref name="architecture"/>), or a UUID.
    /// </summary>
    /// <param name="name">The identifier.</param>
    /// <param name="architecture">Of the image, in any of the accepted spellings.</param>
    /// <returns>Null where there is no such type.</returns>
    /// <exception cref="RoosException">The architecture has no partition types.</exception>
    public static PartitionType? Find(string name, string architecture)
    {
        var native = Canonical(architecture);
        if (!Table.Any(type => type.Architecture == native)) throw new RoosException($"there are no discoverable partition types for the architecture {architecture}; known are {string.Join(", ", Architectures())}");
        if (Uuid.TryParse(name, out var uuid)) return FromUuid(uuid);
        if (Table.FirstOrDefault(type => type.Identifier == Spelled(name)) is { } exact) return exact;
        return Table.FirstOrDefault(type => type.Architecture == native && type.Identifier == Insert(name, native));
    }

    /// <summary>Every identifier that <see cref="Find"/> takes, for suggestions.</summary>
    public static IEnumerable<string> Identifiers() => NativeIdentifiers.Concat(Table.Select(type => type.Identifier));

    public override string ToString() => Identifier;

    private static IEnumerable<string> Architectures() => Table.Select(type => type.Architecture).OfType<string>().Distinct();

    private static string Canonical(string architecture) => Aliases.FirstOrDefault(alias => alias.Alias == architecture).Architecture ?? architecture;

    /// <summary><c>root-amd64-verity</c> as <c>root-x86-64-verity</c>.</summary>
    private static string Spelled(string name)
    {
        foreach (var (alias, architecture) in Aliases)
        {
            foreach (var prefix in new[] { "root-", "usr-" })
            {
                if (!name.StartsWith(prefix + alias, StringComparison.Ordinal)) continue;
                var rest = name[(prefix.Length + alias.Length)..];
                if (rest is "" or "-verity" or "-verity-sig") return prefix + architecture + rest;
            }
        }

        return name;
    }

    /// <summary><c>root-verity</c> as <c>root-x86-64-verity</c>.</summary>
    private static string Insert(string name, string architecture)
    {
        var dash = name.IndexOf('-', StringComparison.Ordinal);
        return dash < 0 ? $"{name}-{architecture}" : $"{name[..dash]}-{architecture}{name[dash..]}";
    }

    private static PartitionType Common(string uuid, string identifier, PartitionDesignator designator) => new(Uuid.Parse(uuid), identifier, designator, null);

    private static IEnumerable<PartitionType> Sextet(string architecture, params string[] uuids)
    {
        string[] identifiers = ["root-{0}", "root-{0}-verity", "root-{0}-verity-sig", "usr-{0}", "usr-{0}-verity", "usr-{0}-verity-sig"];
        return uuids.Select((uuid, i) => new PartitionType(Uuid.Parse(uuid), identifiers[i].Replace("{0}", architecture, StringComparison.Ordinal), PartitionDesignator.Root + i, architecture));
    }
}
