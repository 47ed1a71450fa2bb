namespace Roos.EndToEnd.Tests;

/// <summary>How a <see cref="VirtualMachine"/> is turned on.</summary>
internal sealed record StartOptions
{
    /// <summary>
    /// Firmware that knows Secure Boot and keeps its variables where only it can write (in SMM). It is in setup mode until keys are enrolled: then it starts only
    /// what they signed.
    /// </summary>
    public bool SecureBoot { get; init; }

    /// <summary>The firmware's UUID, of which the machine ID is made; null for a machine without.</summary>
    public string? Uuid { get; init; } = VirtualMachine.Uuid;

    /// <summary>Whether it has a TPM.</summary>
    public bool Tpm { get; init; } = true;

    /// <summary>Who logs in: DEFAULT_USER of the image.</summary>
    public string User { get; init; } = "roos";

    /// <summary>A second disk, behind the first.</summary>
    public string? SecondDisk { get; init; }

    /// <summary>Whether a restart starts it again, as a real machine; without, the machine is off then.</summary>
    public bool Restarts { get; init; }

    /// <summary>What a host may add to the kernel command line of its guest, through SMBIOS.</summary>
    public string KernelArguments { get; init; } = "";
}
