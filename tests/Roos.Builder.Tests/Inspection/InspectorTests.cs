using System.Text.Json;
using Roos.Builder.Inspection;
using Roos.Core.Bytes;
using Roos.Core.Identity;
using Roos.Gpt;
using Roos.Verity;

namespace Roos.Builder.Tests.Inspection;

public sealed class InspectorTests
{
    private readonly byte[] _disk;

    public InspectorTests()
    {
        var sink = new VeritySink(new VerityOptions { Salt = [1, 2, 3] });
        sink.WriteZeros(1 << 20);
        _disk = GptDisk.Plan(new GptDiskOptions
        {
            DiskUuid = Uuid.Parse("11111111-2222-4333-8444-555555555555"),
            Partitions = [Partition("root-verity", "roos\u001b[31m_0.1", sink.Complete().HashDevice), Partition("var", "var", null)],
        }).ToArray();
    }

    [Fact]
    public void A_disk_is_described_with_what_is_in_it()
    {
        var finding = Inspector.Inspect(ByteSource.FromMemory(_disk));
        Assert.Equal("gpt", finding.Format);
        Assert.Equal(["verity", "blank"], finding.Parts.Select(part => part.Content!.Format));
        Assert.Contains(("salt", "010203"), finding.Parts[0].Content!.Fields);
        Assert.False(finding.HasProblems);
    }

    [Fact]
    public void Text_has_no_control_characters_of_the_image()
    {
        var text = FindingFormat.Text("disk.raw", Inspector.Inspect(ByteSource.FromMemory(_disk)));
        Assert.StartsWith("disk.raw: GPT disk, ", text, StringComparison.Ordinal);
        Assert.Contains("roos?[31m_0.1", text, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', text);
    }

    [Fact]
    public void An_initrd_is_taken_apart_into_its_archives()
    {
        var tree = new Roos.Core.Tree.FileTreeBuilder().SetDirectory("etc", new Roos.Core.Tree.FileMetadata(0x1ed)).Build();
        var finding = Inspector.Inspect(ByteSource.FromMemory(Roos.Initrd.Cpio.CpioImage.Plan(tree, default).ToArray()));
        Assert.Equal("initrd", finding.Format);
        Assert.Contains(("compression", "None"), Assert.Single(finding.Parts).Fields);
    }

    [Fact]
    public void A_program_that_is_none_is_damaged() =>
        Assert.True(Inspector.Inspect(ByteSource.FromMemory("MZ and no more"u8.ToArray())).HasProblems);

    [Fact]
    public void Json_says_the_same()
    {
        using var json = JsonDocument.Parse(FindingFormat.Json("disk.raw", Inspector.Inspect(ByteSource.FromMemory(_disk))));
        var part = json.RootElement.GetProperty("parts")[0];
        Assert.Equal("root-x86-64-verity", part.GetProperty("type").GetString());
        Assert.Equal("verity", part.GetProperty("content").GetProperty("format").GetString());
    }

    [Fact]
    public void Damage_is_a_problem()
    {
        _disk[512 + 20] ^= 1;
        Assert.True(Inspector.Inspect(ByteSource.FromMemory(_disk)).HasProblems);
        Assert.Contains("PROBLEM: ", FindingFormat.Text("x", Inspector.Inspect(ByteSource.FromMemory(_disk))), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "blank")]
    [InlineData("hello", "unknown")]
    [InlineData("070701", "damaged")]
    [InlineData("MZ", "damaged")]
    [InlineData("LUKS", "luks")]
    public void Short_files_are_named(string content, string format) => Assert.Equal(format, Inspector.Inspect(ByteSource.FromMemory(System.Text.Encoding.ASCII.GetBytes(content))).Format);

    private static GptPartition Partition(string type, string label, IImage? content)
    {
        var found = PartitionType.Find(type, "x86-64")!;
        return new GptPartition { Type = found.Uuid, Uuid = new Seed(found.Uuid).DiskUuid, Label = label, Content = content, Size = 1 << 20 };
    }
}
