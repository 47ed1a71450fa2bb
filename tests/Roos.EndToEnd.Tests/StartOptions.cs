namespace Roos.EndToEnd.Tests;

/// <summary>How a <see cref="VirtualMachine"/> is turned on.</summary>
internal sealed record StartOptions
{
    /// <summary>
    /// Firmware that knows Secure Boot and keeps its variables where only it can write (in SMM). It is in setup mode until keys are enrolled: then it starts only
    /// what they signed.
    /// </summary>
    public bool SecureBoot { get; init; }

    /// <summary>What a host may add to the kernel command line of its guest, through SMBIOS.</summary>
    public string KernelArguments { get; init; } = "";
}
