using Roos.Builder.Repart;
using Roos.Core.Bytes;
using Roos.Core.Identity;
using Roos.Gpt;
using Roos.Signing;
using Roos.Testing;
using Roos.Verity;

namespace Roos.Interop.Tests.Gpt;

/// <summary>Whole disks against systemd-repart of trixie: the same definitions, the same content, the same bytes.</summary>
public sealed class RepartTests
{
    private static readonly Uuid SeedUuid = Uuid.Parse("11111111-2222-4333-8444-555555555555");

    private static readonly Dictionary<string, (string Name, string Text, int Content)[]> Disks = new(StringComparer.Ordinal)
    {
        ["appliance"] =
        [
            ("00-esp", "Type=esp\nSizeMinBytes=64M\nSizeMaxBytes=64M", 586 * 512),
            ("10-root", "Type=root\nVerity=data\nVerityMatchKey=root\nLabel=%M_%A\nSplitName=%U.root\nSizeMinBytes=128M\nSizeMaxBytes=128M", 1500 * 4096),
            ("20-verity", "Type=root-verity\nVerity=hash\nVerityMatchKey=root\nLabel=%M_%A_verity\nSplitName=%U.root-verity\nSizeMinBytes=16M\nSizeMaxBytes=16M", 0),
            ("30-sig", "Type=root-verity-sig\nSizeMinBytes=16K\nSizeMaxBytes=16K\nLabel=%M_%A_sig\nSplitName=-", 16384),
        ],
        ["hash-from-maximum"] =
        [
            ("10-root", "Type=root\nVerity=data\nVerityMatchKey=x\nSizeMaxBytes=64M", 1500 * 4096),
            ("20-verity", "Type=root-verity\nVerity=hash\nVerityMatchKey=x", 0),
        ],
        ["usr-minimized"] =
        [
            ("10-usr", "Type=usr\nVerity=data\nVerityMatchKey=usr\nSizeMinBytes=9M", 2000 * 4096),
            ("20-verity", "Type=usr-verity\nVerity=hash\nVerityMatchKey=usr\nMinimize=best", 0),
        ],
        ["tiny"] =
        [
            ("10-root", "Type=root\nVerity=data\nVerityMatchKey=root", 2 * 4096),
            ("20-verity", "Type=root-verity\nVerity=hash\nVerityMatchKey=root\nMinimize=best", 0),
            ("30-sig", "Type=root-verity-sig", 16384),
        ],
        ["signed"] =
        [
            ("10-root", "Type=root\nVerity=data\nVerityMatchKey=root\nLabel=%M_%A", 1500 * 4096),
            ("20-verity", "Type=root-verity\nVerity=hash\nVerityMatchKey=root\nMinimize=best", 0),
            ("30-sig", "Type=root-verity-sig\nVerity=signature\nVerityMatchKey=root\nSplitName=%U.root-verity-sig", 0),
        ],
        ["tiny-weights"] =
        [
            ("10-a", "Type=linux-generic\nSizeMinBytes=8K\nWeight=100\nSplitName=a", 0),
            ("20-b", "Type=linux-generic\nSizeMinBytes=8K\nSizeMaxBytes=100K\nPaddingWeight=300\nSplitName=b", 5120),
            ("30-c", "Type=linux-generic\nSizeMinBytes=200K\nWeight=0\nPaddingMinBytes=4K\nPaddingMaxBytes=40K\nPaddingWeight=1000\nSplitName=c", 0),
            ("40-d", "Type=srv\nSizeMinBytes=4K\nWeight=700", 4096),
        ],
        ["tiny-full"] =
        [
            ("10-a", "Type=linux-generic\nSizeMinBytes=8K\nSizeMaxBytes=12K\nSplitName=a", 0),
            ("20-b", "Type=home\nSizeMinBytes=8K\nSizeMaxBytes=100K", 0),
        ],
        ["attributes"] =
        [
            ("10", "Type=home\nReadOnly=yes\nSizeMinBytes=4097", 0),
            ("20", "Type=home\nNoAuto=yes\nFlags=0x8001000000000000\nSplitName=h2", 0),
            ("30", "Type=xbootldr\nLabel=Extended boot loader partition, 36 u\nUUID=01020304-0506-4708-890a-0b0c0d0e0f10", 0),
            ("40", "Type=srv\nPaddingMinBytes=1M", 0),
            ("50", "Type=0fc63daf-8483-4772-8e79-3d69d8477de5\nLabel=\nSplitName=other", 0),
            ("60", "Type=0fc63daf-8483-4772-8e79-3d69d8477de5\nSplitName=%n-%a-%T", 0),
            ("70", "Type=root-arm64\nReadOnly=no", 0),
            ("80", "Type=tmp\nNoAuto=no", 0),
        ],
    };

    private static readonly Lazy<(PrivateKey Key, Certificate Certificate)> Signer = new(() =>
    {
        var key = PrivateKey.Generate(2048, new SeededRandom("repart"));
        return (key, Certificate.SelfSigned(key, "repart", new DateTimeOffset(2025, 8, 9, 0, 0, 0, TimeSpan.Zero), new DateTimeOffset(2055, 8, 9, 0, 0, 0, TimeSpan.Zero), [1]));
    });

    public static TheoryData<string> Names => [.. Disks.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Disks_are_equal_byte_for_byte(string name)
    {
        var repart = Judge.InTree("systemd-repart");
        using var scratch = new ScratchFolder();
        Directory.CreateDirectory(scratch["theirs.d"]);
        Directory.CreateDirectory(scratch["ours.d"]);
        foreach (var (file, text, content) in Disks[name])
        {
            File.WriteAllText(scratch[$"ours.d/{file}.conf"], $"[Partition]\n{text}\n");
            File.WriteAllText(scratch[$"theirs.d/{file}.conf"], $"[Partition]\n{text}\n{(content > 0 ? $"CopyBlocks={scratch[file]}\n" : "")}");
            if (content > 0) File.WriteAllBytes(scratch[file], Content(file, content));
        }

        Directory.CreateDirectory(scratch["theirs"]);
        File.WriteAllText(scratch["key"], Signer.Value.Key.ToPem(null, new SeededRandom("unused")));
        if (OperatingSystem.IsLinux()) File.SetUnixFileMode(scratch["key"], UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.WriteAllText(scratch["crt"], Signer.Value.Certificate.ToPem());
        repart.Must("--private-key=" + scratch["key"], "--certificate=" + scratch["crt"], "--offline=yes", "--seed=" + SeedUuid, "--empty=create", "--size=auto", "--dry-run=no", "--split=yes", "--definitions=" + scratch["theirs.d"], scratch["theirs/disk.raw"]);

        var plan = Plan(scratch["ours.d"], scratch);
        Directory.CreateDirectory(scratch["ours"]);
        Write(scratch["ours/disk.raw"], plan.Disk);
        foreach (var partition in plan.Partitions)
        {
            if (partition.SplitName is not null) Write(scratch[$"ours/disk.{partition.SplitName}.raw"], partition.Slot);
        }

        var files = Directory.GetFiles(scratch["theirs"]).Select(Path.GetFileName).Order(StringComparer.Ordinal).ToArray();
        Assert.Equal(files, Directory.GetFiles(scratch["ours"]).Select(Path.GetFileName).Order(StringComparer.Ordinal).ToArray());
        foreach (var file in files) Same(scratch["theirs/" + file], scratch["ours/" + file]);

        using var disk = FileSource.Open(scratch["ours/disk.raw"]);
        Assert.Empty(GptTable.Read(disk).Problems);
        Assert.Contains("No problems found", Judge.Host("sgdisk").Must("-v", scratch["ours/disk.raw"]), StringComparison.Ordinal);
        var verified = Judge.Host("sfdisk").Run("--verify", scratch["ours/disk.raw"]);
        Assert.Contains("No errors detected", verified.Output, StringComparison.Ordinal);
    }

    private static DiskPlan Plan(string definitionsFolder, ScratchFolder scratch)
    {
        // The tools tree's own os-release is what systemd-repart sees; trixie's has no IMAGE_ID= and IMAGE_VERSION=.
        var specifiers = new RepartSpecifiers { Architecture = "x86-64" };
        var definitions = RepartReader.Load([definitionsFolder], specifiers);
        var seed = new Seed(SeedUuid);
        var trees = new Dictionary<string, VerityTree>(StringComparer.Ordinal);
        foreach (var data in definitions.Where(definition => definition.Verity == VerityRole.Data))
        {
            var sink = new VeritySink(new VerityOptions { Salt = seed.VeritySalt, Uuid = seed.VerityUuid, Workers = 2 });
            Given(data)!.WriteTo(sink);

            // Of what came by CopyBlocks= systemd-repart hashes the whole slot, unless the hash partition is minimized; of a file system
            // that it made itself (Format=erofs) only the file system, and so does Roos.
            var hash = definitions.Single(definition => definition.Verity == VerityRole.Hash && definition.VerityMatchKey == data.VerityMatchKey);
            if (hash.Minimize == MinimizeMode.Off) sink.PadTo(Math.Max(sink.Position, PartitionSizes.SlotLength(data, definitions)));
            trees.Add(data.VerityMatchKey!, sink.Complete());
        }

        return DiskPlanner.Plan(definitions, seed, Content, trees.ToDictionary(tree => tree.Key, tree => tree.Value.RootHash), specifiers);

        IImage? Content(RepartDefinition definition) => definition.Verity switch
        {
            VerityRole.Hash => trees[definition.VerityMatchKey!].HashDevice,
            VerityRole.Signature => Sign(trees[definition.VerityMatchKey!].RootHash),
            _ => Given(definition),
        };

        IImage? Given(RepartDefinition definition)
        {
            var path = scratch[Path.GetFileNameWithoutExtension(definition.Name)];
            return File.Exists(path) ? new SourceImage(ByteSource.FromMemory(File.ReadAllBytes(path))) : null;
        }
    }

    private static IImage Sign(byte[] rootHash)
    {
        var (key, certificate) = Signer.Value;
        var waiting = DetachedCms.Prepare(RootHashSignature.DigestOf(rootHash), certificate);
        return new RootHashSignature(rootHash, certificate.Fingerprint, waiting.Complete(key.Sign(waiting.Digest.AsSpan()))).ToImage(PartitionSizes.SignatureLength);
    }

    private static void Write(string path, IImage image)
    {
        using var stream = File.Create(path);
        image.WriteTo(stream);
    }

    private static void Same(string expected, string actual)
    {
        using var left = FileSource.Open(expected);
        using var right = FileSource.Open(actual);
        Assert.True(left.Length == right.Length, $"{expected} has {left.Length} bytes, {actual} {right.Length}");
        byte[] a = new byte[1 << 20], b = new byte[1 << 20];
        for (long at = 0; at < left.Length; at += a.Length)
        {
            var count = (int)Math.Min(a.Length, left.Length - at);
            left.Read(at, a.AsSpan(0, count));
            right.Read(at, b.AsSpan(0, count));
            var same = a.AsSpan(0, count).CommonPrefixLength(b.AsSpan(0, count));
            Assert.True(same == count, $"{Path.GetFileName(expected)} differs at byte {at + same}");
        }
    }

    private static byte[] Content(string name, int length)
    {
        var bytes = new byte[length];
        new Random(name.Length + length).NextBytes(bytes);
        return bytes;
    }
}
