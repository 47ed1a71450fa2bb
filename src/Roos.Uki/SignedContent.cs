using System.Security.Cryptography;
using Roos.Core;
using Roos.Core.Bytes;

namespace Roos.Uki;

/// <summary>
/// What signatures of a PE file cover: its bytes without CheckSum, the security directory and the certificate table, filled with
/// zeros to a multiple of 8. Source: Microsoft, "Windows Authenticode Portable Executable Signature Format", "Calculating the PE
/// Image Hash".
/// <para>
/// By that text, and in firmware (edk2's <c>DxeImageVerificationLib</c>), the headers and then each section are hashed in the order of
/// their place in the file, while tools hash the file from beginning to end. Both are the same only where nothing is between or beneath
/// the sections; other files are refused, because their signature could mean one thing to one and something else to the other.
/// </para>
/// </summary>
internal sealed class SignedContent
{
    public const int Alignment = 8;

    private const int ChunkSize = 1 << 17;
    private const int MaximumHeaderOffset = 1 << 16;

    private SignedContent(PeImage image)
    {
        Image = image;
        if (!image.HasSecurityDirectory) throw image.Damaged($"a signature needs the security directory, which is the fifth; found {image.OptionalHeader.NumberOfRvaAndSizes.Value} data directories");
        if (image.HeaderOffset > MaximumHeaderOffset) throw image.Damaged($"the PE header begins within the first {MaximumHeaderOffset} bytes; found offset {image.HeaderOffset}");
        Length = EndOfContent();
        EndOfSections = CheckSections();
    }

    public PeImage Image { get; }

    public ByteSource Source => Image.Source;

    /// <summary>Length of the file without the certificate table.</summary>
    public long Length { get; }

    /// <summary>Where headers and sections end; what comes up to <see cref="Length"/> belongs to no section.</summary>
    public long EndOfSections { get; }

    /// <summary>Zeros that come after <see cref="Length"/> before a certificate table.</summary>
    public int Padding => (int)((Alignment - (Length % Alignment)) % Alignment);

    /// <exception cref="DamagedInputException">This is no PE file, or one of which no two readers would make the same.</exception>
    public static SignedContent Read(ByteSource source, string name) => new(PeImage.Read(source, name));

    public byte[] Digest(HashAlgorithmName algorithm)
    {
        using var hash = IncrementalHash.CreateHash(algorithm);
        var checkSum = Image.CheckSumOffset;
        var directory = Image.SecurityDirectoryOffset;
        Append(hash, 0, checkSum);
        Append(hash, checkSum + sizeof(uint), directory);
        Append(hash, directory + PeFormat.DataDirectorySize, Length);
        hash.AppendData(new byte[Padding]);
        return hash.GetHashAndReset();
    }

    private void Append(IncrementalHash hash, long from, long to)
    {
        var buffer = new byte[(int)Math.Min(ChunkSize, to - from)];
        while (from < to)
        {
            var chunk = buffer.AsSpan(0, (int)Math.Min(buffer.Length, to - from));
            Source.Read(from, chunk);
            hash.AppendData(chunk);
            from += chunk.Length;
        }
    }

    private long EndOfContent()
    {
        if (!Image.IsSigned) return Source.Length;
        long at = Image.CertificateTableOffset;
        if (at % Alignment != 0) throw Image.Damaged($"the certificate table begins at a multiple of {Alignment}; found offset {at}");
        if (at + Image.CertificateTableSize != Source.Length)
            throw Image.Damaged($"the certificate table ({Image.CertificateTableSize} bytes at offset {at}) is the end of the file, of {Source.Length} bytes; no signature covers what comes after it");
        return at;
    }

    private long CheckSections()
    {
        long end = Image.OptionalHeader.SizeOfHeaders;
        var headers = Image.SectionTableOffset + ((long)Image.RawSections.Length * RawSectionHeader.Size);
        if (end < headers || end > Length) throw Image.Damaged($"SizeOfHeaders is from {headers}, where the section table ends, to {Length}, where the file does; found {end}");
        foreach (var section in Image.RawSections.Where(section => section.SizeOfRawData != 0).OrderBy(section => section.PointerToRawData.Value))
        {
            if (section.PointerToRawData != end)
                throw Image.Damaged($"section {section.Name} at offset {section.PointerToRawData.Value} {(section.PointerToRawData < end ? "overlaps what is before it" : "does not follow what is before it")}, which ends at {end}, and firmware would hash other bytes than tools do");
            end += section.SizeOfRawData;
        }

        return end <= Length ? end : throw Image.Damaged($"the sections end at {end}, and the file without its certificate table at {Length}");
    }
}
