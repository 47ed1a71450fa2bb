using Roos.Builder.Configuration;
using Roos.Builder.Repart;
using Roos.Core;
using Roos.Core.Bytes;
using Roos.Core.Identity;
using Roos.Gpt;
using Roos.Testing;

namespace Roos.Builder.Tests.Repart;

public sealed class RepartReaderTests
{
    private static readonly RepartSpecifiers Specifiers = new() { Architecture = "x86-64", ImageId = "roos", ImageVersion = "0.1", OsId = "debian", OsVersionId = "13" };

    [Fact]
    public void A_definition_is_read()
    {
        var d = Parse("""
            # the system
            [Partition]
            Type=root
            Format=erofs
            Compression=zstd
            CompressionLevel=15
            CopyFiles=/
            CopyFiles=/a\x3ab:/target
            ExcludeFiles=/usr/share/doc
            ExcludeFilesTarget=/var/
            MakeDirectories=/x \
              /y/z
            Verity=data
            VerityMatchKey=root
            Label=%M_%A
            SplitName=%U.root
            SizeMinBytes=1G
            SizeMaxBytes=1.5G
            PaddingMinBytes=4K
            Flags=0x4
            Weight=250
            """);
        Assert.Equal("10-root.conf", d.Name);
        Assert.Equal("root-x86-64", d.Type.Identifier);
        Assert.Equal("roos_0.1", d.Label);
        Assert.Equal(("erofs", "zstd", 15), (d.Format, d.Compression, d.CompressionLevel));
        Assert.Equal([("/", "/"), ("/a:b", "/target")], d.CopyFiles.Select(rule => (rule.Source.ToString(), rule.Target.ToString())));
        Assert.Equal(["/usr/share/doc"], d.ExcludeFiles.Select(path => path.ToString()));
        Assert.Equal(["/var/"], d.ExcludeFilesTarget.Select(path => path.ToString()));
        Assert.Equal(["/x", "/y/z"], d.MakeDirectories.Select(path => path.ToString()));
        Assert.Equal((VerityRole.Data, "root", true), (d.Verity, d.VerityMatchKey, d.ReadOnly));
        Assert.Equal((1L << 30, 3L << 29, 4096L, 250), (d.SizeMin, d.SizeMax, d.PaddingMin, d.Weight));
        Assert.Equal("%U.root", d.SplitName);
        Assert.Null(d.GrowFileSystem);
        Assert.Equal(PartitionAttributes.ReadOnly | PartitionAttributes.LegacyBiosBootable, DiskPlanner.Attributes(d));
        Assert.Empty(d.Notes);
    }

    [Theory]
    [InlineData("Type=rot", "10-root.conf:2:6", "did you mean root?")]
    [InlineData("Type=esp\nSizeMinByte=1", "10-root.conf:3:1", "did you mean SizeMinBytes?")]
    [InlineData("Type=esp\nFormat=ext4", "10-root.conf:3:8", "roos writes erofs and vfat")]
    [InlineData("Type=esp\nFormat=erof", "10-root.conf:3:8", "did you mean erofs?")]
    [InlineData("Type=var\nEncrypt=tpm2", "10-root.conf:3:1", "at first boot")]
    [InlineData("Type=esp\nSizeMinBytes=1X", "10-root.conf:3:14", "512M")]
    [InlineData("Type=esp\nSizeMinBytes=99999999999G", "10-root.conf:3:14", "takes a size")]
    [InlineData("Type=esp\nSizeMinBytes=2M\nSizeMaxBytes=1M", "10-root.conf:1:1", "larger than")]
    [InlineData("Type=esp\nLabel=%H", "10-root.conf:3:7", "the machine that builds")]
    [InlineData("Type=esp\nLabel=a%Z", "10-root.conf:3:8", "%Z is not known")]
    [InlineData("Type=esp\nLabel=0123456789012345678901234567890123456", "10-root.conf:3:7", "36 UTF-16 units")]
    [InlineData("Type=root\nFormat=erofs\nCopyFiles=etc", "10-root.conf:4:11", "does not begin with a slash")]
    [InlineData("Type=root\nFormat=erofs\nCopyFiles=/../etc", "10-root.conf:4:11", "without \"..\"")]
    [InlineData("Type=root\nFormat=erofs\nCopyFiles=/a:/b:fsverity=copy", "10-root.conf:4:11", "no option")]
    [InlineData("Type=root\nFormat=erofs", "10-root.conf:1:1", "needs CopyFiles=")]
    [InlineData("Type=root\nCopyFiles=/", "10-root.conf:1:1", "needs a Format=")]
    [InlineData("Type=root\nVerity=data", "10-root.conf:1:1", "needs a VerityMatchKey=")]
    [InlineData("Type=root\nVerity=dato", "10-root.conf:3:8", "did you mean data?")]
    [InlineData("Type=root\nVerityMatchKey=x", "10-root.conf:1:1", "needs Verity=")]
    [InlineData("Type=esp\nFormat=vfat\nMinimize=best", "10-root.conf:1:1", "Format=vfat")]
    [InlineData("Type=esp\nReadOnly=perhaps", "10-root.conf:3:10", "takes yes or no")]
    [InlineData("Type=esp\nUUID=x", "10-root.conf:3:6", "takes a UUID")]
    [InlineData("Type=esp\nCompression=zstd", "10-root.conf:1:1", "needs Format=erofs")]
    [InlineData("Label=x", "10-root.conf:1:1", "needs a Type=")]
    public void Mistakes_are_named_with_their_place(string text, string place, string sentence)
    {
        var error = Assert.Throws<ConfigurationException>(() => Parse("[Partition]\n" + text));
        Assert.StartsWith(place + ": ", error.Message, StringComparison.Ordinal);
        Assert.Contains(sentence, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Another_section_is_an_error() => Assert.Contains("[Partition]", Assert.Throws<ConfigurationException>(() => Parse("[Partitions]\nType=esp")).Message, StringComparison.Ordinal);

    [Fact]
    public void What_changes_nothing_is_noted()
    {
        var d = Parse("[Partition]\nType=esp\nReadOnly=yes\nPriority=5\nSizeMinBytes=5000\nFactoryReset=yes");
        Assert.Equal(4096, d.SizeMin);
        Assert.Equal(4, d.Notes.Count);
    }

    [Fact]
    public void Files_are_taken_in_the_order_of_their_names_with_their_drop_ins()
    {
        using var scratch = new ScratchFolder();
        Write("a/20-b.conf", "[Partition]\nType=home\n");
        Write("a/10-a.conf", "[Partition]\nType=srv\n");
        Write("a/10-a.conf.d/20.conf", "[Partition]\nLabel=two\n");
        Write("a/10-a.conf.d/10.conf", "[Partition]\nLabel=one\nSizeMinBytes=1M\n");
        Write("a/30-masked.conf", "");
        Write("b/20-b.conf", "[Partition]\nType=tmp\n");
        Write("b/30-masked.conf", "[Partition]\nType=tmp\n");
        Write("b/40-c.conf", "[Partition]\nType=home\n");
        var definitions = RepartReader.Load([scratch["a"], scratch["b"]], Specifiers);
        Assert.Equal([("srv", "two"), ("home", null), ("home", null)], definitions.Select(d => (d.Type.Identifier, d.Label)));
        Assert.Equal(1 << 20, definitions[0].SizeMin);
        var identities = PartitionIdentity.Assign(definitions, new Seed(Uuid.Parse("11111111-2222-4333-8444-555555555555")));
        Assert.Equal(["two", "home", "home-2"], identities.Select(identity => identity.Label));
        Assert.NotEqual(identities[1].Uuid, identities[2].Uuid);

        void Write(string path, string text)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(scratch[path])!);
            File.WriteAllText(scratch[path], text);
        }
    }

    [Fact]
    public void Verity_partitions_need_their_siblings()
    {
        using var scratch = new ScratchFolder();
        File.WriteAllText(scratch["10.conf"], "[Partition]\nType=root\nVerity=data\nVerityMatchKey=x\n");
        Assert.Contains("Verity=hash", Assert.Throws<ConfigurationException>(() => RepartReader.Load([scratch.Path], Specifiers)).Message, StringComparison.Ordinal);
        File.WriteAllText(scratch["20.conf"], "[Partition]\nType=root-verity\nVerity=hash\nVerityMatchKey=x\n");
        Assert.Equal(2, RepartReader.Load([scratch.Path], Specifiers).Count);
        File.WriteAllText(scratch["30.conf"], "[Partition]\nType=root-verity\nVerity=hash\nVerityMatchKey=x\n");
        Assert.Contains("can have one", Assert.Throws<ConfigurationException>(() => RepartReader.Load([scratch.Path], Specifiers)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Content_that_is_too_large_is_refused_with_both_sizes()
    {
        var definition = Parse("[Partition]\nType=esp\nSizeMinBytes=1M\nSizeMaxBytes=2M");
        var error = Assert.Throws<RoosException>(() => DiskPlanner.Plan([definition], new Seed(Uuid.Zero), _ => new SourceImage(ByteSource.Zeros((2 << 20) + 1)), new Dictionary<string, byte[]>(), Specifiers));
        foreach (var part in new[] { "10-root.conf", "2097153 bytes", "2097152 bytes (2 MiB)", "SizeMaxBytes=" }) Assert.Contains(part, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Equal_artifact_names_are_refused()
    {
        var definition = Parse("[Partition]\nType=esp");
        Assert.Contains("the same split name", Assert.Throws<ConfigurationException>(() => DiskPlanner.Plan([definition, definition], new Seed(Uuid.Zero), _ => null, new Dictionary<string, byte[]>(), Specifiers)).Message, StringComparison.Ordinal);
    }

    private static RepartDefinition Parse(string text) => RepartReader.Parse("10-root.conf", text, Specifiers);
}
