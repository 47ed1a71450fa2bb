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

    public BootRecord SecondBoot => _boots.Value.Second;

    private static string? Finished => Environment.GetEnvironmentVariable("ROOS_APPLIANCE") is { Length: > 0 } folder ? folder : null;

    /// <summary>The first sector and the number of sectors of the partition of a type, as sfdisk reads the disk.</summary>
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

    private (BootRecord First, BootRecord Second) BootTwice()
    {
        var folder = NewMachine("machine");
        return (BootRecord.Of(folder, PrivateKey), BootRecord.Of(folder, PrivateKey));
    }

    private static string House()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Roos.sln"))) folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("These tests run from a checkout.");
        return folder;
    }
}

[CollectionDefinition(nameof(Appliance))]
public sealed class ApplianceTests : ICollectionFixture<Appliance>;
