using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using Roos.Core.Bytes;

namespace Roos.Uki;

/// <summary>What PCR 11 will contain.</summary>
/// <param name="Profile">Which profile is started: its index.</param>
/// <param name="ProfileId">Its name; null where the UKI has no profiles.</param>
/// <param name="DeviceTree">Which of the device trees that are chosen by hardware is in use; null where there are none.</param>
/// <param name="Bank">In which bank.</param>
/// <param name="Phase">How far the boot has come (<see cref="PcrPhases"/>).</param>
/// <param name="Value">The register's value.</param>
public sealed record PcrValue(int Profile, string? ProfileId, int? DeviceTree, PcrBank Bank, string Phase, ImmutableArray<byte> Value);

/// <summary>
/// Predicts PCR 11, into which systemd-stub measures the UKI that it is part of, and systemd-pcrphase how far the boot has come.
/// Source: systemd-stub(7), systemd-measure(1).
/// </summary>
public static class PcrPrediction
{
    /// <summary>TPM2_PCR_KERNEL_BOOT.</summary>
    public const int Register = 11;

    private const int ChunkSize = 1 << 17;

    /// <summary>Kernels before 6.12 have some megabytes (uninitialised data).</summary>
    private const long MaximumZeros = 1 << 28;

    // Do not rearrange: this is the order in which the stub measures, whatever the order in the file. Source: the table
    // unified_sections of systemd 257 (src/fundamental/uki.c), without .pcrsig, which cannot sign what it is part of.
    private static readonly string[] Measured =
    [
        UkiSections.Linux,
        UkiSections.OsRelease,
        UkiSections.CommandLine,
        UkiSections.Initrd,
        UkiSections.Microcode,
        UkiSections.Splash,
        UkiSections.DeviceTree,
        UkiSections.KernelVersion,
        UkiSections.SecureBootGenerations,
        UkiSections.PcrPublicKey,
        UkiSections.Profile,
        UkiSections.AutomaticDeviceTree,
        UkiSections.HardwareIds,
    ];

    /// <summary>The values of a UKI that is planned; <see cref="UkiOptions.PcrSignature"/> has no part in them.</summary>
    /// <inheritdoc cref="Of(UkiContent, IEnumerable{PcrBank}?, IEnumerable{string}?)"/>
    public static IReadOnlyList<PcrValue> Of(UkiOptions options, IEnumerable<PcrBank>? banks = null, IEnumerable<string>? phases = null) =>
        Of(UkiReader.Read(UkiImage.Plan(options.WithoutPcrSignatures()).Bytes), banks, phases);

    /// <summary>The values of a UKI. Each section is read and hashed once, however many profiles and phases there are.</summary>
    /// <param name="uki">The UKI.</param>
    /// <param name="banks">Which banks; all where null.</param>
    /// <param name="phases">Which paths; <see cref="PcrPhases.Default"/> where null.</param>
    /// <returns>By profile, then device tree, then bank, then phase.</returns>
    /// <exception cref="Roos.Core.RoosException">A part of the UKI cannot be read, or is damaged.</exception>
    public static IReadOnlyList<PcrValue> Of(UkiContent uki, IEnumerable<PcrBank>? banks = null, IEnumerable<string>? phases = null)
    {
        PcrBank[] sortedBanks = [.. (banks ?? PcrBanks.All).Distinct().Order()];
        var sortedPhases = PcrPhases.Normalise(phases ?? PcrPhases.Default);
        CheckMemory(uki.Image);
        var digests = new SectionDigests(sortedBanks);
        var result = new List<PcrValue>();
        foreach (var profile in uki.Profiles)
        {
            var trees = profile.Sections.Where(section => section.Name == UkiSections.AutomaticDeviceTree).ToList();
            for (var tree = 0; tree < Math.Max(1, trees.Count); tree++)
            {
                var sections = InOrder(profile, tree < trees.Count ? trees[tree] : null);
                foreach (var bank in sortedBanks)
                {
                    var kernel = sections.Aggregate(new byte[bank.ValueLength()], (value, section) =>
                        Extend(bank, Extend(bank, value, NameDigest(bank, section.Name)), digests.Of(section, bank)));
                    foreach (var phase in sortedPhases)
                    {
                        var value = PcrPhases.Words(phase).Aggregate(kernel, (value, word) => Extend(bank, value, Hash(bank, Encoding.UTF8.GetBytes(word))));
                        result.Add(new PcrValue(profile.Index, profile.Id, tree < trees.Count ? tree : null, bank, phase, [.. value]));
                    }
                }
            }
        }

        return result;
    }

    internal static byte[] Hash(PcrBank bank, params ReadOnlySpan<byte> bytes) => CryptographicOperations.HashData(bank.Algorithm(), bytes);

    private static List<PeSection> InOrder(UkiProfileContent profile, PeSection? deviceTree)
    {
        var result = new List<PeSection>();
        foreach (var name in Measured)
        {
            var section = name == UkiSections.AutomaticDeviceTree ? deviceTree : profile.Sections.FirstOrDefault(section => section.Name == name);
            if (section is { VirtualSize: > 0 }) result.Add(section);
        }

        return result;
    }

    /// <summary>TPM2_PCR_Extend.</summary>
    private static byte[] Extend(PcrBank bank, byte[] value, byte[] digest) => Hash(bank, [.. value, .. digest]);

    private static byte[] NameDigest(PcrBank bank, string name) => Hash(bank, Encoding.Latin1.GetBytes(name + "\0"));

    /// <summary>A section that is longer in memory than in the file is measured with its zeros, and a few bytes can claim many of them.</summary>
    private static void CheckMemory(PeImage image)
    {
        var zeros = image.Sections.Sum(section => section.VirtualSize - section.Content.Length);
        if (zeros > MaximumZeros) throw image.Damaged($"its sections have at most {MaximumZeros} bytes more in memory than in the file; found {zeros}");
    }

    /// <summary>Digests of what sections hold in memory, all banks in one pass.</summary>
    private sealed class SectionDigests(IReadOnlyList<PcrBank> banks)
    {
        private readonly Dictionary<PeSection, byte[][]> _known = new(ReferenceEqualityComparer.Instance);

        public byte[] Of(PeSection section, PcrBank bank)
        {
            if (!_known.TryGetValue(section, out var digests)) _known.Add(section, digests = Compute(section));
            for (var i = 0; i < banks.Count; i++)
            {
                if (banks[i] == bank) return digests[i];
            }

            throw new ArgumentOutOfRangeException(nameof(bank));
        }

        private byte[][] Compute(PeSection section)
        {
            IncrementalHash[] hashes = [.. banks.Select(bank => IncrementalHash.CreateHash(bank.Algorithm()))];
            try
            {
                var source = ByteSource.Concat([section.Content, ByteSource.Zeros(section.VirtualSize - section.Content.Length)]);
                var buffer = new byte[(int)Math.Min(ChunkSize, source.Length)];
                for (long at = 0; at < source.Length; at += buffer.Length)
                {
                    var chunk = buffer.AsSpan(0, (int)Math.Min(buffer.Length, source.Length - at));
                    source.Read(at, chunk);
                    foreach (var hash in hashes) hash.AppendData(chunk);
                }

                return [.. hashes.Select(hash => hash.GetHashAndReset())];
            }
            finally
            {
                foreach (var hash in hashes) hash.Dispose();
            }
        }
    }
}
