using Roos.Core;
using Roos.Core.Bytes;

namespace Roos.Initrd.Modules;

/// <summary>The plain bytes of a module file, whatever it is compressed with.</summary>
internal static class ModuleBytes
{
    public static byte[] Read(ByteSource content, string place, long maximum)
    {
        // Module files are small, and decompressors read byte by byte: from memory.
        if (content.Length > maximum) throw TooLarge(place, maximum);
        var file = content.ToArray();
        if (file.AsSpan().StartsWith("\x7f"u8)) return file;

        using var source = new MemoryStream(file);
        try
        {
            using var plain = Open(source, file.AsSpan(0, Math.Min(6, file.Length)), place);
            using var result = new MemoryStream();
            var buffer = new byte[1 << 16];
            for (int count; (count = plain.Read(buffer)) > 0;)
            {
                if (result.Length + count > maximum) throw TooLarge(place, maximum);
                result.Write(buffer, 0, count);
            }

            return result.ToArray();
        }
        catch (Exception e) when (e is not RoosException and not OutOfMemoryException)
        {
            throw new DamagedInputException($"{place} must be a kernel module, compressed or not, and cannot be unpacked: {e.Message}", e);
        }
    }

    private static Stream Open(Stream source, ReadOnlySpan<byte> head, string place)
    {
        if (head.Length == 6 && head[0] == 0xfd && head[1..].SequenceEqual("7zXZ\0"u8)) return new SharpCompress.Compressors.Xz.XZStream(source);
        if (head.Length >= 2 && head[0] == 0x1f && head[1] == 0x8b) return new ICSharpCode.SharpZipLib.GZip.GZipInputStream(source);
        if (head.Length >= 4 && head[0] == 0x28 && head[1] == 0xb5 && head[2] == 0x2f && head[3] == 0xfd) return new ZstdSharp.DecompressionStream(source);
        throw new DamagedInputException($"{place} must be a kernel module (ELF), plain or compressed with gzip, xz or Zstandard, and is neither: the file is damaged");
    }

    private static DamagedInputException TooLarge(string place, long maximum) =>
        new($"{place} must have at most {maximum} bytes unpacked and has more: it is no kernel module");
}
