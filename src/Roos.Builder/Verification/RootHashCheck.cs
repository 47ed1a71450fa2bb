using Roos.Core;
using Roos.Gpt;
using Roos.Signing;
using Roos.Verity;

namespace Roos.Builder.Verification;

/// <summary>
/// The partition with the signature of a root hash. A UKI vouches for its root hash too, so a disk need not have one; where it has, it
/// must be for the root hash that is used.
/// </summary>
internal sealed class RootHashCheck(IReadOnlyList<DiskPartition> partitions, Certificate? trusted, CheckLog log, ISet<int> covered)
{
    public void Run(string part, NamedRootHash hash)
    {
        var designator = hash.Designator == PartitionDesignator.Root ? PartitionDesignator.RootVeritySignature : PartitionDesignator.UsrVeritySignature;
        var candidates = partitions.Where(partition => partition.Designator == designator).ToList();
        if (candidates.Count == 0)
        {
            log.Absent(CheckNames.RootHash, part, "the disk has no partition with a signature of the root hash; the UKI alone vouches for it");
            return;
        }

        var reasons = new List<string>();
        foreach (var candidate in candidates)
        {
            try
            {
                var signature = RootHashSignature.Read(candidate.Content);
                if (signature.RootHash.AsSpan().SequenceEqual(hash.RootHash))
                {
                    covered.Add(candidate.Entry.Number);
                    Check(candidate.Name, hash, signature);
                    return;
                }

                reasons.Add($"{candidate.Name} is for the root hash {Convert.ToHexStringLower(signature.RootHash)}");
            }
            catch (DamagedInputException e)
            {
                reasons.Add(IsEmpty(candidate) ? $"{candidate.Name} is empty" : $"{candidate.Name}: {e.Message}");
            }
        }

        if (candidates.Count == 1) covered.Add(candidates[0].Entry.Number); // what it should have been for is clear
        if (trusted is null && candidates.All(IsEmpty)) log.Absent(CheckNames.RootHash, part, string.Join("; ", reasons));
        else log.Broken(CheckNames.RootHash, part, $"there is no signature of the root hash {Convert.ToHexStringLower(hash.RootHash)}: {string.Join("; ", reasons)}");
    }

    private void Check(string part, NamedRootHash hash, RootHashSignature signature)
    {
        if (trusted is null)
        {
            log.Unchecked(CheckNames.RootHash, part, $"it is for this root hash and, it says, by the certificate {Convert.ToHexStringLower(signature.CertificateFingerprint)}; --certificate is not given");
            return;
        }

        if (!signature.CertificateFingerprint.AsSpan().SequenceEqual(trusted.Fingerprint)) log.Broken(CheckNames.RootHash, part, $"it names the certificate {Convert.ToHexStringLower(signature.CertificateFingerprint)}, and that of {trusted.Subject} is {Convert.ToHexStringLower(trusted.Fingerprint)}");
        else if (DetachedCms.Verify(signature.Signature, RootHashSignature.DigestOf(hash.RootHash), trusted) is { } reason) log.Broken(CheckNames.RootHash, part, $"the signature is not good: {reason}");
        else log.Good(CheckNames.RootHash, part, $"signed by {ProgramCheck.Describe(trusted)}");
    }

    private static bool IsEmpty(DiskPartition partition) => Inspection.Inspector.IsBlank(partition.Content);
}
