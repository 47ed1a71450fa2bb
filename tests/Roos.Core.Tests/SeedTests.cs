using Roos.Core.Identity;

namespace Roos.Core.Tests;

/// <summary>The vector was taken from systemd-repart 257.13 with --seed=11111111-2222-4333-8444-555555555555.</summary>
public sealed class SeedTests
{
    private static readonly Uuid Esp = Uuid.Parse("c12a7328-f81f-11d2-ba4b-00a0c93ec93b");
    private static readonly Uuid Root = Uuid.Parse("4f68bce3-e8cd-4db1-96e7-fbcaf984b709");
    private static readonly Uuid RootVeritySig = Uuid.Parse("41092b05-9fc8-4523-994f-2def0408b176");
    private readonly Seed _seed = new(Uuid.Parse("11111111-2222-4333-8444-555555555555"));

    [Fact]
    public void Disk_and_partition_uuids_are_those_of_systemd_repart()
    {
        Assert.Equal("ea7f4643-964f-4528-9db5-281a46917034", _seed.DiskUuid.ToString());
        Assert.Equal("32807eda-354e-42c1-8e26-ef721f8a2243", _seed.PartitionUuid(Esp, 0).ToString());
        Assert.Equal("cede29b8-b713-49ee-950f-d22d48b63c48", _seed.PartitionUuid(Root, 0).ToString());
        Assert.Equal("93be332d-ee3c-4d05-89b2-9dcb5684863a", _seed.PartitionUuid(RootVeritySig, 0).ToString());
    }

    [Fact]
    public void File_system_uuids_are_keyed_with_the_partition_uuid()
    {
        Assert.Equal("eafb49ec-c283-45c8-8f5b-f8815f77585f", Seed.FileSystemUuid(_seed.PartitionUuid(Root, 0)).ToString());
        Assert.StartsWith("b60b6dea", Seed.FileSystemUuid(_seed.PartitionUuid(Esp, 0)).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Verity_uuid_and_salt_are_those_of_systemd_repart()
    {
        Assert.Equal("dd9bec71-be85-43db-9c50-960aa9783080", _seed.VerityUuid.ToString());
        Assert.Equal("06ee1724a76edc5ca057a830c8c63c0e5c3bae97fcb535b9651f20481ea30b37", Convert.ToHexStringLower(_seed.VeritySalt));
    }

    [Fact]
    public void The_uuid_of_var_is_the_one_the_discoverable_partitions_rules_ask_for()
    {
        var machineId = new Seed(Uuid.Parse("cc1fed1f50ba43cda39577333c5d0504"));
        Assert.Equal("6028e3a1-54ef-41be-90b1-c54f2e22254c", machineId.PartitionUuid(Uuid.Parse("4d21b016-b534-45c2-a9fb-5c16e091fd2d"), 0).ToString());
    }

    [Fact]
    public void Further_partitions_of_a_type_get_other_uuids() =>
        Assert.NotEqual(_seed.PartitionUuid(Root, 1), _seed.PartitionUuid(Root, 0));
}
