using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Roos.Core;
using Roos.Core.Bytes;

namespace Roos.Uki;

/// <summary>A section of a PE file.</summary>
/// <param name="Name">As in the section table, without the NULs at its end.</param>
/// <param name="VirtualAddress">Where it is in memory, relative to the image base.</param>
/// <param name="VirtualSize">Its length in memory; in UKIs the exact length of what it holds.</param>
/// <param name="FileOffset">PointerToRawData.</param>
/// <param name="FileSize">SizeOfRawData: the length in the file, with padding.</param>
/// <param name="Characteristics">IMAGE_SCN_ bits.</param>
/// <param name="Content">The bytes without padding: the smaller of the two lengths.</param>
public sealed record PeSection(string Name, uint VirtualAddress, uint VirtualSize, uint FileOffset, uint FileSize, uint Characteristics, ByteSource Content);

/// <summary>
/// The headers and the section table of a PE32+ file (EFI application, EFI stub, kernel). The bytes may be hostile: everything
/// is checked against the file's length. Format: Microsoft, "PE Format".
/// </summary>
public sealed class PeImage
{
    private PeImage(ByteSource source, string name)
    {
        Source = source;
        Name = name;
        var dos = new byte[PeFormat.DosHeaderSize];
        Read(0, dos, "DOS header");
        if (!dos.AsSpan().StartsWith("MZ"u8)) throw Damaged("a PE file begins with \"MZ\"");
        HeaderOffset = MemoryMarshal.Read<Le32>(dos.AsSpan(60));
        var header = new byte[4 + RawFileHeader.Size + RawOptionalHeader.Size];
        Read(HeaderOffset, header, "PE header");
        if (!header.AsSpan().StartsWith("PE\0\0"u8)) throw Damaged($"there is no \"PE\" at offset {HeaderOffset}");
        FileHeader = MemoryMarshal.Read<RawFileHeader>(header.AsSpan(4));
        OptionalHeader = MemoryMarshal.Read<RawOptionalHeader>(header.AsSpan(4 + RawFileHeader.Size));
        if (OptionalHeader.Magic != PeFormat.Pe32PlusMagic) throw Damaged($"only PE32+ (magic 0x20b) is read; found 0x{OptionalHeader.Magic.Value:x}");
        if (OptionalHeader.NumberOfRvaAndSizes > 16 || FileHeader.SizeOfOptionalHeader < RawOptionalHeader.Size + (OptionalHeader.NumberOfRvaAndSizes * PeFormat.DataDirectorySize))
            throw Damaged($"{OptionalHeader.NumberOfRvaAndSizes} data directories do not fit into an optional header of {FileHeader.SizeOfOptionalHeader} bytes");

        SectionTableOffset = OptionalHeaderOffset + FileHeader.SizeOfOptionalHeader;
        var table = new byte[FileHeader.NumberOfSections * RawSectionHeader.Size];
        Read(SectionTableOffset, table, "section table");
        RawSections = MemoryMarshal.Cast<byte, RawSectionHeader>(table).ToArray();
        Sections = [.. RawSections.Select(ToSection)];
        (CertificateTableOffset, CertificateTableSize) = ReadSecurityDirectory();
    }

    public PeMachine Machine => (PeMachine)FileHeader.Machine.Value;

    public ImmutableArray<PeSection> Sections { get; }

    /// <summary>False where the firmware must not make data pages non-executable for it (NX_COMPAT is clear).</summary>
    public bool IsNxCompatible => (OptionalHeader.DllCharacteristics & PeFormat.NxCompatible) != 0;

    /// <summary>True where there is a certificate table: an Authenticode signature.</summary>
    public bool IsSigned => CertificateTableOffset != 0;

    internal ByteSource Source { get; }

    internal string Name { get; }

    internal uint HeaderOffset { get; }

    internal long OptionalHeaderOffset => (long)HeaderOffset + 4 + RawFileHeader.Size;

    internal long SectionTableOffset { get; }

    internal RawFileHeader FileHeader { get; }

    internal RawOptionalHeader OptionalHeader { get; }

    internal RawSectionHeader[] RawSections { get; }

    /// <summary>Where CheckSum is in the file.</summary>
    internal long CheckSumOffset => OptionalHeaderOffset + RawOptionalHeader.CheckSumOffset;

    /// <summary>Where the security directory is in the file; it is there only where <see cref="HasSecurityDirectory"/>.</summary>
    internal long SecurityDirectoryOffset => OptionalHeaderOffset + RawOptionalHeader.Size + (PeFormat.SecurityDirectory * PeFormat.DataDirectorySize);

    internal bool HasSecurityDirectory => OptionalHeader.NumberOfRvaAndSizes > PeFormat.SecurityDirectory;

    /// <summary>As the security directory says; 0 where there is no table.</summary>
    internal uint CertificateTableOffset { get; }

    internal uint CertificateTableSize { get; }

    /// <summary>Reads headers; section contents stay where they are.</summary>
    /// <param name="source">The file.</param>
    /// <param name="name">What to call it in messages.</param>
    /// <exception cref="DamagedInputException">The bytes are no PE32+ file, or a damaged one.</exception>
    public static PeImage Read(ByteSource source, string name = "PE file") => new(source, name);

    /// <summary>As <see cref="Read(ByteSource, string)"/>, but null where the bytes are no PE file.</summary>
    public static PeImage? TryRead(ByteSource source, string name = "PE file")
    {
        try
        {
            return new PeImage(source, name);
        }
        catch (DamagedInputException)
        {
            return null;
        }
    }

    /// <summary>The first section of that name, or null.</summary>
    public PeSection? Find(string name) => Sections.FirstOrDefault(section => section.Name == name);

    internal DamagedInputException Damaged(string rule) => new($"{Name}: {rule}: this is no PE file that Roos can read");

    private void Read(long offset, Span<byte> destination, string what)
    {
        if (offset > Source.Length - destination.Length) throw Damaged($"the {what} ({destination.Length} bytes at offset {offset}) is not within the file's {Source.Length} bytes");
        Source.Read(offset, destination);
    }

    private PeSection ToSection(RawSectionHeader raw)
    {
        var length = Math.Min(raw.VirtualSize.Value, raw.SizeOfRawData.Value);
        if (raw.PointerToRawData + (long)length > Source.Length)
            throw Damaged($"section {raw.Name} ({length} bytes at offset {raw.PointerToRawData.Value}) is not within the file's {Source.Length} bytes");
        var content = length == 0 ? ByteSource.Empty : Source.Slice(raw.PointerToRawData, length);
        return new PeSection(raw.Name.ToString(), raw.VirtualAddress, raw.VirtualSize, raw.PointerToRawData, raw.SizeOfRawData, raw.Characteristics, content);
    }

    private (uint Offset, uint Size) ReadSecurityDirectory()
    {
        if (!HasSecurityDirectory) return (0, 0);
        var directory = new byte[PeFormat.DataDirectorySize];
        Read(SecurityDirectoryOffset, directory, "security directory");
        var at = MemoryMarshal.Read<Le32>(directory).Value;
        var size = MemoryMarshal.Read<Le32>(directory.AsSpan(4)).Value;
        if (at == 0) return (0, 0);
        if (at + (long)size > Source.Length) throw Damaged($"the certificate table ({size} bytes at offset {at}) is not within the file's {Source.Length} bytes");
        return (at, size);
    }
}
