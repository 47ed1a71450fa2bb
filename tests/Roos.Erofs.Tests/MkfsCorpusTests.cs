using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Roos.Core;
using Roos.Core.Bytes;
using Roos.Core.Tree;
using Roos.Erofs.Format;
using Roos.Erofs.Reading;
using Roos.Fuzz;

namespace Roos.Erofs.Tests;

/// <summary>Every layout that mkfs.erofs makes, from images that are always at hand.</summary>
public sealed class MkfsCorpusTests
{
    public static TheoryData<string> Images => [.. MkfsCorpus.Names];

    [Theory]
    [MemberData(nameof(Images))]
    public void Has_the_same_tree_in_every_layout(string name)
    {
        using var reader = ErofsReader.Open(ByteSource.FromMemory(MkfsCorpus.Read(name)));
        reader.Verify(TestContext.Current.CancellationToken);
        var tree = reader.ReadTree(TestContext.Current.CancellationToken);
        var text = Lines("line {0} of the text", Enumerable.Range(1, 600));
        Assert.Equal(text, Read(tree, "text"));
        Assert.Equal(text + Lines("{0}", Enumerable.Range(1, 300)) + text, Read(tree, "again"));
        var mixed = Lines("mixed {0}", Enumerable.Range(1, 500));
        Assert.StartsWith(mixed, Read(tree, "mixed"), StringComparison.Ordinal);
        Assert.Equal(mixed.Length + 4500, tree.FindFile("mixed")!.Content.Length);
        for (var i = 1; i <= 3; i++) Assert.Equal(Lines("small {0}", Enumerable.Range(0, 2000).Select(n => i + (11 * n)).TakeWhile(n => n <= i * 1200)), Read(tree, $"sub/small{i}"));
        Assert.Same(tree.Find("sub/small1"), tree.Find("sub/other"));
        Assert.Equal("../text", ((SymbolicLink)tree.Find("sub/link")!).Target.ToString());
        Assert.Equal("small", tree.Find("sub/small2")!.Metadata.ExtendedAttributes["user.kind"].ToString());
        Assert.Equal((1u, 3u), tree.Find("null") is DeviceNode { IsBlockDevice: false } device ? (device.Major, device.Minor) : default);
    }

    /// <summary>An image of two algorithms, whose HEADs are changed to the second kind: mkfs.erofs never writes these.</summary>
    [Fact]
    public void Second_heads_are_of_the_second_algorithm()
    {
        var image = MkfsCorpus.Read("zstd-full");
        var expected = Read(Open(image), "text");
        var inode = Inode(image, "text");
        var header = (int)ErofsFormat.AlignUp(inode.TailStart, 8);
        Assert.Equal(3, image[header + 6]);
        image[header + 6] = 0x3f; // HEAD1: no algorithm; HEAD2: zstd
        Assert.Throws<DamagedInputException>(() => Read(Open(image), "text"));
        var heads = 0;
        for (var at = header + 16; at < header + 16 + (ErofsFormat.BlocksFor(inode.Size) * 8); at += 8)
        {
            if ((image[at] & 3) != (int)LogicalClusterType.Head1) continue;
            image[at] |= (byte)LogicalClusterType.Head2;
            heads++;
        }

        Assert.InRange(heads, 1, 10);
        Assert.Throws<DamagedInputException>(() => Read(Open(image), "text"));
        image[1024 + 80] |= (byte)IncompatibleFeatures.DeviceTable;
        ImageMutation.Seal(image);
        Assert.Equal(expected, Read(Open(image), "text"));
    }

    /// <summary>What the fields of fragments and packed tails may not say.</summary>
    [Theory]
    [InlineData("zstd-fragments", "text", 0, 0x7fffffff, "a fragment of")]
    [InlineData("lz4-fragments", "mixed", 0, 0x7fffffff, "a fragment of")]
    [InlineData("deflate-tail", "text", 0, 0x0fff0000, "crosses a block's end")]
    [InlineData("deflate-tail", "text", 0, 0x00010000, "cannot be decompressed|decompresses to")]
    public void Wrong_places_are_found(string name, string file, int field, int value, string message)
    {
        var image = MkfsCorpus.Read(name);
        var header = (int)ErofsFormat.AlignUp(Inode(image, file).TailStart, 8);
        BinaryPrimitives.WriteInt32LittleEndian(image.AsSpan(header + field), value);
        ImageMutation.Seal(image);
        var error = Assert.Throws<DamagedInputException>(() => Verify(image));
        Assert.Matches(message, error.Message);
    }

    [Fact]
    public void The_packed_inode_has_no_fragments_of_itself()
    {
        var image = MkfsCorpus.Read("zstd-fragments");
        var packed = BinaryPrimitives.ReadUInt64LittleEndian(image.AsSpan(1024 + 96));
        var header = (int)ErofsFormat.AlignUp(Inode(image, packed).TailStart, 8);
        image[header + 7] |= 0x80;
        ImageMutation.Seal(image);
        Assert.Contains("fragments itself", Assert.Throws<DamagedInputException>(() => Verify(image)).Message, StringComparison.Ordinal);
        image[header + 7] &= 0x7f;
        image[header + 4] |= (byte)CompressionAdvice.FragmentPhysicalCluster;
        ImageMutation.Seal(image);
        Assert.Contains("fragments itself", Assert.Throws<DamagedInputException>(() => Verify(image)).Message, StringComparison.Ordinal);
    }

    /// <summary>Also the beginning of the fuzzer's work (fuzz/run), which goes on where coverage leads it.</summary>
    [Theory]
    [MemberData(nameof(Images))]
    public void Changed_anywhere_is_sound_or_damaged(string name)
    {
        var image = MkfsCorpus.Read(name);
        var others = MkfsCorpus.Names.Select(MkfsCorpus.Read).ToArray();
        var random = new Random(name.Length);
        var sound = 0;
        for (var round = 0; round < 2000; round++)
        {
            if (ErofsCase.IsSound(ImageMutation.Apply(image, others[random.Next(others.Length)], random, 1 << 17))) sound++;
        }

        Assert.InRange(sound, 20, 1500);
    }

    [Theory]
    [MemberData(nameof(Images))]
    public void Cut_off_anywhere_is_damaged(string name)
    {
        var image = MkfsCorpus.Read(name);
        for (var length = 0; length < image.Length; length += 509) Assert.False(ErofsCase.IsSound(image.AsMemory(0, length)), $"{length} bytes");
    }

    private static FileTree Open(byte[] image) => ErofsReader.Open(ByteSource.FromMemory(image)).ReadTree(TestContext.Current.CancellationToken);

    private static string Read(FileTree tree, string path) => Encoding.Latin1.GetString(tree.FindFile(path)!.Content.ToArray());

    private static void Verify(byte[] image)
    {
        using var reader = ErofsReader.Open(ByteSource.FromMemory(image));
        reader.Verify(TestContext.Current.CancellationToken);
    }

    private static string Lines(string format, IEnumerable<int> numbers) => string.Concat(numbers.Select(n => string.Format(CultureInfo.InvariantCulture, format, n) + "\n"));

    /// <summary>The inode of a name in the root directory, found by its name.</summary>
    private static StoredInode Inode(byte[] image, string name)
    {
        using var reader = ErofsReader.Open(ByteSource.FromMemory(image));
        var root = Inode(image, reader.Superblock.RootNid);
        return Inode(image, DirectoryReader.Read(root, ByteSource.FromMemory(image).Slice(root.TailStart, root.Size)).Single(entry => entry.Name.ToString() == name).Nid);
    }

    private static StoredInode Inode(byte[] image, ulong nid)
    {
        using var reader = ErofsReader.Open(ByteSource.FromMemory(image));
        return InodeReader.Read(new ImageBytes(ByteSource.FromMemory(image), image.Length), reader.Superblock, nid);
    }
}
