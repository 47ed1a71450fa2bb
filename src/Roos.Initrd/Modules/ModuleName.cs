using System.Text;
using Roos.Core.Bytes;

namespace Roos.Initrd.Modules;

/// <summary>Names of kernel modules and their files. Text is bytes one to one (Latin-1): its ordinal order is byte order.</summary>
internal static class ModuleName
{
    private static readonly string[] Extensions = [".ko", ".ko.gz", ".ko.xz", ".ko.zst"];

    /// <summary>True for NAME.ko, plain or compressed.</summary>
    public static bool IsModuleFile(string fileName) =>
        Extensions.Any(extension => fileName.Length > extension.Length && fileName.EndsWith(extension, StringComparison.Ordinal));

    /// <summary>The module's name by its path: the file name up to the first dot, with underscores for dashes, as the kernel has it.</summary>
    public static string FromPath(string path)
    {
        var name = path[(path.LastIndexOf('/') + 1)..];
        var dot = name.IndexOf('.', StringComparison.Ordinal);
        return Normalise(dot < 0 ? name : name[..dot]);
    }

    public static string Normalise(string name) => name.Replace('-', '_');

    /// <summary>The path without .ko and what compression adds to it.</summary>
    public static string WithoutExtension(string path)
    {
        foreach (var extension in Extensions)
        {
            if (path.EndsWith(extension, StringComparison.Ordinal)) return path[..^extension.Length];
        }

        return path;
    }

    public static string Text(ReadOnlySpan<byte> bytes) => Encoding.Latin1.GetString(bytes);

    public static string Text(ByteString bytes) => Encoding.Latin1.GetString(bytes.Span);

    public static byte[] Bytes(string text) => Encoding.Latin1.GetBytes(text);

    public static ByteString ByteString(string text) => new(Encoding.Latin1.GetBytes(text));
}
