using System.Globalization;
using Roos.Core.Bytes;
using Roos.Gpt;
using Roos.Uki;
using Roos.Verity;

namespace Roos.Builder.Verification;

/// <summary>A root hash that a UKI has in its command line, so that whoever signed the UKI vouches for it.</summary>
/// <param name="Designator">Of the data partition: root or /usr.</param>
/// <param name="RootHash">32 bytes.</param>
/// <param name="Uki">Where it was first found.</param>
internal sealed record NamedRootHash(PartitionDesignator Designator, byte[] RootHash, string Uki);

/// <summary>A unified kernel image: its own signature, its kernel's, the command line and the signed policies of every profile.</summary>
internal static class UkiCheck
{
    /// <returns>The root hashes that its command lines name, each once.</returns>
    public static IReadOnlyList<NamedRootHash> Run(string part, ByteSource program, TrustAnchors trust, CheckLog log)
    {
        ProgramCheck.Run(CheckNames.Program, part, program, trust.SecureBoot, log);
        if (log.Guard(CheckNames.Program, part, () => UkiReader.Read(program)) is not { } uki) return [];
        foreach (var kernel in uki.Profiles.SelectMany(profile => profile.Sections).Where(section => section.Name == UkiSections.Linux).DistinctBy(section => (section.FileOffset, section.VirtualSize)))
            ProgramCheck.Run(CheckNames.Kernel, $"{part}: kernel", kernel.Content, trust.SecureBoot, log);
        var hashes = new List<NamedRootHash>();
        foreach (var profile in uki.Profiles)
        {
            var name = $"{part}: {NameOf(uki, profile)}";
            log.Guard(CheckNames.CommandLine, name, () => CheckCommandLine(name, part, profile, hashes, log));
        }

        PcrSignatureCheck.Run(part, uki, trust.Pcr, log);
        return hashes;
    }

    internal static string NameOf(UkiContent uki, UkiProfileContent profile) =>
        uki.Profiles.Length == 1 ? "command line" : string.Create(CultureInfo.InvariantCulture, $"profile {profile.Index}{(profile.Id is { } id ? $" ({id})" : "")}");

    private static void CheckCommandLine(string name, string part, UkiProfileContent profile, List<NamedRootHash> hashes, CheckLog log)
    {
        var text = profile.CommandLine ?? "";
        if (KernelCommandLine.Undermining(text) is { } word)
        {
            log.Broken(CheckNames.CommandLine, name, $"\"{word}\" takes verity away or leads it elsewhere");
            return;
        }

        var found = KernelCommandLine.RootHashes(text).ToList();
        if (found.Count == 0)
        {
            log.Broken(CheckNames.CommandLine, name, "there is no roothash= and no usrhash= in it, so the kernel would start any root file system");
            return;
        }

        foreach (var (designator, hex) in found)
        {
            if (hex.Length != VerityGeometry.DigestSize * 2 || !hex.All(char.IsAsciiHexDigit))
            {
                log.Broken(CheckNames.CommandLine, name, $"a root hash has {VerityGeometry.DigestSize * 2} hex digits; found \"{hex}\"");
                return;
            }

            if (found.Any(other => other.Designator == designator && !string.Equals(other.Hex, hex, StringComparison.OrdinalIgnoreCase)))
            {
                log.Broken(CheckNames.CommandLine, name, $"it names several root hashes: {string.Join(", ", found.Select(other => other.Hex))}");
                return;
            }
        }

        foreach (var (designator, hex) in found)
        {
            var hash = Convert.FromHexString(hex);
            if (!hashes.Any(known => known.Designator == designator && known.RootHash.AsSpan().SequenceEqual(hash))) hashes.Add(new NamedRootHash(designator, hash, part));
        }

        log.Good(CheckNames.CommandLine, name, string.Join(", ", found.Select(hash => $"{(hash.Designator == PartitionDesignator.Root ? "roothash" : "usrhash")}={hash.Hex}").Distinct()));
    }
}
