using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Roos.Core;
using Roos.Core.Identity;

namespace Roos.Signing.Efi;

/// <summary>
/// What is written into an authenticated variable: a time, the signature of its owner, the new content. As a file it is called
/// <c>.auth</c>, and systemd-boot takes it from <c>loader/keys/NAME/</c>. Little-endian.
/// Source: UEFI Specification, 8.2.2 "Using the EFI_VARIABLE_AUTHENTICATION_2 descriptor"; the bytes are those of bootctl 257.
/// </summary>
public sealed class AuthenticatedVariable
{
    private const int TimeLength = 16, CertificateHeaderLength = 24, MostBytes = 4 << 20;
    private const ushort Revision = 0x0200, CertificateTypeGuid = 0x0ef1; // WIN_CERT_TYPE_EFI_GUID

    // NON_VOLATILE | BOOTSERVICE_ACCESS | RUNTIME_ACCESS | TIME_BASED_AUTHENTICATED_WRITE_ACCESS
    private const uint Attributes = 0x27;

    private readonly byte[] _time;
    private readonly byte[] _signature;

    private AuthenticatedVariable(byte[] time, DateTimeOffset timestamp, byte[] signature, byte[] content) =>
        (_time, Time, _signature, Content) = (time, timestamp, signature, content);

    /// <summary>EFI_CERT_TYPE_PKCS7_GUID: of what kind the signature is.</summary>
    public static Uuid Pkcs7 { get; } = Uuid.Parse("4aafd29d-68df-49ee-8aa9-347d375665a7");

    /// <summary>A later write needs a later time.</summary>
    public DateTimeOffset Time { get; }

    /// <summary>What the variable will hold.</summary>
    public byte[] Content { get; }

    /// <summary>SignedData, DER.</summary>
    public ReadOnlyMemory<byte> Signature => _signature;

    /// <summary>Prepares a file.</summary>
    /// <param name="variable">Which variable.</param>
    /// <param name="time">To the second, from 1900 to 9999.</param>
    /// <param name="content">Signature lists (<see cref="EfiSignatureList.Write"/>).</param>
    /// <param name="certificate">Of the key that will sign.</param>
    public static ToBeSigned Prepare(EfiVariable variable, DateTimeOffset time, byte[] content, Certificate certificate)
    {
        var stamp = WriteTime(time);
        var signed = DetachedCms.PrepareBare(Digest(variable, stamp, content), certificate);
        return new ToBeSigned(signed.Digest.AsSpan(), signature =>
        {
            var data = signed.Complete(signature);
            var header = new byte[CertificateHeaderLength]; // WIN_CERTIFICATE_UEFI_GUID
            BinaryPrimitives.WriteUInt32LittleEndian(header, (uint)(CertificateHeaderLength + data.Length));
            BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(4), Revision);
            BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(6), CertificateTypeGuid);
            Pkcs7.ToMixedEndian().CopyTo(header, 8);
            return [.. stamp, .. header, .. data, .. content];
        });
    }

    /// <summary>Reads a file.</summary>
    /// <exception cref="DamagedInputException">It is none.</exception>
    public static AuthenticatedVariable Read(ReadOnlySpan<byte> bytes, string name = "authenticated variable")
    {
        if (bytes.Length is < TimeLength + CertificateHeaderLength or > MostBytes) throw new DamagedInputException($"{name}: an authenticated variable has {TimeLength + CertificateHeaderLength} to {MostBytes} bytes; found {bytes.Length}");
        var header = bytes[TimeLength..];
        var length = BinaryPrimitives.ReadUInt32LittleEndian(header);
        if (BinaryPrimitives.ReadUInt16LittleEndian(header[4..]) != Revision || BinaryPrimitives.ReadUInt16LittleEndian(header[6..]) != CertificateTypeGuid || Uuid.FromMixedEndian(header[8..]) != Pkcs7)
            throw new DamagedInputException($"{name}: an authenticated variable has a PKCS #7 signature (WIN_CERTIFICATE_UEFI_GUID) at offset {TimeLength}; something else is there");
        if (length < CertificateHeaderLength || length > header.Length) throw new DamagedInputException($"{name}: the signature says that it has {length} bytes, and {header.Length} are there");
        return new AuthenticatedVariable([.. bytes[..TimeLength]], ReadTime(bytes, name), [.. header[CertificateHeaderLength..(int)length]], [.. header[(int)length..]]);
    }

    /// <summary>Checks the signature.</summary>
    /// <param name="variable">Which variable it is for: that is signed too.</param>
    /// <param name="certificate">Of whom it must come.</param>
    /// <returns>Null where it is good; otherwise why not.</returns>
    public string? Verify(EfiVariable variable, Certificate certificate) => DetachedCms.Verify(_signature, Digest(variable, _time, Content), certificate);

    private static byte[] Digest(EfiVariable variable, byte[] time, byte[] content)
    {
        Span<byte> attributes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(attributes, Attributes);
        return SHA256.HashData([.. Encoding.Unicode.GetBytes(variable.Name), .. variable.Vendor.ToMixedEndian(), .. attributes, .. time, .. content]);
    }

    /// <summary>EFI_TIME in UTC: year, month, day, hour, minute, second; what follows must be zero here.</summary>
    private static byte[] WriteTime(DateTimeOffset time)
    {
        var utc = time.UtcDateTime;
        ArgumentOutOfRangeException.ThrowIfLessThan(utc.Year, 1900, nameof(time));
        var result = new byte[TimeLength];
        BinaryPrimitives.WriteUInt16LittleEndian(result, (ushort)utc.Year);
        (result[2], result[3], result[4], result[5], result[6]) = ((byte)utc.Month, (byte)utc.Day, (byte)utc.Hour, (byte)utc.Minute, (byte)utc.Second);
        return result;
    }

    private static DateTimeOffset ReadTime(ReadOnlySpan<byte> bytes, string name)
    {
        try
        {
            return new DateTimeOffset(BinaryPrimitives.ReadUInt16LittleEndian(bytes), bytes[2], bytes[3], bytes[4], bytes[5], bytes[6], TimeSpan.Zero);
        }
        catch (ArgumentOutOfRangeException e)
        {
            throw new DamagedInputException($"{name}: an authenticated variable begins with a time; found {Convert.ToHexStringLower(bytes[..TimeLength])}", e);
        }
    }
}
