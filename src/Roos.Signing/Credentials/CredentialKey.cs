using System.Security.Cryptography;
using Roos.Core;
using Roos.Core.Identity;

namespace Roos.Signing.Credentials;

/// <summary>What a credential is encrypted with. Those that a TPM has a part in can only be made and read on the machine with that TPM.</summary>
public sealed class CredentialKey
{
    // creds-util.h and creds-util.c of systemd 257.
    private static readonly Uuid NullId = Uuid.Parse("058469daf6f54324800549da0f8ea2fb"), HostId = Uuid.Parse("5a1c6a86df9d4096b1d5a65e0862f19a");

    private static readonly Uuid SecretApplication = Uuid.Parse("d3acecba0dad4cdfb8c9381528936c58");

    private static readonly Dictionary<Uuid, string> OfTpm = new()
    {
        [Uuid.Parse("0c7cc07b117645919c4b0bea08bc20fe")] = "a TPM",
        [Uuid.Parse("faf7eb9341e3412ca1a436f95a29362f")] = "a TPM, bound to signed measurements",
        [Uuid.Parse("93a894094874449090caf2fc93cab553")] = "a host key and a TPM",
        [Uuid.Parse("af4950a849134eb1a73846304ff30c05")] = "a host key and a TPM, bound to signed measurements",
    };

    private const int SecretLength = 4096, MachineIdLength = 16, MaximumSecret = 16 << 20;

    private readonly byte[] _secret;

    private CredentialKey(Uuid id, string description, byte[] secret) => (Id, Description, _secret) = (id, description, secret);

    /// <summary>No key at all: whoever has the credential can read it and make another. A machine with a TPM and Secure Boot refuses it.</summary>
    public static CredentialKey Null { get; } = new(NullId, "no key (null)", []);

    /// <summary>In words: "a host key".</summary>
    public string Description { get; }

    /// <summary>The 16 bytes that a credential begins with.</summary>
    internal Uuid Id { get; }

    /// <summary>AES-256, from the secret.</summary>
    internal byte[] Derive() => SHA256.HashData(_secret);

    /// <summary>The key of a machine: /var/lib/systemd/credential.secret.</summary>
    /// <param name="secretFile">The file: the machine's hashed ID (16 bytes), and the secret.</param>
    /// <param name="machineId">Whose it must be; null to take anybody's.</param>
    /// <param name="place">The file's name, for errors.</param>
    /// <exception cref="RoosException">It is no such file, or another machine's: that would delete it.</exception>
    public static CredentialKey Host(ReadOnlySpan<byte> secretFile, Uuid? machineId, string place)
    {
        if (secretFile.Length is <= MachineIdLength or > MaximumSecret) throw new RoosException($"{place}: a credential.secret has a machine ID of {MachineIdLength} bytes and a secret of {SecretLength}; this has {secretFile.Length} bytes");
        if (machineId is { } machine && !secretFile[..MachineIdLength].SequenceEqual(Hashed(machine).ToArray())) throw new RoosException($"{place}: belongs to another machine than {machine.ToHex()}, which would delete it");
        return new CredentialKey(HostId, "a host key", secretFile[MachineIdLength..].ToArray());
    }

    /// <summary>A credential.secret for a machine that has none yet. It must get there with mode 0400, before the machine makes its own.</summary>
    /// <param name="machineId">The machine's ID.</param>
    /// <param name="random">4096 random bytes.</param>
    public static byte[] NewSecretFile(Uuid machineId, ReadOnlySpan<byte> random)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(random.Length, SecretLength);
        return [.. Hashed(machineId).ToArray(), .. random];
    }

    /// <summary>What a credential with this ID is encrypted with; null for an ID that nobody knows.</summary>
    internal static string? Describe(Uuid id) => id == NullId ? Null.Description : id == HostId ? "a host key" : OfTpm.GetValueOrDefault(id);

    /// <summary>sd_id128_get_machine_app_specific(): the machine's ID is not to be known from the file.</summary>
    private static Uuid Hashed(Uuid machineId) => Seed.Derive(machineId, SecretApplication.ToArray());
}
