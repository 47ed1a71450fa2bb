using System.Buffers.Binary;
using System.Text;
using Roos.Core.Bytes;

namespace Roos.Uki;

/// <summary>What a kernel image says about its version (<c>uname -r</c>).</summary>
public static class KernelVersion
{
    private const int SetupHeader = 0x200;
    private const int MaximumLength = 128;
    private const int ChunkSize = 1 << 20;

    /// <summary>
    /// The version from the setup header of an x86 kernel (Documentation/arch/x86/boot.rst: <c>kernel_version</c> at 0x20e), or from
    /// the text "Linux version …" of an uncompressed kernel of another kind; null where there is neither.
    /// </summary>
    public static string? Find(ByteSource kernel) => FromSetupHeader(kernel) ?? FromBanner(kernel);

    private static string? FromSetupHeader(ByteSource kernel)
    {
        if (kernel.Length < SetupHeader + 16) return null;
        Span<byte> header = stackalloc byte[16];
        kernel.Read(SetupHeader, header);
        if (!header[2..].StartsWith("HdrS"u8)) return null;
        var at = SetupHeader + BinaryPrimitives.ReadUInt16LittleEndian(header[14..]);
        return at >= kernel.Length ? null : FirstWord(Take(kernel, at, MaximumLength));
    }

    private static string? FromBanner(ByteSource kernel)
    {
        var banner = "Linux version "u8;
        var buffer = new byte[ChunkSize];
        for (long at = 0; at < kernel.Length; at += ChunkSize - 64)
        {
            var chunk = buffer.AsSpan(0, (int)Math.Min(ChunkSize, kernel.Length - at));
            kernel.Read(at, chunk);
            for (var from = 0; ;)
            {
                var found = chunk[from..].IndexOf(banner);
                if (found < 0) break;
                from += found + banner.Length;
                if (FirstWord(Take(kernel, at + from, MaximumLength)) is { } version && char.IsAsciiDigit(version[0])) return version;
            }
        }

        return null;
    }

    private static byte[] Take(ByteSource kernel, long at, int length)
    {
        var result = new byte[(int)Math.Min(length, kernel.Length - at)];
        kernel.Read(at, result);
        return result;
    }

    /// <summary>What is before " (", where it looks like a version.</summary>
    private static string? FirstWord(ReadOnlySpan<byte> text)
    {
        var end = text.IndexOf(" ("u8);
        if (end <= 0) return null;
        var word = Encoding.Latin1.GetString(text[..end]);
        return word.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '+' or '-' or '~') ? word : null;
    }
}
