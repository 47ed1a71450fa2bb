using Roos.Testing;

namespace Roos.EndToEnd.Tests;

/// <summary>
/// The template built and signed with keys of its own, as docs/running.md says, and a machine with empty Secure Boot firmware that started it: it enrolled the
/// keys by itself, and its firmware variables are those of every machine here. ROOS_SIGNED_APPLIANCE names the folder that an earlier run built into, to
/// test that again.
/// </summary>
public sealed class SecureBootAppliance : IDisposable
{
    /// <summary>What the UKI of the update is called in the ESP, without its counter.</summary>
    public const string Updated = "roos_9";

    internal static readonly StartOptions SecureBoot = new() { SecureBoot = true };

    private readonly ScratchFolder _scratch = new();
    private readonly Lazy<string> _built;
    private readonly Lazy<string> _enrolled;
    private readonly Lazy<BootRecord> _first;
    private readonly Lazy<BootRecord> _updated;
    private readonly Lazy<BootRecord> _attacked;

    public SecureBootAppliance()
    {
        _built = new Lazy<string>(Build);
        _enrolled = new Lazy<string>(Enrol);
        _first = new Lazy<BootRecord>(() => BootRecord.Of(_enrolled.Value, PrivateKey, SecureBoot, SecureBootQuestions.OfFirstBoot));
        _updated = new Lazy<BootRecord>(Update);
        _attacked = new Lazy<BootRecord>(Attack);
    }

    /// <summary>The disk.</summary>
    public string Disk => Path.ChangeExtension(UnifiedKernelImage, "raw");

    /// <summary>The signed UKI of the disk.</summary>
    public string UnifiedKernelImage => Directory.GetFiles(Path.Combine(Tree, "mkosi.output"), "*.efi").Single();

    /// <summary>Where it is in the ESP.</summary>
    public string UnifiedKernelImageInEsp => "EFI/Linux/" + Path.GetFileName(UnifiedKernelImage);

    /// <summary>The certificate that signed it.</summary>
    public string Certificate => Path.Combine(Tree, "mkosi.crt");

    /// <summary>What the machine with empty firmware wrote to its console.</summary>
    public string EnrolmentSerial { get; private set; } = "";

    public BootRecord FirstBoot => _first.Value;

    /// <summary>The boot after an update has put another signed UKI into the ESP. Somebody is at the console and would like to change the command line.</summary>
    public BootRecord UpdatedBoot => _updated.Value;

    /// <summary>The boot after that, with what an attacker who can write to the ESP would put there.</summary>
    public BootRecord AttackedBoot => _attacked.Value;

    /// <summary>The UKIs in the ESP after the update was started.</summary>
    public IReadOnlyList<string> NamesAfterUpdate { get; private set; } = [];

    /// <summary>The key that opens the machines.</summary>
    internal string PrivateKey => Path.Combine(_built.Value, "key");

    private string Tree => Path.Combine(_built.Value, "tree");

    /// <summary>A folder for a machine with this disk, to which the keys are enrolled, and that was not started since.</summary>
    public string NewMachine(string name)
    {
        var folder = _scratch[name];
        _ = _enrolled.Value;
        VirtualMachine.Prepare(folder, Disk, _scratch["enrolled.fd"]);
        return folder;
    }

    /// <summary>The path of a scratch file.</summary>
    public string Scratch(string name) => _scratch[name];

    public void Dispose() => _scratch.Dispose();

    private string Build()
    {
        if (Environment.GetEnvironmentVariable("ROOS_SIGNED_APPLIANCE") is { Length: > 0 } finished) return finished;
        Judge.NeedRoot();
        var folder = _scratch["built"];
        Directory.CreateDirectory(folder);
        var tree = Path.Combine(folder, "tree");
        TemplateTree.Copy(tree, Path.Combine(folder, "key"));
        TemplateTree.Roos(tree, "genkey", "--pcr", "--common-name", "Roos test");

        // PCR 11 is signed too, so that /var would be bound to it, were the template not against it.
        File.WriteAllText(Path.Combine(tree, "mkosi.local.conf"), "[Validation]\nSecureBoot=yes\nSecureBootAutoEnroll=yes\nSignExpectedPcr=yes\n");
        string[] build = ["build", "--rootfs", PackageTars.Rootfs, "--initrd-rootfs", PackageTars.Initrd];
        TemplateTree.Roos(tree, build);
        TemplateTree.Roos(tree, [.. build, "--output-directory", Path.Combine(folder, "update"), "--kernel-command-line=roos.test=updated"]);
        return folder;
    }

    private string Enrol()
    {
        VirtualMachine.NeedTool("qemu-system-x86_64");
        VirtualMachine.NeedTool("swtpm");
        var folder = _scratch["machine"];
        VirtualMachine.Prepare(folder, Disk);
        using var machine = VirtualMachine.Start(folder, PrivateKey, SecureBoot);
        machine.WaitForEnd(VirtualMachine.BootLimit);
        EnrolmentSerial = machine.Serial;
        Assert.Contains("successfully enrolled", EnrolmentSerial, StringComparison.Ordinal);

        // The loader writes to the variables, too: what the machine's user does in the menu is not what others start with.
        File.Copy(Path.Combine(folder, "vars.fd"), _scratch["enrolled.fd"]);
        return folder;
    }

    private BootRecord BootAgain(Action<VirtualMachine>? whileStarting = null) => BootRecord.Of(_enrolled.Value, PrivateKey, SecureBoot, SecureBootQuestions.OfLaterBoot, whileStarting);

    private BootRecord Update()
    {
        _ = FirstBoot;
        var disk = MachineDisk.Of(_enrolled.Value);
        disk.PutIntoEsp(Directory.GetFiles(Path.Combine(_built.Value, "update"), "*.efi").Single(), $"EFI/Linux/{Updated}+3-0.efi");

        // The menu waits for the somebody.
        disk.WriteIntoEsp("timeout 100\n", "loader/loader.conf");
        var boot = BootAgain(TryToEdit);
        NamesAfterUpdate = disk.UnifiedKernelImages;
        return boot;
    }

    /// <summary>A boot entry for the UKI with a command line of its own, and addons for this UKI and for all.</summary>
    private BootRecord Attack()
    {
        _ = UpdatedBoot;
        var disk = MachineDisk.Of(_enrolled.Value);
        disk.WriteIntoEsp("timeout 0\ndefault attack.conf\n", "loader/loader.conf");
        disk.MakeFolderInEsp("loader/entries");
        disk.WriteIntoEsp($"title Attack\nefi /EFI/Linux/{Updated}.efi\noptions init=/bin/sh roos.test=entry\n", "loader/entries/attack.conf");
        var addon = _scratch["attack.addon.efi"];
        Judge.InTree("ukify").Must("build", "--cmdline=init=/bin/sh roos.test=addon", "--output=" + addon);
        foreach (var place in new[] { $"EFI/Linux/{Updated}.efi.extra.d", "loader/addons" })
        {
            disk.MakeFolderInEsp(place);
            disk.PutIntoEsp(addon, place + "/attack.addon.efi");
        }

        return BootAgain();
    }

    /// <summary>Presses the key that edits the command line of an entry of the boot menu, and starts the entry.</summary>
    private static void TryToEdit(VirtualMachine machine)
    {
        machine.WaitForSerial("Boot in ", VirtualMachine.BootLimit);
        machine.Type("e");
        machine.WaitForSerial("Entry not editable in SecureBoot mode.", VirtualMachine.BootLimit);
        machine.Type("\r");
    }
}

[CollectionDefinition(nameof(SecureBootAppliance), DisableParallelization = true)]
public sealed class SecureBootApplianceTests : ICollectionFixture<SecureBootAppliance>;
