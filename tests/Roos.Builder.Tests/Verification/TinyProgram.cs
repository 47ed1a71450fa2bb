using System.Buffers.Binary;
using System.Text;

namespace Roos.Builder.Tests.Verification;

/// <summary>Small PE32+ files made from nothing, shaped as systemd's stub, boot loader and kernels are.</summary>
internal static class TinyProgram
{
    private const int HeaderLength = 0x600, Alignment = 512, OptionalHeader = 0x58, SectionTable = OptionalHeader + 240;

    public static byte[] Stub() => Make((".text", new byte[1000]), (".sbat", "sbat,1,SBAT Version,sbat,1,https://github.com/rhboot/shim/blob/main/SBAT.md\n"u8.ToArray()));

    public static byte[] Make(params (string Name, byte[] Content)[] sections)
    {
        var file = new byte[HeaderLength + sections.Sum(section => AlignUp(section.Content.Length))];
        "MZ"u8.CopyTo(file);
        file[60] = 0x40; // e_lfanew
        "PE"u8.CopyTo(file.AsSpan(0x40));
        Write16(0x44, 0x8664); // Machine: x86-64
        Write16(0x46, sections.Length); // NumberOfSections
        Write16(0x54, SectionTable - OptionalHeader); // SizeOfOptionalHeader
        Write16(0x56, 0x2e); // Characteristics
        Write16(OptionalHeader, 0x20b); // Magic: PE32+
        Write32(OptionalHeader + 32, 0x1000); // SectionAlignment
        Write32(OptionalHeader + 36, Alignment); // FileAlignment
        Write32(OptionalHeader + 56, 0x1000 * (sections.Length + 1)); // SizeOfImage
        Write32(OptionalHeader + 60, HeaderLength); // SizeOfHeaders
        Write16(OptionalHeader + 68, 10); // Subsystem: EFI application
        Write32(OptionalHeader + 108, 16); // NumberOfRvaAndSizes
        var at = HeaderLength;
        for (var i = 0; i < sections.Length; i++)
        {
            var (name, content) = sections[i];
            var header = SectionTable + (i * 40);
            Encoding.ASCII.GetBytes(name, file.AsSpan(header, 8));
            Write32(header + 8, content.Length); // VirtualSize
            Write32(header + 12, 0x1000 * (i + 1)); // VirtualAddress
            Write32(header + 16, AlignUp(content.Length)); // SizeOfRawData
            Write32(header + 20, at); // PointerToRawData
            Write32(header + 36, 0x40000040); // Characteristics
            content.CopyTo(file, at);
            at += AlignUp(content.Length);
        }

        return file;

        void Write16(int offset, int value) => BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(offset), (ushort)value);

        void Write32(int offset, int value) => BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(offset), (uint)value);
    }

    private static int AlignUp(int length) => (length + Alignment - 1) / Alignment * Alignment;
}
