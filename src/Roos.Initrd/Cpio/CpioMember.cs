using Roos.Core.Bytes;

namespace Roos.Initrd.Cpio;

/// <summary>A member of a cpio archive as its header says, and its data where it lies.</summary>
/// <param name="Name">As stored, without the NUL: no leading slash is taken away and ".." is not refused.</param>
/// <param name="Mode">Type and permissions, as in <c>st_mode</c>.</param>
/// <param name="UserId">Owner.</param>
/// <param name="GroupId">Group.</param>
/// <param name="LinkCount">Number of names; members with the same inode number and 2 or more are one file.</param>
/// <param name="ModificationTime">Seconds since 1970.</param>
/// <param name="Inode">Unique within the archive (and device, which <see cref="DeviceMajor"/> and <see cref="DeviceMinor"/> name).</param>
/// <param name="DeviceMajor">Of the file system the file came from.</param>
/// <param name="DeviceMinor">Of the file system the file came from.</param>
/// <param name="SpecialMajor">Of a device node.</param>
/// <param name="SpecialMinor">Of a device node.</param>
/// <param name="Offset">Where the header begins in the archive.</param>
/// <param name="Data">The bytes of a file, or the target of a symbolic link.</param>
public sealed record CpioMember(
    ByteString Name,
    uint Mode,
    uint UserId,
    uint GroupId,
    uint LinkCount,
    uint ModificationTime,
    uint Inode,
    uint DeviceMajor,
    uint DeviceMinor,
    uint SpecialMajor,
    uint SpecialMinor,
    long Offset,
    ByteSource Data);
