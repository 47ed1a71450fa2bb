using Roos.Core.Bytes;

namespace Roos.Uki;

/// <summary>What a unified kernel image is made of. Absent parts have no section.</summary>
public sealed record UkiOptions
{
    /// <summary>systemd's EFI stub, unsigned: <c>usr/lib/systemd/boot/efi/linuxx64.efi.stub</c> of the target tree.</summary>
    public required ByteSource Stub { get; init; }

    /// <summary>The kernel: an EFI application for the same processor as the stub. Signed or not, it is taken as it is.</summary>
    public required ByteSource Linux { get; init; }

    /// <summary>Initrds in the order in which the kernel unpacks them; several are each filled with zeros to 4 bytes.</summary>
    public IReadOnlyList<ByteSource> Initrds { get; init; } = [];

    /// <summary>Processor microcode as an uncompressed cpio, put before the initrds by stubs from systemd 256 on.</summary>
    public ByteSource? Microcode { get; init; }

    /// <summary>Text of the target's os-release; systemd-boot takes the entry's title, version and sort key from it.</summary>
    public required string OsRelease { get; init; }

    /// <summary>
    /// The kernel's command line. It is stored as given, without a NUL or a newline: systemd-stub converts exactly the section's
    /// length, and that length is what is measured into PCR 11.
    /// </summary>
    public required string CommandLine { get; init; }

    /// <summary>The kernel's version as <c>uname -r</c> says it.</summary>
    public string? KernelVersion { get; init; }

    /// <summary>A BMP picture shown before the kernel starts.</summary>
    public ByteSource? Splash { get; init; }

    /// <summary>The device tree that is always used.</summary>
    public ByteSource? DeviceTree { get; init; }

    /// <summary>Device trees of which the stub takes the one that fits the machine.</summary>
    public IReadOnlyList<ByteSource> AutomaticDeviceTrees { get; init; } = [];

    /// <summary>The public key (PEM) that PCR signatures are checked with.</summary>
    public ByteSource? PcrPublicKey { get; init; }

    /// <summary>Signed policies over PCR 11 of the base profile (<see cref="PcrSignatures"/>), as JSON.</summary>
    public string? PcrSignature { get; init; }

    /// <summary>What the base profile calls itself where there are others.</summary>
    public UkiProfileName BaseProfile { get; init; } = new("main");

    /// <summary>Profiles besides the base, which is profile 0; these are 1, 2, … in this order.</summary>
    public IReadOnlyList<UkiProfile> Profiles { get; init; } = [];
}

/// <summary>How a profile is called.</summary>
/// <param name="Id">For programs: letters, digits, '-', '_' and '.'; the boot entry is <c>FILE.efi@ID</c>.</param>
/// <param name="Title">For people, in the boot menu; none: the Id is shown.</param>
public sealed record UkiProfileName(string Id, string? Title = null);

/// <summary>Another way to start the same kernel: what is set here takes the place of the base's, the rest is shared.</summary>
public sealed record UkiProfile
{
    public required UkiProfileName Name { get; init; }

    /// <summary>The whole command line, not an addition; null takes the base's.</summary>
    public string? CommandLine { get; init; }

    /// <summary>Null derives it from the base's so that the profile sorts after the base: see <see cref="Uki.OsRelease.ForProfile"/>.</summary>
    public string? OsRelease { get; init; }

    /// <summary>Signed policies over PCR 11 of this profile (<see cref="PcrSignatures"/>), as JSON; never shared with the base.</summary>
    public string? PcrSignature { get; init; }
}
