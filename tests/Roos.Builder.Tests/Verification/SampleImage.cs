using System.Text;
using Roos.Core.Bytes;
using Roos.Core.Identity;
using Roos.Core.Tree;
using Roos.Erofs;
using Roos.Fat;
using Roos.Gpt;
using Roos.Signing;
using Roos.Signing.Efi;
using Roos.Testing;
using Roos.Uki;
using Roos.Verity;

namespace Roos.Builder.Tests.Verification;

/// <summary>A whole signed appliance in small: all parts of a chain of trust, each of which a test can replace.</summary>
internal sealed record SampleImage
{
    public const string CommandLineMarker = "quiet marker=cmdline", KernelMarker = "marker of the kernel", InitrdMarker = "marker of the initrd", RootMarker = "marker of the root";

    public const string Loader = "EFI/BOOT/BOOTX64.EFI", OtherLoader = "EFI/systemd/systemd-bootx64.efi", UkiPath = "EFI/Linux/test_1.efi";

    private static readonly long EspSize = (FatImage.MinimumSize + 4095) / 4096 * 4096;

    private static readonly Lazy<PrivateKey> LazyKey = new(() => PrivateKey.Generate(2048, new SeededRandom("verify")));

    private static readonly Lazy<PrivateKey> LazyPcrKey = new(() => PrivateKey.Generate(2048, new SeededRandom("verify, PCR")));

    private static readonly Lazy<PrivateKey> LazyForeignKey = new(() => PrivateKey.Generate(2048, new SeededRandom("verify, foreign")));

    private static readonly Lazy<(byte[] Erofs, VerityTree Tree)> LazyRoot = new(() => MakeRoot(RootMarker));

    public static DateTimeOffset Start { get; } = new(2025, 8, 9, 0, 0, 0, TimeSpan.Zero);

    public static PrivateKey Key => LazyKey.Value;

    public static PrivateKey PcrKey => LazyPcrKey.Value;

    public static PrivateKey ForeignKey => LazyForeignKey.Value;

    public static Certificate Certificate { get; } = CertificateOf(Key, "Sample");

    public static Certificate ForeignCertificate { get; } = CertificateOf(ForeignKey, "Foreign");

    public static (byte[] Erofs, VerityTree Tree) Root => LazyRoot.Value;

    /// <summary>Who signs each part; null for nobody.</summary>
    public PrivateKey? LoaderKey { get; init; } = Key;

    public PrivateKey? UkiKey { get; init; } = Key;

    public PrivateKey? KernelKey { get; init; } = Key;

    public PrivateKey? RootHashKey { get; init; } = Key;

    public PrivateKey? PolicyKey { get; init; } = PcrKey;

    public PrivateKey? EnrollmentKey { get; init; } = Key;

    /// <summary>What is in the partitions.</summary>
    public (byte[] Erofs, VerityTree Tree) Stored { get; init; } = Root;

    /// <summary>What partitions are called after and the signature of the root hash is for.</summary>
    public VerityTree Named { get; init; } = Root.Tree;

    public string CommandLine { get; init; } = $"roothash={Root.Tree.RootHashText} {CommandLineMarker}";

    public string? ProfileCommandLine { get; init; } = $"roothash={Root.Tree.RootHashText} {CommandLineMarker} systemd.factory_reset=yes";

    public bool HasSignaturePartition { get; init; } = true;

    /// <summary>Changes what is enrolled in db.</summary>
    public Certificate Enrolled { get; init; } = Certificate;

    public static Certificate CertificateOf(PrivateKey key, string name) => Certificate.SelfSigned(key, name, Start, Start.AddDays(3650), [1, 2, 3, 4]);

    /// <summary>A root file system with more data blocks than one hash block has digests, so that its tree has two levels.</summary>
    public static (byte[] Erofs, VerityTree Tree) MakeRoot(string marker)
    {
        var large = new byte[200 * 4096];
        for (var i = 0; i < large.Length; i += 64) BitConverter.TryWriteBytes(large.AsSpan(i), i);
        Encoding.ASCII.GetBytes(marker, large.AsSpan(100 * 4096));
        var tree = new FileTreeBuilder()
            .Set("usr/lib/os-release", File(Encoding.ASCII.GetBytes("ID=test\n")))
            .Set("usr/lib/verity.d/test.crt", File(Encoding.ASCII.GetBytes(Certificate.ToPem())))
            .Set("usr/bin/large", File(large))
            .Build();
        using var plan = ErofsImage.Plan(tree, new ErofsOptions { Uuid = Uuid.Parse("11111111-2222-4333-8444-555555555555"), BuildTime = default }, () => new MemorySpool());
        var erofs = plan.ToArray();
        return (erofs, VerityTree.Of(ByteSource.FromMemory(erofs), new VerityOptions { Salt = [7, 7, 7] }));
    }

    public byte[] Uki()
    {
        var kernel = TinyProgram.Make((".text", [.. Enumerable.Range(0, 3000).Select(i => (byte)(i % 251)), .. Encoding.ASCII.GetBytes(KernelMarker)]));
        var options = new UkiOptions
        {
            Stub = ByteSource.FromMemory(TinyProgram.Stub()),
            Linux = ByteSource.FromMemory(SignProgram(kernel, KernelKey)),
            Initrds = [ByteSource.FromMemory(Encoding.ASCII.GetBytes("070701 " + InitrdMarker))],
            OsRelease = "ID=test\nIMAGE_ID=test\nIMAGE_VERSION=1\n",
            CommandLine = CommandLine,
            KernelVersion = "6.12.1",
            PcrPublicKey = PolicyKey is null ? null : ByteSource.FromMemory(Encoding.ASCII.GetBytes(PolicyKey.PublicKey.ToPem())),
            Profiles = ProfileCommandLine is null ? [] : [new UkiProfile { Name = new UkiProfileName("factory-reset"), CommandLine = ProfileCommandLine }],
        };
        if (PolicyKey is { } key)
        {
            options = options.WithPcrSignatures([.. PcrPrediction.Of(options, [PcrBank.Sha256]).Select(value =>
            {
                var policy = new PcrPolicy(value);
                return new PcrSignature(policy, key.PublicKey, policy.ToBeSigned.Complete(key.Sign(policy.ToBeSigned.Digest.AsSpan())));
            })]);
        }

        return SignProgram(UkiImage.Plan(options).ToArray(), UkiKey);
    }

    public byte[] Disk()
    {
        var loader = SignProgram(TinyProgram.Make((".text", "systemd-boot"u8.ToArray())), LoaderKey);
        var esp = new FileTreeBuilder()
            .Set(Loader, File(loader))
            .Set(OtherLoader, File(loader))
            .Set(UkiPath, File(Uki()))
            .Set("loader/loader.conf", File("timeout 1\n"u8.ToArray()));
        foreach (var variable in EnrollmentKey is null ? [] : (EfiVariable[])[EfiVariable.Signatures, EfiVariable.KeyExchangeKeys, EfiVariable.PlatformKey])
            esp.Set($"loader/keys/auto/{variable.Name}.auth", File(Enrollment(variable, EnrollmentKey!)));
        var partitions = new List<GptPartition>
        {
            Partition("esp", null, FatImage.Plan(esp.Build(), new FatOptions { Size = EspSize, VolumeId = 1, MaximumTime = default }), EspSize),
            Partition("root", Named.DataPartitionUuid, new SourceImage(ByteSource.FromMemory(Stored.Erofs)), 1 << 20),
            Partition("root-verity", Named.HashPartitionUuid, Stored.Tree.HashDevice, 1 << 16),
        };
        if (HasSignaturePartition) partitions.Add(Partition("root-verity-sig", null, RootHashKey is null ? null : RootHash(RootHashKey).ToImage(16384), 16384));
        return GptDisk.Plan(new GptDiskOptions { DiskUuid = Uuid.Parse("22222222-2222-4333-8444-555555555555"), Partitions = partitions }).ToArray();
    }

    /// <summary>Where <paramref name="marker"/> is, for the only time from <paramref name="from"/> on.</summary>
    public static int Find(ReadOnlySpan<byte> disk, string marker, int from = 0)
    {
        var at = disk[from..].IndexOf(Encoding.ASCII.GetBytes(marker));
        return at >= 0 ? from + at : throw new InvalidOperationException($"\"{marker}\" is not in the image");
    }

    private RootHashSignature RootHash(PrivateKey key)
    {
        var certificate = key == Key ? Certificate : ForeignCertificate;
        var toBeSigned = DetachedCms.Prepare(RootHashSignature.DigestOf(Named.RootHash), certificate);
        return new RootHashSignature(Named.RootHash, certificate.Fingerprint, toBeSigned.Complete(key.Sign(toBeSigned.Digest.AsSpan())));
    }

    private byte[] Enrollment(EfiVariable variable, PrivateKey key)
    {
        var toBeSigned = AuthenticatedVariable.Prepare(variable, Start, EfiSignatureList.Write([EfiSignatureList.OfCertificate(Enrolled)]), key == Key ? Certificate : ForeignCertificate);
        return toBeSigned.Complete(key.Sign(toBeSigned.Digest.AsSpan()));
    }

    private static byte[] SignProgram(byte[] program, PrivateKey? key)
    {
        if (key is null) return program;
        var source = ByteSource.FromMemory(program);
        var toBeSigned = AuthenticodeSignature.Prepare(PeDigest.Sha256(source), key == Key ? Certificate : ForeignCertificate, null);
        return SignedPe.Plan(source, [toBeSigned.Complete(key.Sign(toBeSigned.Digest.AsSpan()))]).ToArray();
    }

    private static RegularFile File(byte[] content) => new(new FileMetadata(0x1a4), ByteSource.FromMemory(content));

    private static GptPartition Partition(string type, Uuid? uuid, IImage? content, long size)
    {
        var found = PartitionType.Find(type, "x86-64")!;
        return new GptPartition { Type = found.Uuid, Uuid = uuid ?? new Seed(found.Uuid).DiskUuid, Label = type, Content = content, Size = size };
    }
}
