using Roos.Core;
using Roos.Core.Identity;

namespace Roos.Gpt.Tests;

public sealed class PartitionTypeTests
{
    [Theory]
    [InlineData("root", "x86-64", "root-x86-64", "4f68bce3-e8cd-4db1-96e7-fbcaf984b709")]
    [InlineData("root-verity", "amd64", "root-x86-64-verity", "2c7357ed-ebd2-46d9-aec1-23d437ec2bf5")]
    [InlineData("root-verity-sig", "x86_64", "root-x86-64-verity-sig", "41092b05-9fc8-4523-994f-2def0408b176")]
    [InlineData("usr-verity", "arm64", "usr-arm64-verity", "6e11a4e7-fbca-4ded-b9e9-e1a512bb664e")]
    [InlineData("root-aarch64-verity-sig", "x86-64", "root-arm64-verity-sig", "6db69de6-29f4-4758-a7a5-962190f00ce3")]
    [InlineData("root-amd64", "arm64", "root-x86-64", "4f68bce3-e8cd-4db1-96e7-fbcaf984b709")]
    [InlineData("esp", "arm64", "esp", "c12a7328-f81f-11d2-ba4b-00a0c93ec93b")]
    [InlineData("933ac7e1-2eb4-4f13-b844-0e14e2aef915", "arm64", "home", "933ac7e1-2eb4-4f13-b844-0e14e2aef915")]
    [InlineData("11111111-2222-4333-8444-555555555555", "arm64", "11111111-2222-4333-8444-555555555555", "11111111-2222-4333-8444-555555555555")]
    public void Names_resolve_as_in_repart_d(string name, string architecture, string identifier, string uuid)
    {
        var type = PartitionType.Find(name, architecture);
        Assert.Equal(identifier, type?.Identifier);
        Assert.Equal(Uuid.Parse(uuid), type?.Uuid);
        Assert.Equal(identifier, PartitionType.FromUuid(Uuid.Parse(uuid)).Identifier);
    }

    [Theory]
    [InlineData("rot")]
    [InlineData("root-verity-signature")]
    [InlineData("ESP")]
    [InlineData("")]
    public void Other_names_do_not(string name) => Assert.Null(PartitionType.Find(name, "x86-64"));

    [Fact]
    public void An_architecture_without_types_is_refused() => Assert.Throws<RoosException>(() => PartitionType.Find("root", "pdp-11"));

    [Fact]
    public void The_table_is_consistent()
    {
        Assert.Equal(PartitionType.Known.Count, PartitionType.Known.Select(type => type.Uuid).Distinct().Count());
        Assert.Equal(PartitionType.Known.Count, PartitionType.Known.Select(type => type.Identifier).Distinct().Count());
        Assert.All(PartitionType.Known, type => Assert.Equal(type.Architecture is not null, type.IsVersioned));
        Assert.All(PartitionType.Known, type => Assert.Equal(type.IsVeritySignature, type.Identifier.EndsWith("-verity-sig", StringComparison.Ordinal)));
        Assert.All(PartitionType.Known, type => Assert.Equal(type.IsVerityHash, type.Identifier.EndsWith("-verity", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData(0, "0 bytes")]
    [InlineData(1023, "1023 bytes")]
    [InlineData(1024, "1 KiB")]
    [InlineData(1536, "1.5 KiB")]
    [InlineData(1048575, "1023.9 KiB")]
    [InlineData(4L << 30, "4 GiB")]
    [InlineData(long.MaxValue, "7.9 EiB")]
    public void Sizes_read_well(long bytes, string text) => Assert.Equal(text, ByteCount.Text(bytes));
}
