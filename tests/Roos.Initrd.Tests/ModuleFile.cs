using System.Buffers.Binary;
using System.Text;
using Roos.Core.Tree;

namespace Roos.Initrd.Tests;

/// <summary>Makes kernel module files of the parts that matter: .modinfo, .symtab, .strtab.</summary>
internal static class ModuleFile
{
    /// <param name="information">KEY=VALUE each.</param>
    /// <param name="exports">Symbols with a checksum.</param>
    /// <param name="needs">Undefined symbols.</param>
    public static byte[] Elf(string[] information, string[]? exports = null, string[]? needs = null)
    {
        var strings = new MemoryStream();
        var symbols = new MemoryStream();
        strings.WriteByte(0);
        symbols.Write(new byte[24]);
        foreach (var (name, section) in (exports ?? []).Select(name => ("__crc_" + name, 0xfff1)).Concat((needs ?? []).Select(name => (name, 0))))
        {
            var symbol = new byte[24];
            BinaryPrimitives.WriteInt32LittleEndian(symbol, (int)strings.Position);
            BinaryPrimitives.WriteUInt16LittleEndian(symbol.AsSpan(6), (ushort)section);
            symbols.Write(symbol);
            strings.Write(Encoding.ASCII.GetBytes(name + "\0"));
        }

        var sectionNames = Encoding.ASCII.GetBytes("\0.modinfo\0.symtab\0.strtab\0.shstrtab\0");
        byte[][] contents = [[], Encoding.Latin1.GetBytes(string.Concat(information.Select(entry => entry + "\0"))), symbols.ToArray(), strings.ToArray(), sectionNames];
        int[] names = [0, 1, 10, 18, 26];
        int[] types = [0, 1, 2, 3, 3];

        var file = new MemoryStream();
        file.Write(new byte[64]);
        var headers = new byte[5 * 64];
        for (var i = 0; i < 5; i++)
        {
            BinaryPrimitives.WriteInt32LittleEndian(headers.AsSpan(i * 64), names[i]);
            BinaryPrimitives.WriteInt32LittleEndian(headers.AsSpan((i * 64) + 4), types[i]);
            BinaryPrimitives.WriteInt64LittleEndian(headers.AsSpan((i * 64) + 24), file.Position);
            BinaryPrimitives.WriteInt64LittleEndian(headers.AsSpan((i * 64) + 32), contents[i].Length);
            file.Write(contents[i]);
        }

        var header = new byte[64];
        "\x7f"u8.CopyTo(header);
        "ELF"u8.CopyTo(header.AsSpan(1));
        header[4] = 2;
        header[5] = 1;
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(40), file.Position);
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(58), 64);
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(60), 5);
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(62), 4);
        file.Write(headers);
        var result = file.ToArray();
        header.CopyTo(result, 0);
        return result;
    }

    public static FileTreeBuilder AddModule(this FileTreeBuilder tree, string path, string[]? information = null, string[]? exports = null, string[]? needs = null) =>
        tree.Set("usr/lib/modules/6.1/" + path, Trees.File(Elf(information ?? [], exports, needs)));
}
