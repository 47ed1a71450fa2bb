using System.Globalization;
using System.Text;
using Roos.Builder.Publishing;
using Roos.Builder.Repart;
using Roos.Builder.Signing;
using Roos.Builder.Terminal;
using Roos.Builder.Workspaces;
using Roos.Core.Bytes;
using Roos.Core.Tree;
using Roos.Fat;
using Roos.Gpt;
using Roos.Signing;
using Roos.Signing.OpenPgp;
using Roos.Uki;
using Roos.Verity;

namespace Roos.Builder.Pipeline;

/// <summary>
/// From a prepared image to outputs. Each signature waits for those before it, so there are up to four rounds: the parts; the
/// policies over PCR 11, which measures the signed kernel; the UKI, which has the policies; the list of all outputs.
/// </summary>
internal sealed class ImageAssembly(PreparedImage image, ISignatureSource signatures, OutputSet outputs, BuildProgress progress)
{
    private static readonly IReadOnlyList<PcrBank> PcrBanks = [PcrBank.Sha256]; // what mkosi signs for

    private const string LoaderName = "systemd-boot", KernelName = "kernel", UkiName = "uki", SumsName = "sha256sums";

    private readonly SigningPlan _plan = image.Signing;

    /// <summary>Makes all outputs of the images and moves them into <paramref name="directory"/>; the last image's OpenPGP key signs the list of them.</summary>
    /// <exception cref="SignaturesWantedException">A round of signatures has to be made elsewhere first; the directory is as it was.</exception>
    public static IReadOnlyCollection<Output> Complete(
        IReadOnlyList<(PreparedImage Image, ISignatureSource Signatures)> images, Workspace workspace, string directory, BuildProgress progress, CancellationToken cancellation)
    {
        var outputs = new OutputSet(workspace, directory);
        var assemblies = images.Select(item => new ImageAssembly(item.Image, item.Signatures, outputs, images.Count == 1 ? progress : new ImageProgress(progress, item.Image.Name))).ToList();
        foreach (var assembly in assemblies) assembly.MakeOutputs(cancellation);
        assemblies[^1].SignList(cancellation);
        outputs.Commit();
        return outputs.Outputs;
    }

    private void MakeOutputs(CancellationToken cancellation)
    {
        // 1. What can be signed by itself.
        var parts = SignParts(cancellation);
        var loader = parts.TryGetValue(LoaderName, out var loaderSignature) ? SignedPe.Plan(image.BootLoader, [loaderSignature], "systemd-boot").Bytes : image.BootLoader;

        // 2. The unified kernel image and its policies.
        var kernel = parts.TryGetValue(KernelName, out var kernelSignature) ? SignedKernel(kernelSignature).Bytes : image.Uki.Linux;
        var uki = AddPolicies(Options(kernel), cancellation);

        // 3. The UKI's own signature.
        var program = outputs.Add(image.Uki.FileName, SignUki(UkiImage.Plan(uki), cancellation), [], cancellation);

        // 4. The disk.
        using (var step = progress.Begin("Disk"))
        {
            var contents = image.Disk.Partitions.Select(partition => ContentOf(partition.Content, program, loader, parts)).ToArray();
            var disk = GptDisk.Plan(new GptDiskOptions
            {
                DiskUuid = image.Disk.Uuid,
                Length = image.Disk.Length,
                Partitions = [.. image.Disk.Partitions.Zip(contents, (partition, content) => partition.Partition with { Content = content })],
            });
            outputs.Add($"{image.Name}.{image.DiskExtension}", disk, [], cancellation);
            foreach (var (partition, content) in image.Disk.Partitions.Zip(contents))
            {
                if (partition.ArtifactName is null) continue;

                // Without the zeros up to the end of its slot: a download has the size of what is in it.
                outputs.Add(partition.ArtifactName, content ?? new SourceImage(ByteSource.Zeros(partition.Partition.Size)), [], cancellation);
            }

            foreach (var (name, content) in image.Outputs) outputs.Add(name, new SourceImage(content), [], cancellation);
            step.Result = string.Create(CultureInfo.InvariantCulture, $"{image.Disk.Partitions.Count} partitions");
        }
    }

    /// <summary>What vouches for all outputs.</summary>
    private void SignList(CancellationToken cancellation)
    {
        if (_plan.OpenPgp is not { } key) return;

        // No verifier takes a signature that is older than its key.
        var time = Math.Max(image.Clock.Seconds, key.CreationTime.ToUnixTimeSeconds());
        var round = new SignatureRound(_plan, signatures);
        var sums = ByteSource.FromMemory(outputs.ManifestText());
        round.Add(SumsName, OutputSet.Manifest, SigningRole.OpenPgp, OpenPgpSignature.Prepare(sums, key, DateTimeOffset.FromUnixTimeSeconds(time)));
        outputs.SignManifest(round.Complete(cancellation)[SumsName]);
    }

    private IReadOnlyDictionary<string, byte[]> SignParts(CancellationToken cancellation)
    {
        var round = new SignatureRound(_plan, signatures);
        if (_plan.SecureBoot is { } certificate)
        {
            round.Add(LoaderName, "systemd-boot", SigningRole.SecureBoot, AuthenticodeSignature.Prepare(PeDigest.Sha256(image.BootLoader), certificate, null));
            round.Add(KernelName, $"the kernel {image.Uki.KernelVersion} inside the UKI", SigningRole.SecureBoot, AuthenticodeSignature.Prepare(PeDigest.Sha256(image.Uki.Linux), certificate, null));
            if (_plan.Enrollment is { } lists)
            {
                foreach (var (name, variable, list) in EnrollmentFiles.Variables(lists))
                    round.Add(name, $"firmware variable {variable}", SigningRole.SecureBoot, EnrollmentFiles.Prepare(variable, list, image.Clock, certificate));
            }
        }

        if (_plan.Verity is { } verity)
        {
            foreach (var content in image.Disk.Partitions.Select(partition => partition.Content).OfType<RootHashSignatureContent>())
                round.Add(RequestName(content), $"root hash {Convert.ToHexStringLower(content.RootHash)}", SigningRole.Verity, DetachedCms.Prepare(RootHashSignature.DigestOf(content.RootHash), verity));
        }

        return round.Complete(cancellation);
    }

    /// <summary>After the distribution's own signature, as sbsign does it for mkosi.</summary>
    private SignedPe SignedKernel(byte[] signature) => SignedPe.Plan(image.Uki.Linux, [.. CertificateTable.Read(image.Uki.Linux), signature]);

    private UkiOptions Options(ByteSource kernel) => new()
    {
        Stub = image.Uki.Stub,
        Linux = kernel,
        Initrds = image.Uki.Initrds,
        Microcode = image.Uki.Microcode,
        OsRelease = image.Uki.OsRelease,
        CommandLine = image.Uki.CommandLine,
        KernelVersion = image.Uki.KernelVersion,
        Profiles = [.. image.Uki.Profiles.Select(profile => new UkiProfile { Name = new UkiProfileName(profile.Id, profile.Title), CommandLine = profile.CommandLine })],
    };

    /// <summary>Signs a policy for each profile, bank and phase, and puts the signatures into the UKI.</summary>
    private UkiOptions AddPolicies(UkiOptions options, CancellationToken cancellation)
    {
        if (_plan.Pcr is not { } key) return options;
        using var step = progress.Begin("PCR 11");
        options = options with { PcrPublicKey = ByteSource.FromMemory(Encoding.UTF8.GetBytes(key.ToPem())) };
        var policies = PcrPrediction.Of(options, PcrBanks).Select(value => new PcrPolicy(value)).ToList();
        var round = new SignatureRound(_plan, signatures);
        foreach (var policy in policies) round.Add(RequestName(policy), Description(policy), SigningRole.Pcr, policy.ToBeSigned);
        var done = round.Complete(cancellation);
        return options.WithPcrSignatures([.. policies.Select(policy => new PcrSignature(policy, key, done[RequestName(policy)]))]);
    }

    private IImage SignUki(UkiImage planned, CancellationToken cancellation)
    {
        if (_plan.SecureBoot is not { } certificate) return planned;
        using var step = progress.Begin("UKI");
        var program = planned.Bytes;
        var round = new SignatureRound(_plan, signatures);
        round.Add(UkiName, $"{image.Uki.FileName}, the unified kernel image", SigningRole.SecureBoot, AuthenticodeSignature.Prepare(PeDigest.Sha256(program), certificate, null));
        return SignedPe.Plan(program, [round.Complete(cancellation)[UkiName]]);
    }

    private IImage? ContentOf(PreparedContent? content, ByteSource uki, ByteSource loader, IReadOnlyDictionary<string, byte[]> parts) => content switch
    {
        null => null,
        FixedContent it => new SourceImage(it.Bytes),
        RootHashSignatureContent it => new RootHashSignature(it.RootHash, _plan.Verity!.Fingerprint, parts[RequestName(it)]).ToImage(PartitionSizes.SignatureLength),
        FatContent it => MakeFat(it, uki, loader, parts),
        _ => throw new InvalidOperationException($"{content.GetType()} is no content of a partition"),
    };

    private FatImage MakeFat(FatContent content, ByteSource uki, ByteSource loader, IReadOnlyDictionary<string, byte[]> parts)
    {
        var tree = new FileTreeBuilder();
        foreach (var entry in content.Entries)
        {
            var metadata = new FileMetadata(entry.Kind == FatEntryKind.Directory ? 0x1edu : 0x1a4u) { ModificationTime = entry.Time };
            switch (entry.Kind)
            {
                case FatEntryKind.Directory: tree.SetDirectory(entry.Path, metadata); break;
                case FatEntryKind.Uki: tree.Set(entry.Path, new RegularFile(metadata, uki)); break;
                case FatEntryKind.BootLoader: tree.Set(entry.Path, new RegularFile(metadata, loader)); break;
                default: tree.Set(entry.Path, new RegularFile(metadata, entry.Content!)); break;
            }
        }

        if (_plan.Enrollment is { } lists && content.Entries.Any(entry => entry.Kind == FatEntryKind.Uki))
        {
            foreach (var (name, variable, _) in EnrollmentFiles.Variables(lists))
                tree.Set($"{EnrollmentFiles.Folder}/{EnrollmentFiles.FileName(variable)}", new RegularFile(new FileMetadata(0x1a4) { ModificationTime = image.Clock }, ByteSource.FromMemory(parts[name])));
        }

        return FatImage.Plan(tree.Build(), new FatOptions { Size = content.Size, VolumeId = content.VolumeId, MaximumTime = content.MaximumTime });
    }

    private static string RequestName(RootHashSignatureContent content) => "verity-" + content.Name;

    private static string RequestName(PcrPolicy policy) => $"pcr11-{policy.Value.ProfileId ?? "main"}-{policy.Value.Bank.Name()}-{policy.Value.Phase.Replace(':', '-')}".ToLowerInvariant();

    private static string Description(PcrPolicy policy) => $"PCR 11 of profile {policy.Value.ProfileId ?? "main"} in bank {policy.Value.Bank.Name()} at {policy.Value.Phase}";
}
