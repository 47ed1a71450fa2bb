using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Roos.Core.Bytes;

namespace Roos.Uki;

/// <summary>The processors that UKIs are made for. Source: PE Format, "Machine Types".</summary>
public enum PeMachine : ushort
{
    /// <summary>IMAGE_FILE_MACHINE_AMD64.</summary>
    X64 = 0x8664,

    /// <summary>IMAGE_FILE_MACHINE_ARM64.</summary>
    Arm64 = 0xaa64,
}

/// <summary>Numbers of the format. Source: Microsoft, "PE Format" (PE32+).</summary>
internal static class PeFormat
{
    public const int DosHeaderSize = 64;
    public const ushort Pe32PlusMagic = 0x20b;
    public const uint SectionCode = 0x00000020;
    public const uint SectionInitializedData = 0x00000040;
    public const uint SectionRead = 0x40000000;

    /// <summary>IMAGE_DLLCHARACTERISTICS_NX_COMPAT.</summary>
    public const ushort NxCompatible = 0x0100;

    /// <summary>IMAGE_DIRECTORY_ENTRY_SECURITY: the certificate table, by file offset.</summary>
    public const int SecurityDirectory = 4;

    public const int DataDirectorySize = 8;
}

/// <summary>IMAGE_FILE_HEADER, after the signature <c>PE\0\0</c>.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct RawFileHeader
{
    public const int Size = 20;

    public Le16 Machine;
    public Le16 NumberOfSections;
    public Le32 TimeDateStamp;
    public Le32 PointerToSymbolTable;
    public Le32 NumberOfSymbols;
    public Le16 SizeOfOptionalHeader;
    public Le16 Characteristics;
}

/// <summary>IMAGE_OPTIONAL_HEADER64 up to the data directories.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct RawOptionalHeader
{
    public const int Size = 112;

    /// <summary>Of <see cref="CheckSum"/>.</summary>
    public const int CheckSumOffset = 64;

    public Le16 Magic;
    public byte MajorLinkerVersion;
    public byte MinorLinkerVersion;
    public Le32 SizeOfCode;
    public Le32 SizeOfInitializedData;
    public Le32 SizeOfUninitializedData;
    public Le32 AddressOfEntryPoint;
    public Le32 BaseOfCode;
    public Le64 ImageBase;
    public Le32 SectionAlignment;
    public Le32 FileAlignment;
    public Le16 MajorOperatingSystemVersion;
    public Le16 MinorOperatingSystemVersion;
    public Le16 MajorImageVersion;
    public Le16 MinorImageVersion;
    public Le16 MajorSubsystemVersion;
    public Le16 MinorSubsystemVersion;
    public Le32 Win32VersionValue;
    public Le32 SizeOfImage;
    public Le32 SizeOfHeaders;
    public Le32 CheckSum;
    public Le16 Subsystem;
    public Le16 DllCharacteristics;
    public Le64 SizeOfStackReserve;
    public Le64 SizeOfStackCommit;
    public Le64 SizeOfHeapReserve;
    public Le64 SizeOfHeapCommit;
    public Le32 LoaderFlags;
    public Le32 NumberOfRvaAndSizes;
}

/// <summary>IMAGE_SECTION_HEADER.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct RawSectionHeader
{
    public const int Size = 40;

    public SectionName Name;
    public Le32 VirtualSize;
    public Le32 VirtualAddress;
    public Le32 SizeOfRawData;
    public Le32 PointerToRawData;
    public Le32 PointerToRelocations;
    public Le32 PointerToLinenumbers;
    public Le16 NumberOfRelocations;
    public Le16 NumberOfLinenumbers;
    public Le32 Characteristics;

    /// <summary>Eight bytes, filled with NULs.</summary>
    [InlineArray(8)]
    public struct SectionName
    {
        private byte _first;

        public static SectionName From(string name)
        {
            var result = default(SectionName);
            Encoding.ASCII.GetBytes(name, result);
            return result;
        }

        /// <summary>Bytes from 0x80 on count as Latin-1.</summary>
        public override readonly string ToString() => Encoding.Latin1.GetString((ReadOnlySpan<byte>)this).TrimEnd('\0');
    }
}

/// <summary>WIN_CERTIFICATE: the head of an entry of the certificate table. The next one begins at the next multiple of 8.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct RawWinCertificate
{
    public const int Size = 8;

    /// <summary>WIN_CERT_REVISION_2_0.</summary>
    public const ushort Revision2 = 0x0200;

    /// <summary>WIN_CERT_TYPE_PKCS_SIGNED_DATA.</summary>
    public const ushort PkcsSignedData = 0x0002;

    /// <summary>dwLength: of this head and what follows it, without what fills up to a multiple of 8.</summary>
    public Le32 Length;

    /// <summary>wRevision.</summary>
    public Le16 Revision;

    /// <summary>wCertificateType.</summary>
    public Le16 CertificateType;
}
