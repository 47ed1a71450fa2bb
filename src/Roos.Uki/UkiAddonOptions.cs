using Roos.Core.Bytes;

namespace Roos.Uki;

/// <summary>
/// What an addon brings to a UKI that is started: systemd-stub takes the addons that firmware trusts from <c>UKI.efi.extra.d/</c> beside the UKI and from
/// <c>loader/addons/</c> of the ESP (systemd-stub(7)). Absent parts have no section.
/// </summary>
public sealed record UkiAddonOptions
{
    /// <summary>systemd's stub for addons, unsigned: <c>usr/lib/systemd/boot/efi/addonx64.efi.stub</c>.</summary>
    public required ByteSource Stub { get; init; }

    /// <summary>What is put behind the UKI's command line.</summary>
    public string? CommandLine { get; init; }

    /// <summary>The kernel version that it is for: with UKIs of other versions it is not used.</summary>
    public string? KernelVersion { get; init; }

    /// <summary>Initrds behind the UKI's.</summary>
    public IReadOnlyList<ByteSource> Initrds { get; init; } = [];

    /// <summary>Processor microcode as an uncompressed cpio.</summary>
    public ByteSource? Microcode { get; init; }

    /// <summary>An overlay for the device tree.</summary>
    public ByteSource? DeviceTree { get; init; }

    /// <summary>Device trees of which the stub takes the one that fits the machine.</summary>
    public IReadOnlyList<ByteSource> AutomaticDeviceTrees { get; init; } = [];
}
