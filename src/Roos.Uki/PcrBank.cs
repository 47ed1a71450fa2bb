using System.Security.Cryptography;
using Roos.Core;

namespace Roos.Uki;

/// <summary>
/// A bank of platform configuration registers: a TPM keeps each register once per hash algorithm. The values are the algorithms' numbers.
/// Source: TCG, "TPM 2.0 Library", part 2, 6.3, TPM_ALG_ID.
/// </summary>
public enum PcrBank : ushort
{
    Sha1 = 0x0004,
    Sha256 = 0x000b,
    Sha384 = 0x000c,
    Sha512 = 0x000d,
}

/// <summary>Names and sizes of banks.</summary>
public static class PcrBanks
{
    /// <summary>All of them, in the order in which systemd-measure shows them.</summary>
    public static IReadOnlyList<PcrBank> All { get; } = [PcrBank.Sha1, PcrBank.Sha256, PcrBank.Sha384, PcrBank.Sha512];

    /// <summary>As tpm2-tools and systemd write it: <c>sha256</c>.</summary>
    public static string Name(this PcrBank bank) => bank switch
    {
        PcrBank.Sha1 => "sha1",
        PcrBank.Sha256 => "sha256",
        PcrBank.Sha384 => "sha384",
        PcrBank.Sha512 => "sha512",
        _ => throw new ArgumentOutOfRangeException(nameof(bank)),
    };

    /// <summary>Reads a name, in capitals or not.</summary>
    /// <exception cref="RoosException">There is no bank of that name.</exception>
    public static PcrBank Parse(string name) => Find(name) ?? throw new RoosException($"the banks of a TPM are {string.Join(", ", All.Select(Name))}; found \"{name}\"");

    /// <summary>As <see cref="Parse"/>, but null where there is none.</summary>
    public static PcrBank? Find(string name)
    {
        foreach (var bank in All)
        {
            if (string.Equals(bank.Name(), name, StringComparison.OrdinalIgnoreCase)) return bank;
        }

        return null;
    }

    /// <summary>Length of a register's value in bytes.</summary>
    public static int ValueLength(this PcrBank bank) => bank switch
    {
        PcrBank.Sha1 => SHA1.HashSizeInBytes,
        PcrBank.Sha256 => SHA256.HashSizeInBytes,
        PcrBank.Sha384 => SHA384.HashSizeInBytes,
        PcrBank.Sha512 => SHA512.HashSizeInBytes,
        _ => throw new ArgumentOutOfRangeException(nameof(bank)),
    };

    internal static HashAlgorithmName Algorithm(this PcrBank bank) => new(bank.Name().ToUpperInvariant());
}
