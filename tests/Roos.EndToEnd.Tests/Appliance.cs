using Roos.Testing;

namespace Roos.EndToEnd.Tests;

/// <summary>
/// The template, built once for all tests as its README says: a copy of it, a public key, and <c>./roos build</c>. ROOS_APPLIANCE names a folder with a
/// finished build and its private key (<c>key</c>) to test instead; the tests of the build itself are skipped then.
/// </summary>
public sealed class Appliance : IDisposable
{
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

    /// <summary>The folder of the machine that was booted twice, turned off.</summary>
    public string UsedMachine
    {
        get
        {
            _ = _boots.Value;
            return _scratch["machine"];
        }
    }

    private static string? Finished => Environment.GetEnvironmentVariable("ROOS_APPLIANCE") is { Length: > 0 } folder ? folder : null;

    /// <summary>The path of a scratch file.</summary>
    public string Scratch(string name) => _scratch[name];

    public void Dispose() => _scratch.Dispose();

    /// <summary>Skips the test where the build is not Roos's own.</summary>
    public static void NeedRoosBuild() => Assert.SkipWhen(Finished is not null, "ROOS_APPLIANCE names a finished build, which is not looked at here");

    /// <summary>The checkout that these tests are in.</summary>
    internal static string House()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Roos.sln"))) folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("These tests run from a checkout.");
        return folder;
    }

    private string Build()
    {
        if (Finished is { } folder) return folder;
        Judge.NeedRoot();
        var tree = _scratch["template"];
        TemplateTree.Copy(tree, PrivateKey);
        TemplateTree.Roos(tree, "build");
        return Path.Combine(tree, "mkosi.output");
    }

    /// <summary>
    /// Between the boots the UKI gets the boot counter that an update would give it: systemd-boot 257 would then start the first extra profile, Factory Reset,
    /// were it not for the names that Roos gives the profiles.
    /// </summary>
    private (BootRecord First, BootRecord Second) BootTwice()
    {
        VirtualMachine.NeedTool("qemu-system-x86_64");
        VirtualMachine.NeedTool("swtpm");
        var folder = _scratch["machine"];
        VirtualMachine.Prepare(folder, Disk);
        var first = BootRecord.Of(folder, PrivateKey);
        var disk = MachineDisk.Of(folder);
        var name = Path.GetFileNameWithoutExtension(disk.UnifiedKernelImages.Single());
        disk.RenameInEsp($"EFI/Linux/{name}.efi", $"{name}+3-0.efi");
        var second = BootRecord.Of(folder, PrivateKey);
        NamesAfterCountedBoot = disk.UnifiedKernelImages;
        return (first, second);
    }
}

[CollectionDefinition(nameof(Appliance))]
public sealed class ApplianceTests : ICollectionFixture<Appliance>;
