using System.Buffers.Text;
using Roos.Core;

namespace Roos.Initrd.Cpio;

/// <summary>
/// The header of a member of a cpio archive in the "new ASCII" format (newc): the magic 070701 and 13 numbers of 8 hexadecimal
/// digits, 110 bytes. Source: Documentation/driver-api/early-userspace/buffer-format.rst of the kernel (<c>c_ino</c> to <c>c_chksum</c>).
/// After it come the name with a NUL, zeros up to a multiple of 4, the data, and zeros up to a multiple of 4.
/// </summary>
internal readonly record struct NewcHeader
{
    /// <summary>Bytes of a header.</summary>
    public const int Size = 110;

    /// <summary>What member names and data are aligned to, counted from the start of the archive.</summary>
    public const int Alignment = 4;

    /// <summary>Longest path with its NUL that the kernel unpacks (PATH_MAX); longer members are skipped without a word.</summary>
    public const int MaximumNameSize = 4096;

    /// <summary>Longest symbolic link target that the kernel unpacks (PATH_MAX).</summary>
    public const int MaximumLinkTarget = 4096;

    /// <summary>Longest name in a directory (NAME_MAX).</summary>
    public const int MaximumEntryName = 255;

    private const int FieldCount = 13;

    /// <summary>The name of the member that ends an archive.</summary>
    public static ReadOnlySpan<byte> TrailerName => "TRAILER!!!"u8;

    private static ReadOnlySpan<byte> Magic => "070701"u8;

    /// <summary>Magic of the format with checksums, which the kernel accepts too (since 5.19) and which has the same fields.</summary>
    private static ReadOnlySpan<byte> ChecksumMagic => "070702"u8;

    public uint Inode { get; init; }

    public uint Mode { get; init; }

    public uint UserId { get; init; }

    public uint GroupId { get; init; }

    public uint LinkCount { get; init; }

    /// <summary>Seconds since 1970.</summary>
    public uint ModificationTime { get; init; }

    /// <summary>Bytes of data; the length of the target for a symbolic link.</summary>
    public uint FileSize { get; init; }

    public uint DeviceMajor { get; init; }

    public uint DeviceMinor { get; init; }

    /// <summary>Of a device node.</summary>
    public uint SpecialMajor { get; init; }

    /// <summary>Of a device node.</summary>
    public uint SpecialMinor { get; init; }

    /// <summary>Bytes of the name with its NUL.</summary>
    public uint NameSize { get; init; }

    public uint Checksum { get; init; }

    /// <summary>True where <paramref name="bytes"/> begin with a magic of this format.</summary>
    public static bool HasMagic(ReadOnlySpan<byte> bytes) => bytes.StartsWith(Magic) || bytes.StartsWith(ChecksumMagic);

    /// <param name="bytes">At least <see cref="Size"/> bytes.</param>
    /// <param name="offset">Where they are in the archive, for messages.</param>
    /// <exception cref="DamagedInputException">They are not a header.</exception>
    public static NewcHeader Parse(ReadOnlySpan<byte> bytes, long offset)
    {
        if (!HasMagic(bytes)) throw new DamagedInputException($"a cpio member must begin with 070701 or 070702, which is not so at offset {offset}: the archive is damaged");
        Span<uint> fields = stackalloc uint[FieldCount];
        for (var i = 0; i < FieldCount; i++)
        {
            var digits = bytes.Slice(6 + (i * 8), 8);
            if (!Utf8Parser.TryParse(digits, out fields[i], out var used, 'x') || used != 8)
            {
                throw new DamagedInputException($"the numbers of a cpio header must be 8 hexadecimal digits, which field {i + 1} of the one at offset {offset} is not: the archive is damaged");
            }
        }

        return new NewcHeader
        {
            Inode = fields[0],
            Mode = fields[1],
            UserId = fields[2],
            GroupId = fields[3],
            LinkCount = fields[4],
            ModificationTime = fields[5],
            FileSize = fields[6],
            DeviceMajor = fields[7],
            DeviceMinor = fields[8],
            SpecialMajor = fields[9],
            SpecialMinor = fields[10],
            NameSize = fields[11],
            Checksum = fields[12],
        };
    }

    /// <summary>Writes the <see cref="Size"/> bytes.</summary>
    public void Write(Span<byte> bytes)
    {
        ReadOnlySpan<uint> fields =
        [
            Inode, Mode, UserId, GroupId, LinkCount, ModificationTime, FileSize,
            DeviceMajor, DeviceMinor, SpecialMajor, SpecialMinor, NameSize, Checksum,
        ];
        Magic.CopyTo(bytes);
        for (var i = 0; i < FieldCount; i++) _ = Utf8Formatter.TryFormat(fields[i], bytes.Slice(6 + (i * 8), 8), out _, new('X', 8));
    }

    public static long AlignUp(long offset, int alignment) => (offset + alignment - 1) / alignment * alignment;
}
