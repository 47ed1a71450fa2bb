using Roos.Builder.Inspection;
using Roos.Core;
using Roos.Core.Bytes;
using Roos.Gpt;
using Roos.Uki;

namespace Roos.Builder.Verification;

/// <summary>
/// Follows the chain of trust through an image, offline, as a machine does when it starts: firmware, boot loader, UKI, root hash, every
/// block. All checks are made whatever comes out; the first broken one is where the chain ends.
/// </summary>
internal static class ImageVerification
{
    /// <param name="path">Where the image is; files beside it are looked at too.</param>
    /// <param name="image">A GPT disk, or an EFI program such as a UKI.</param>
    /// <param name="trust">Whom to trust.</param>
    /// <param name="workers">Threads that hash.</param>
    /// <param name="seen">Told of each check at once.</param>
    /// <param name="cancellation">Ends it early.</param>
    /// <exception cref="RoosException">It is something else.</exception>
    public static VerificationReport Run(string path, ByteSource image, TrustAnchors trust, int workers = 1, Action<CheckLine>? seen = null, CancellationToken cancellation = default)
    {
        var log = new CheckLog(seen);
        if (GptTable.IsPresent(image)) VerifyDisk(image, trust, workers, log, cancellation);
        else if (Inspector.IsProgram(image)) VerifyPrograms([new BootFile(Path.GetFileName(path), image)], trust, log);
        else throw new RoosException($"{path}: this is neither a GPT disk nor an EFI program, and the chain of trust is in these; for a root file system with its hash tree use: roos verity verify");
        ChecksumCheck.Run(path, image, trust.OpenPgp, log);
        return new VerificationReport(log.Lines, trust.SecureBoot is not null);
    }

    private static void VerifyDisk(ByteSource image, TrustAnchors trust, int workers, CheckLog log, CancellationToken cancellation)
    {
        // 1. What firmware sees: partitions, and the file system with the boot loader.
        var partitions = PartitionTableCheck.Run(image, log);
        var files = BootFileSystemCheck.Run(partitions, log);

        // 2. What firmware will be told to trust, where the image enrolls keys.
        EnrollmentCheck.Run(files, trust.SecureBoot, log);

        // 3. What it starts: boot loaders, then UKIs and what they name.
        var hashes = VerifyPrograms(files, trust, log);
        if (files.Count > 0 && hashes.Count == 0) log.Broken(CheckNames.Volume, "disk", "no UKI names a root hash, so nothing vouches for a root file system");

        // 4. The root file systems, block for block.
        var volumes = new VolumeCheck(partitions, trust, workers, log, cancellation);
        foreach (var hash in hashes) volumes.Run(hash);

        // 5. What nothing vouches for.
        foreach (var partition in partitions.Where(partition => partition.Designator is not (PartitionDesignator.Esp or PartitionDesignator.ExtendedBootLoader) && !volumes.Covered.Contains(partition.Entry.Number)))
        {
            if (Inspector.IsBlank(partition.Content)) log.Absent(CheckNames.Uncovered, partition.Name, "empty");
            else log.Unchecked(CheckNames.Uncovered, partition.Name, "no UKI names it, so nothing vouches for what is in it");
        }
    }

    /// <returns>The root hashes that UKIs name, each once.</returns>
    private static List<NamedRootHash> VerifyPrograms(IReadOnlyList<BootFile> files, TrustAnchors trust, CheckLog log)
    {
        var hashes = new List<NamedRootHash>();
        var programs = files.Where(file => file.IsProgram).ToLookup(file => PeImage.TryRead(file.Content)?.Find(UkiSections.Linux) is not null);
        foreach (var program in programs[false]) ProgramCheck.Run(CheckNames.Program, program.Path, program.Content, trust.SecureBoot, log);
        foreach (var uki in programs[true])
        {
            foreach (var hash in UkiCheck.Run(uki.Path, uki.Content, trust, log))
            {
                if (!hashes.Any(known => known.Designator == hash.Designator && known.RootHash.AsSpan().SequenceEqual(hash.RootHash))) hashes.Add(hash);
            }
        }

        return hashes;
    }
}
