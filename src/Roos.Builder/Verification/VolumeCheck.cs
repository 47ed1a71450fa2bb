using System.Globalization;
using System.Security.Cryptography;
using Roos.Core;
using Roos.Core.Bytes;
using Roos.Core.Identity;
using Roos.Core.Tree;
using Roos.Erofs;
using Roos.Gpt;
using Roos.Signing;
using Roos.Verity;

namespace Roos.Builder.Verification;

/// <summary>
/// A verity volume that a UKI names: its partitions are found by the halves of the root hash, as veritysetup-generator finds them; every
/// block of hash tree and data, and the file system in it.
/// </summary>
internal sealed class VolumeCheck(IReadOnlyList<DiskPartition> partitions, TrustAnchors trust, int workers, CheckLog log, CancellationToken cancellation)
{
    private readonly HashSet<int> _covered = [];

    /// <summary>Numbers of the partitions that belong to volumes.</summary>
    public IReadOnlySet<int> Covered => _covered;

    public void Run(NamedRootHash hash)
    {
        var (dataType, treeType) = hash.Designator == PartitionDesignator.Root ? (PartitionDesignator.Root, PartitionDesignator.RootVerity) : (PartitionDesignator.Usr, PartitionDesignator.UsrVerity);
        var data = Find(dataType, new Uuid(hash.RootHash.AsSpan(0, 16)), hash);
        var tree = Find(treeType, new Uuid(hash.RootHash.AsSpan(16, 16)), hash);
        if (data is not null && tree is not null) log.Good(CheckNames.Volume, NameOf(hash), $"data in {data.Name}, hash tree in {tree.Name}, as the root hash names them");
        new RootHashCheck(partitions, trust.Verity, log, _covered).Run(NameOf(hash), hash);
        if (tree is null || data is null)
        {
            log.Unchecked(CheckNames.Verity, NameOf(hash), "its partitions were not found");
            return;
        }

        var blocks = log.Guard(CheckNames.Verity, tree.Name, () => CheckTree(hash, data, tree));
        CheckFileSystem(data.Name, blocks > 0 ? data.Content.Slice(0, blocks * VerityGeometry.BlockSize) : data.Content);
    }

    private static string NameOf(NamedRootHash hash) => hash.Designator == PartitionDesignator.Root ? "root" : "/usr";

    private DiskPartition? Find(PartitionDesignator designator, Uuid uuid, NamedRootHash hash)
    {
        var kind = partitions.Where(partition => partition.Designator == designator).ToList();
        var found = kind.Where(partition => partition.Entry.Uuid == uuid).ToList();
        if (found.Count == 1)
        {
            _covered.Add(found[0].Entry.Number);
            return found[0];
        }

        var there = kind.Count == 0 ? "there is none of that type" : string.Join(", ", kind.Select(partition => $"{partition.Name} has {partition.Entry.Uuid}"));
        log.Broken(CheckNames.Volume, NameOf(hash), $"the root hash in the command line of {hash.Uki} asks for one {(designator == hash.Designator ? "data" : "hash tree")} partition with the UUID {uuid}; {there}");
        return null;
    }

    /// <returns>Number of data blocks; 0 where nobody knows.</returns>
    private long CheckTree(NamedRootHash hash, DiskPartition data, DiskPartition tree)
    {
        var volume = VerityVolume.Open(tree.Content);
        CheckSuperblock(tree.Name, tree.Content, volume.Superblock);
        var blocks = volume.Superblock.DataBlocks;
        var verdict = volume.Verify(data.Content, hash.RootHash, workers, cancellation);
        switch (verdict.Fault)
        {
            case VerityFault.None:
                log.Good(CheckNames.Verity, data.Name, string.Create(CultureInfo.InvariantCulture, $"{blocks} data blocks and {new VerityGeometry(blocks).TreeBlocks} blocks of the hash tree are those of the root hash{Beyond(data.Content, blocks)}"));
                break;
            case VerityFault.Data when IsDataAtFault(volume.Superblock, hash, tree.Content, verdict.Block):
                log.Broken(CheckNames.Verity, data.Name, string.Create(CultureInfo.InvariantCulture, $"data block {verdict.Block} (at {verdict.Position}) is not the one that the root hash vouches for"));
                break;
            case VerityFault.RootHash:
                log.Broken(CheckNames.Verity, tree.Name, $"data and hash tree agree, but their root hash is not {Hex(hash)}, which {hash.Uki} names: the superblock, the tree or the whole volume is another's");
                break;
            default:
                log.Broken(CheckNames.Verity, tree.Name, $"the hash tree is not the one that the root hash vouches for: {verdict}");
                break;
        }

        return Math.Min(blocks, data.Content.Length / VerityGeometry.BlockSize);
    }

    /// <summary>A data block and its digest differ; which of them was changed is known from the digest of the digests.</summary>
    private static bool IsDataAtFault(VeritySuperblock superblock, NamedRootHash hash, ByteSource tree, long dataBlock)
    {
        var geometry = new VerityGeometry(superblock.DataBlocks);
        if (geometry.Levels == 0) return true; // the root hash is the block's own
        var index = dataBlock / VerityGeometry.DigestsPerBlock;
        var leaf = tree.Slice(geometry.OffsetOf(0) + (index * VerityGeometry.BlockSize), VerityGeometry.BlockSize).ToArray();
        var expected = geometry.Levels == 1 ? hash.RootHash : tree.Slice(geometry.OffsetOf(1) + (index * VerityGeometry.DigestSize), VerityGeometry.DigestSize).ToArray();
        var hasDigest = leaf.AsSpan((int)(dataBlock % VerityGeometry.DigestsPerBlock) * VerityGeometry.DigestSize, VerityGeometry.DigestSize).ContainsAnyExcept((byte)0);
        return hasDigest && SHA256.HashData([.. superblock.Salt, .. leaf]).AsSpan().SequenceEqual(expected);
    }

    /// <summary>No hash covers the padding of the superblock; it must be what every tool writes.</summary>
    private void CheckSuperblock(string part, ByteSource tree, VeritySuperblock superblock)
    {
        const int saltSizeEnd = 82, saltStart = 88; // struct verity_sb of cryptsetup
        var block = new byte[(int)Math.Min(tree.Length, VerityGeometry.BlockSize)];
        tree.Read(0, block);
        var spare = block.AsSpan(saltSizeEnd, saltStart - saltSizeEnd).IndexOfAnyExcept((byte)0);
        var at = spare >= 0 ? saltSizeEnd + spare : block.AsSpan(saltStart + superblock.Salt.Length).IndexOfAnyExcept((byte)0) is >= 0 and var rest ? saltStart + superblock.Salt.Length + rest : -1;
        if (at >= 0) log.Broken(CheckNames.Verity, part, $"the superblock has something at offset {at} where zeros must be");
    }

    private static string Beyond(ByteSource data, long blocks)
    {
        var end = blocks * VerityGeometry.BlockSize;
        return data.Length == end ? "" : string.Create(CultureInfo.InvariantCulture, $"; the {data.Length - end} bytes behind them are never read");
    }

    private void CheckFileSystem(string part, ByteSource data)
    {
        if (!Inspection.Inspector.IsErofs(data))
        {
            log.Unchecked(CheckNames.FileSystem, part, "it has no EroFS file system, and roos reads no other");
            return;
        }

        log.Guard(CheckNames.FileSystem, part, () =>
        {
            using var reader = ErofsReader.Open(data);
            var found = reader.Verify(cancellation);
            log.Good(CheckNames.FileSystem, part, string.Create(CultureInfo.InvariantCulture, $"EroFS, {found.Inodes} inodes; all {found.FileBytes} bytes of its files can be read"));
            CheckCertificates(part, reader.ReadTree(cancellation));
        });
    }

    /// <summary>Whose signed images the system itself will take (<c>/usr/lib/verity.d</c>).</summary>
    private void CheckCertificates(string part, FileTree tree)
    {
        const string folder = "usr/lib/verity.d", ending = ".crt";
        var name = $"{part}: /{folder}";
        log.Guard(CheckNames.VerityCertificates, name, () =>
        {
            var files = tree.Resolve(folder)?.Node is DirectoryNode directory ? directory.Entries.Where(entry => entry.Key.ToString().EndsWith(ending, StringComparison.Ordinal)).ToList() : [];
            if (files.Count == 0)
            {
                log.Absent(CheckNames.VerityCertificates, name, "no certificates");
                return;
            }

            var certificates = files.Select(file => file.Value is RegularFile found ? Certificate.Read(Small(found, file.Key), $"/{folder}/{file.Key}") : throw new DamagedInputException($"/{folder}/{file.Key} is no file")).ToList();
            var list = string.Join(", ", certificates.Select(ProgramCheck.Describe));
            if (trust.Verity is not { } trusted) log.Unchecked(CheckNames.VerityCertificates, name, $"{list}; --certificate is not given");
            else if (certificates.Any(certificate => certificate.Der.AsSpan().SequenceEqual(trusted.Der.AsSpan()))) log.Good(CheckNames.VerityCertificates, name, list);
            else log.Broken(CheckNames.VerityCertificates, name, $"the system trusts {list}, and not {ProgramCheck.Describe(trusted)}");
        });
    }

    private static byte[] Small(RegularFile file, ByteString name) => file.Content.Length <= 1 << 20 ? file.Content.ToArray() : throw new DamagedInputException($"{name}: a certificate has at most {1 << 20} bytes; found {file.Content.Length}");

    private static string Hex(NamedRootHash hash) => Convert.ToHexStringLower(hash.RootHash);
}
