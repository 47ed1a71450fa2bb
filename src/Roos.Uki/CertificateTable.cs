using System.Runtime.InteropServices;
using Roos.Core;
using Roos.Core.Bytes;

namespace Roos.Uki;

/// <summary>
/// The certificate table at the end of a signed PE file: one entry (WIN_CERTIFICATE) per signature. Source: Microsoft, "PE Format",
/// "The Attribute Certificate Table (Image Only)".
/// </summary>
public static class CertificateTable
{
    /// <summary>Signatures of real files have 1 to 10 KiB.</summary>
    private const int MaximumSize = 1 << 20;

    private const byte DerSequence = 0x30;

    /// <summary>The signatures of a PE file, each a PKCS#7 in DER, in their order; none where it is not signed.</summary>
    /// <param name="program">The file.</param>
    /// <param name="name">What to call it in messages.</param>
    /// <exception cref="DamagedInputException">This is no PE32+ file, or the table breaks a rule of the format, or holds something else than PKCS#7.</exception>
    public static IReadOnlyList<byte[]> Read(ByteSource program, string name = "PE file") => Read(SignedContent.Read(program, name));

    internal static IReadOnlyList<byte[]> Read(SignedContent content)
    {
        var image = content.Image;
        if (!image.IsSigned) return [];
        if (image.CertificateTableSize is 0 or > MaximumSize) throw image.Damaged($"a certificate table has 1 to {MaximumSize} bytes; found {image.CertificateTableSize}");
        var table = content.Source.Slice(image.CertificateTableOffset, image.CertificateTableSize).ToArray();
        var result = new List<byte[]>();
        for (var at = 0; at < table.Length;)
        {
            var where = $"the certificate at offset {image.CertificateTableOffset + (long)at}";
            if (table.Length - at < RawWinCertificate.Size) throw image.Damaged($"{where} has a head of {RawWinCertificate.Size} bytes, and the table ends {table.Length - at} bytes after its begin");
            var head = MemoryMarshal.Read<RawWinCertificate>(table.AsSpan(at));
            if (head.Length <= RawWinCertificate.Size || head.Length > table.Length - at)
                throw image.Damaged($"{where} has more than {RawWinCertificate.Size} bytes and at most those that the table has left, {table.Length - at}; found {head.Length.Value}");
            if (head.Revision != RawWinCertificate.Revision2 || head.CertificateType != RawWinCertificate.PkcsSignedData)
                throw image.Damaged($"{where} has revision 0x{head.Revision.Value:x} and type 0x{head.CertificateType.Value:x}, and only PKCS#7 (revision 0x200, type 2) is read");
            result.Add(TakeDer(table.AsSpan(at + RawWinCertificate.Size, (int)head.Length.Value - RawWinCertificate.Size)) ?? throw image.Damaged($"{where} is no PKCS#7 in DER"));
            at = (int)Math.Min(table.Length, AlignUp(at + (long)head.Length));
        }

        return result;
    }

    /// <summary>A whole table, as long as a multiple of 8.</summary>
    internal static byte[] Write(IReadOnlyList<byte[]> signatures)
    {
        using var table = new MemoryStream();
        foreach (var signature in signatures)
        {
            if (TakeDer(signature)?.Length != signature.Length) throw new RoosException($"a signature of a PE file is a PKCS#7 in DER; these {signature.Length} bytes are none");
            var head = new RawWinCertificate
            {
                Length = (uint)(RawWinCertificate.Size + signature.Length), // without padding, as sbsign and pesign do
                Revision = RawWinCertificate.Revision2,
                CertificateType = RawWinCertificate.PkcsSignedData,
            };
            table.Write(MemoryMarshal.AsBytes(new ReadOnlySpan<RawWinCertificate>(in head)));
            table.Write(signature);
            table.Write(new byte[AlignUp(table.Length) - table.Length]);
        }

        if (table.Length > MaximumSize) throw new RoosException($"the signatures of a PE file have at most {MaximumSize} bytes together; found {table.Length}");
        return table.ToArray();
    }

    /// <summary>The DER value that <paramref name="bytes"/> begin with, where nothing but padding follows it; null otherwise.</summary>
    private static byte[]? TakeDer(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < 2 || bytes[0] != DerSequence) return null;
        var length = (int)bytes[1];
        var head = 2;
        if (length >= 0x80)
        {
            head += length - 0x80;
            if (head is < 3 or > 6 || head > bytes.Length) return null;
            long large = 0;
            foreach (var digit in bytes[2..head]) large = (large << 8) | digit;
            if (large > bytes.Length) return null;
            length = (int)large;
        }

        // Some signers count the padding in dwLength.
        if (length > bytes.Length - head || bytes.Length - head - length >= SignedContent.Alignment || bytes[(head + length)..].ContainsAnyExcept((byte)0)) return null;
        return bytes[..(head + length)].ToArray();
    }

    private static long AlignUp(long value) => (value + SignedContent.Alignment - 1) / SignedContent.Alignment * SignedContent.Alignment;
}
