using Roos.Core;
using Roos.Core.Bytes;
using Roos.Core.Tree;
using Roos.Erofs;

namespace Roos.Fuzz;

/// <summary>Everything that the reader can be asked about an image.</summary>
internal static class ErofsCase
{
    /// <summary>True where nothing is wrong with the image. Whatever but DamagedInputException comes out is a bug.</summary>
    public static bool IsSound(ReadOnlyMemory<byte> image)
    {
        try
        {
            using var reader = ErofsReader.Open(ByteSource.FromMemory(image));
            ReadContents(reader.ReadTree());
            reader.Verify();
            return true;
        }
        catch (DamagedInputException)
        {
            return false;
        }
    }

    /// <summary>Beginnings, ends and middles of files: each reads whole extents.</summary>
    private static void ReadContents(FileTree tree)
    {
        var buffer = new byte[1 << 14];
        var left = 1 << 20;
        foreach (var (_, node) in tree.Walk())
        {
            if (node is not RegularFile { Content: { Length: > 0 } content }) continue;
            var count = (int)Math.Min(buffer.Length, content.Length);
            foreach (var at in new[] { 0, content.Length - count, (content.Length - count) / 2 })
            {
                content.Read(at, buffer.AsSpan(0, count));
                _ = content.IsHole(at, count);
                left -= count;
                if (left < 0) return;
            }
        }
    }
}
