using Roos.Core.Identity;

namespace Roos.Signing.Efi;

/// <summary>A variable of Secure Boot. Source: UEFI Specification, 3.3 "Globally Defined Variables" and 32.6.1.</summary>
/// <param name="Name">Case counts.</param>
/// <param name="Vendor">Whose name it is.</param>
public sealed record EfiVariable(string Name, Uuid Vendor)
{
    private static readonly Uuid Global = Uuid.Parse("8be4df61-93ca-11d2-aa0d-00e098032b8c"); // EFI_GLOBAL_VARIABLE
    private static readonly Uuid Security = Uuid.Parse("d719b2cb-3d3a-4596-a3bc-dad00e67656f"); // EFI_IMAGE_SECURITY_DATABASE_GUID

    /// <summary>Whose certificate may change KEK; once it is there, setup mode ends.</summary>
    public static EfiVariable PlatformKey { get; } = new("PK", Global);

    /// <summary>Whose certificates may change db and dbx.</summary>
    public static EfiVariable KeyExchangeKeys { get; } = new("KEK", Global);

    /// <summary>What may be started.</summary>
    public static EfiVariable Signatures { get; } = new("db", Security);

    /// <summary>What may not, whatever db says.</summary>
    public static EfiVariable ForbiddenSignatures { get; } = new("dbx", Security);

    /// <summary>All of them, as they depend on each other.</summary>
    public static IReadOnlyList<EfiVariable> All { get; } = [PlatformKey, KeyExchangeKeys, Signatures, ForbiddenSignatures];

    public override string ToString() => Name;
}
