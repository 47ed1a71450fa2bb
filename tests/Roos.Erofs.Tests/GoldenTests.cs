using System.Security.Cryptography;
using Roos.Core.Bytes;
using Roos.Core.Tree;
using Roos.Testing;

namespace Roos.Erofs.Tests;

/// <summary>Every byte of a small image by name, and digests of large ones.</summary>
public sealed class GoldenTests
{
    [Fact]
    public void Small_image_byte_by_byte()
    {
        var tree = new FileTreeBuilder()
            .SetDirectory("", new FileMetadata(0x1ed) { ModificationTime = new Timestamp(0, 0) })
            .Set("f", new RegularFile(new FileMetadata(0x1a4) { UserId = 0x10203, GroupId = 5, ModificationTime = new Timestamp(-2, 7) }, ByteSource.FromMemory("hello"u8.ToArray())))
            .Build();
        (int Offset, string Hex, string Meaning)[] dump =
        [
            (1024, "e2e1f5e0", "magic"),
            (1028, "5dcfb308", "CRC-32C of the block from 1024"),
            (1032, "03000000", "compatible: superblock checksum, mtime"),
            (1036, "0c", "blocks of 2^12 bytes"),
            (1038, "8000", "root is inode 128"),
            (1040, "0200000000000000", "2 inodes"),
            (1060, "02000000", "2 blocks"),
            (1072, "6b9d7a1e3f424c589a3b0d2f5e8c1a77", "UUID"),
            (4096, "0400", "root: compact, flat inline"),
            (4100, "ed41", "drwxr-xr-x"),
            (4102, "0200", "2 links"),
            (4104, "28000000", "40 bytes"),
            (4112, "ffffffff", "no blocks"),
            (4116, "01000000", "number 1"),
            (4128, "8000000000000000" + "2400" + "02" + "00", "\".\": inode 128, name at 36, directory"),
            (4140, "8000000000000000" + "2500" + "02" + "00", "\"..\": the same"),
            (4152, "8300000000000000" + "2700" + "01" + "00", "\"f\": inode 131, name at 39, regular"),
            (4164, "2e2e2e66", "names"),
            (4192, "0500", "f: extended, flat inline"),
            (4196, "a481", "-rw-r--r--"),
            (4200, "0500000000000000", "5 bytes"),
            (4208, "ffffffff", "no blocks"),
            (4212, "02000000", "number 2"),
            (4216, "03020100", "user 0x10203"),
            (4220, "05000000", "group 5"),
            (4224, "feffffffffffffff", "2 seconds before 1970"),
            (4232, "07000000", "and 7 nanoseconds"),
            (4236, "01000000", "1 link"),
            (4256, "68656c6c6f", "content"),
        ];
        var expected = new byte[8192];
        foreach (var (offset, hex, _) in dump) Convert.FromHexString(hex).CopyTo(expected, offset);
        var actual = Images.Write(tree, Images.Uncompressed);
        Assert.Equal(expected.Length, actual.Length);
        var wrong = Enumerable.Range(0, expected.Length).Where(i => expected[i] != actual[i]).Select(i => $"{i}: {actual[i]:x2} for {expected[i]:x2}, at or after {dump.LastOrDefault(item => item.Offset <= i).Meaning ?? "nothing"}");
        Assert.True(!wrong.Any(), string.Join("\n", wrong));
    }

    /// <summary>
    /// These change only with a decision that users should know of (images built twice differ): say why in the commit. They
    /// hold for every machine, with and without hardware intrinsics.
    /// </summary>
    [Theory]
    [InlineData(ErofsCompression.None, "08c010f2378a59198e0d510fb45e1db8a9cb0d042ae13af9bc7085f27be29171")]
    [InlineData(ErofsCompression.Zstd, "a3f6a0a7662ce2ac00819d987e977428624c029db71c2ebbcf1ed5606ee1c588")]
    public void Pinned_digests(ErofsCompression compression, string digest)
    {
        var tree = SampleTrees.Metadata().ToBuilder();
        // Not random bytes: those of System.Random are not promised to stay.
        tree.Set("text", new RegularFile(new FileMetadata(0x1a4), ByteSource.FromMemory(Enumerable.Range(0, 300_000).Select(i => (byte)((long)i * i / 777 % 61 + 40)).ToArray())));
        tree.Remove("xattrs");
        tree.Remove("links");
        var actual = Convert.ToHexStringLower(SHA256.HashData(Images.Write(tree.Build(), Images.Zstd with { Compression = compression })));
        Assert.True(digest == actual, actual);
    }
}
