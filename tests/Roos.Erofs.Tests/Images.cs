using Roos.Core.Bytes;
using Roos.Core.Identity;
using Roos.Core.Tree;

namespace Roos.Erofs.Tests;

internal static class Images
{
    public static ErofsOptions Uncompressed { get; } = new()
    {
        Uuid = Uuid.Parse("6b9d7a1e-3f42-4c58-9a3b-0d2f5e8c1a77"),
        BuildTime = new Timestamp(0, 0),
    };

    public static ErofsOptions Zstd { get; } = Uncompressed with { Compression = ErofsCompression.Zstd, Level = 3 };

    public static byte[] Write(FileTree tree, ErofsOptions options)
    {
        using var plan = ErofsImage.Plan(tree, options, () => new MemorySpool());
        var image = plan.ToArray();
        Assert.Equal(plan.Length, image.Length);
        Assert.Equal(0, image.Length % 4096);
        return image;
    }

    public static FileTree OneFile(byte[] content) =>
        new FileTreeBuilder().Set("f", new RegularFile(new FileMetadata(0x1a4), ByteSource.FromMemory(content))).Build();
}
