using System.Text;
using Roos.Builder.Pipeline;
using Roos.Builder.Repart;
using Roos.Builder.Signing;
using Roos.Builder.Terminal;
using Roos.Builder.Workspaces;
using Roos.Core.Bytes;
using Roos.Core.Identity;
using Roos.Core.Tree;
using Roos.Erofs;
using Roos.Signing;
using Roos.Verity;

namespace Roos.Builder.Extensions;

/// <summary>The disk image of an extension (a discoverable disk image): root, hash tree, and the signature of its root hash, as <c>systemd-repart --make-ddi</c> lays them out, but compressed.</summary>
internal static class ExtensionImage
{
    private const string Request = "verity-root";

    // repart/definitions/sysext.repart.d of systemd 257 and its confext counterpart; an extension has nothing but what is copied.
    private static readonly (string Name, string Text)[] Definitions =
    [
        ("10-root.conf", "[Partition]\nType=root\nFormat=erofs\nCompression=zstd\nCopyFiles=/\nVerity=data\nVerityMatchKey=root\nMinimize=best\n"),
        ("20-root-verity.conf", "[Partition]\nType=root-verity\nVerity=hash\nVerityMatchKey=root\nMinimize=best\n"),
        ("30-root-verity-sig.conf", "[Partition]\nType=root-verity-sig\nVerity=signature\nVerityMatchKey=root\n"),
    ];

    /// <summary>How an image is made.</summary>
    public sealed record Options
    {
        /// <summary>From it and the extension's name come its UUIDs and salt.</summary>
        public required BuildIdentity Identity { get; init; }

        public required string Architecture { get; init; }

        /// <summary>Threads at work; the bytes do not depend on it.</summary>
        public required int Workers { get; init; }

        public Func<ErofsOptions, ErofsOptions>? Layout { get; init; }
    }

    /// <summary>Makes the image.</summary>
    /// <param name="kind">What it extends.</param>
    /// <param name="name">Its name.</param>
    /// <param name="tree">Complete, with its release file.</param>
    /// <param name="plan">Whose certificate vouches for the root hash; without one there is no partition for a signature.</param>
    /// <param name="signatures">Makes the signature.</param>
    /// <param name="options">How.</param>
    /// <param name="workspace">Keeps what the image is read from.</param>
    /// <param name="cache">Of compressed extents.</param>
    /// <param name="progress">Tells the user.</param>
    /// <param name="cancellation">Ends it.</param>
    public static (IImage Image, byte[] RootHash) Make(
        ExtensionKind kind, string name, FileTree tree, SigningPlan plan, ISignatureSource signatures, Options options, Workspace workspace, CompressionCache cache, BuildProgress progress, CancellationToken cancellation)
    {
        // Two extensions of an appliance must not be alike to udev.
        var identity = options.Identity with { Seed = new Seed(Seed.Derive(options.Identity.Seed.Value, Encoding.UTF8.GetBytes($"{kind.Name} {name}"))) };
        var specifiers = new RepartSpecifiers { Architecture = options.Architecture };
        var definitions = Definitions.Select(item => RepartReader.Parse($"{kind.Name}/{item.Name}", item.Text, specifiers)).Where(definition => plan.Verity is not null || definition.Verity != VerityRole.Signature).ToList();
        var partitions = new PartitionImages(definitions, identity, options.Workers, options.Layout, workspace, cache, progress);
        partitions.MakeVerityProtected(tree, cancellation);
        var rootHash = partitions.RootHashes["root"];
        var signature = plan.Verity is { } certificate ? Sign(rootHash, certificate, plan, signatures, name, cancellation) : null;
        var disk = DiskPlanner.Plan(definitions, identity.Seed, definition => partitions.ContentOf(definition) switch
        {
            FixedContent content => new SourceImage(content.Bytes),
            RootHashSignatureContent => signature!.ToImage(PartitionSizes.SignatureLength),
            _ => null,
        }, partitions.RootHashes, specifiers);
        return (disk.Disk, rootHash);
    }

    private static RootHashSignature Sign(byte[] rootHash, Certificate certificate, SigningPlan plan, ISignatureSource signatures, string name, CancellationToken cancellation)
    {
        var round = new SignatureRound(plan, signatures);
        round.Add(Request, $"root hash of the extension {name}", SigningRole.Verity, DetachedCms.Prepare(RootHashSignature.DigestOf(rootHash), certificate));
        return new RootHashSignature(rootHash, certificate.Fingerprint, round.Complete(cancellation)[Request]);
    }
}
