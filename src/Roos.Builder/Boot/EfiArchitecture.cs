using Roos.Core;

namespace Roos.Builder.Boot;

/// <summary>How UEFI calls a processor in file names. Source: UEFI specification, "Removable Media Boot Behavior".</summary>
/// <param name="Suffix">As in <c>linuxx64.efi.stub</c>.</param>
internal readonly record struct EfiArchitecture(string Suffix)
{
    /// <summary>What firmware starts from a disk of which it knows nothing: <c>BOOTX64.EFI</c>.</summary>
    public string FallbackName => $"BOOT{Suffix.ToUpperInvariant()}.EFI";

    /// <param name="architecture">As Architecture= has it.</param>
    /// <exception cref="RoosException">Roos makes no UKIs for it.</exception>
    public static EfiArchitecture Of(string architecture) => architecture switch
    {
        "x86-64" => new EfiArchitecture("x64"),
        "arm64" => new EfiArchitecture("aa64"),
        _ => throw new RoosException($"UEFI images are made for x86-64 and arm64; Architecture= is {architecture}"),
    };
}
