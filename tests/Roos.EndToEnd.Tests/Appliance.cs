using System.Globalization;
using System.Text.Json;
using Roos.Testing;

namespace Roos.EndToEnd.Tests;

/// <summary>
/// The template, built once for all tests as its README says: a copy of it, a public key, and <c>./roos build</c>. ROOS_APPLIANCE names a folder with a
/// finished build and its private key (<c>key</c>) to test instead; the tests of the build itself are skipped then.
/// </summary>
public sealed class Appliance : IDisposable
{
    private static readonly TimeSpan BuildLimit = TimeSpan.FromMinutes(20);

    private const string EspType = "C12A7328-F81F-11D2-BA4B-00A0C93EC93B";

    private readonly ScratchFolder _scratch = new();
    private readonly Lazy<string> _output;
    private readonly Lazy<(BootRecord First, BootRecord Second)> _boots;

    public Appliance()
    {
        _output = new Lazy<string>(Build);
        _boots = new Lazy<(BootRecord, BootRecord)>(BootTwice);
    }

    /// <summary>The folder with what the build wrote.</summary>
    public string Output => _output.Value;

    /// <summary>The disk.</summary>
    public string Disk => Directory.GetFiles(Output, "*.raw").Single(file => !Path.GetFileName(file).Contains(".root", StringComparison.Ordinal) && Path.GetFileName(file) is not "root.raw" and not "root-verity.raw" and not "esp.raw");

    /// <summary>The key that opens it.</summary>
    public string PrivateKey => Finished is { } folder ? Path.Combine(folder, "key") : _scratch["key"];

    public BootRecord FirstBoot => _boots.Value.First;

    /// <summary>The boot after that, with a boot counter in the UKI's name.</summary>
    public BootRecord SecondBoot => _boots.Value.Second;

    /// <summary>The UKIs in the ESP after the second boot.</summary>
    public IReadOnlyList<string> NamesAfterCountedBoot { get; private set; } = [];

    private static string? Finished => Environment.GetEnvironmentVariable("ROOS_APPLIANCE") is { Length: > 0 } folder ? folder : null;

    /// <summary>Offset and length in bytes of the first partition of a type, as sfdisk reads the disk.</summary>
    public (long Start, long Length) Partition(string typeUuid)
    {
        using var table = JsonDocument.Parse(Judge.Host("sfdisk").Must("--json", Disk));
        var partition = table.RootElement.GetProperty("partitiontable").GetProperty("partitions").EnumerateArray()
            .First(entry => string.Equals(entry.GetProperty("type").GetString(), typeUuid, StringComparison.OrdinalIgnoreCase));
        return (partition.GetProperty("start").GetInt64() * 512, partition.GetProperty("size").GetInt64() * 512);
    }

    /// <summary>A folder for a machine with this disk that was never turned on.</summary>
    public string NewMachine(string name)
    {
        VirtualMachine.NeedTool("qemu-system-x86_64");
        VirtualMachine.NeedTool("swtpm");
        var folder = _scratch[name];
        VirtualMachine.Prepare(folder, Disk);
        return folder;
    }

    public void Dispose() => _scratch.Dispose();

    /// <summary>Skips the test where the build is not Roos's own.</summary>
    public static void NeedRoosBuild() => Assert.SkipWhen(Finished is not null, "ROOS_APPLIANCE names a finished build, which is not looked at here");

    private string Build()
    {
        if (Finished is { } folder) return folder;
        Judge.NeedRoot();
        var tree = _scratch["template"];
        var house = House();
        HostProcess.Must(TimeSpan.FromSeconds(60), "cp", "-r", Path.Combine(house, "template"), tree);

        // Whatever a developer has built or configured there is not what is tested.
        foreach (var left in new[] { "mkosi.output", "mkosi.cache" }.Select(name => Path.Combine(tree, name)).Where(Directory.Exists)) Directory.Delete(left, recursive: true);
        foreach (var left in new[] { "mkosi.env", "mkosi.local.conf" }) File.Delete(Path.Combine(tree, left));

        HostProcess.Must(TimeSpan.FromSeconds(60), VirtualMachine.NeedTool("ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", PrivateKey);
        File.Copy(PrivateKey + ".pub", Path.Combine(tree, "config", "authorized_keys"), overwrite: true);
        HostProcess.Must(BuildLimit, Path.Combine(house, "roos"), "-C", tree, "build");
        return Path.Combine(tree, "mkosi.output");
    }

    /// <summary>
    /// Between the boots the UKI gets the boot counter that an update would give it: systemd-boot 257 would then start the first extra profile, Factory Reset,
    /// were it not for the names that Roos gives the profiles.
    /// </summary>
    private (BootRecord First, BootRecord Second) BootTwice()
    {
        var folder = NewMachine("machine");
        var first = BootRecord.Of(folder, PrivateKey);
        var name = Path.GetFileNameWithoutExtension(UnifiedKernelImages(folder).Single());
        var image = EspOf(folder);
        Judge.Host("mren").Must("-i", image, $"::EFI/Linux/{name}.efi", $"{name}+3-0.efi");
        var second = BootRecord.Of(folder, PrivateKey);
        NamesAfterCountedBoot = UnifiedKernelImages(folder);
        return (first, second);
    }

    /// <summary>The files of EFI/Linux on a machine's disk.</summary>
    private List<string> UnifiedKernelImages(string folder) =>
        [.. Judge.Host("mdir").Must("-b", "-i", EspOf(folder), "::EFI/Linux").Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(path => path[(path.LastIndexOf('/') + 1)..])];

    /// <summary>The ESP on a machine's disk, in the words of mtools.</summary>
    private string EspOf(string folder) => string.Create(CultureInfo.InvariantCulture, $"{Path.Combine(folder, "disk.raw")}@@{Partition(EspType).Start}");

    /// <summary>The checkout that these tests are in.</summary>
    internal static string House()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Roos.sln"))) folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("These tests run from a checkout.");
        return folder;
    }
}

[CollectionDefinition(nameof(Appliance))]
public sealed class ApplianceTests : ICollectionFixture<Appliance>;
