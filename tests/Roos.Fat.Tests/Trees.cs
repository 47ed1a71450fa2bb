using Roos.Core.Bytes;
using Roos.Core.Tree;

namespace Roos.Fat.Tests;

internal static class Trees
{
    public const long Size = 40 << 20;

    public static readonly Timestamp Time = new(1_700_000_001, 5);

    public static FatOptions Options(long size = Size) => new() { Size = size, VolumeId = 0xb60b6dea, MaximumTime = Time };

    public static RegularFile File(int length, int seed = 1, Timestamp? time = null)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return new RegularFile(new FileMetadata(0x1a4) { ModificationTime = time ?? Time }, ByteSource.FromMemory(bytes));
    }

    /// <summary>Path, type and contents of everything, for comparison.</summary>
    public static List<(string Path, string Content)> List(FileTree tree) =>
        [.. tree.Walk().Select(item => (item.Path.ToString(), item.Node is RegularFile file ? Convert.ToHexString(file.Content.ToArray()) : "directory"))];

    public static FileTree ReadBack(FileTree tree, long size = Size) => FatReader.Read(ByteSource.FromMemory(FatImage.Plan(tree, Options(size)).ToArray()));
}
