using Roos.Builder.VirtualMachines;
using Roos.Core.Identity;

namespace Roos.Builder.Tests.VirtualMachines;

/// <summary>QEMU's arguments out of what the user asked for, and which firmware it gets.</summary>
public sealed class QemuCommandTests
{
    private static readonly QemuCommand Usual = new()
    {
        Machine = new MachineFolder("/m,1", Uuid.Parse("6b9d7a1e-3f42-4c58-9a3b-0d2f5e8c1a77"), ""),
        Firmware = "/code.fd",
        Processors = 3,
        Memory = 1024,
        SshPort = 2222,
        HasTpm = true,
        Graphics = false,
        Interactive = true,
    };

    [Fact]
    public void The_machine_is_as_the_user_asked()
    {
        var arguments = Usual.Arguments();
        Assert.Equal("6b9d7a1e-3f42-4c58-9a3b-0d2f5e8c1a77", After(arguments, "-uuid"));
        Assert.Equal("3", After(arguments, "-smp"));
        Assert.Equal("1024", After(arguments, "-m"));
        Assert.Equal("user,id=network,hostfwd=tcp:127.0.0.1:2222-:22", After(arguments, "-netdev"));
        Assert.Equal("mon:stdio", After(arguments, "-serial"));
        Assert.Equal("none", After(arguments, "-display"));
        Assert.EndsWith("kernel-cmdline-extra=console=ttyS0", After(arguments, "-smbios"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_comma_in_a_path_is_doubled()
    {
        Assert.Contains("driver=raw,node-name=disk,discard=unmap,file.driver=file,file.filename=/m,,1" + Path.DirectorySeparatorChar + "disk.raw", Usual.Arguments());
        Assert.DoesNotContain(Usual.Arguments(), argument => argument.Replace(",,", "", StringComparison.Ordinal).Contains("/m,1", StringComparison.Ordinal));
    }

    [Fact]
    public void Without_virtualisation_the_processor_is_emulated()
    {
        Assert.StartsWith("tcg", After(Usual.Arguments(), "-accel"), StringComparison.Ordinal);
        Assert.Equal("max", After(Usual.Arguments(), "-cpu"));
        var fast = (Usual with { Accelerator = "kvm" }).Arguments();
        Assert.Equal("kvm", After(fast, "-accel"));
        Assert.Equal("host", After(fast, "-cpu"));
    }

    [Fact]
    public void What_is_not_wanted_is_not_there()
    {
        var arguments = (Usual with { HasTpm = false, Graphics = true, Interactive = false, More = ["-device", "qemu-xhci"] }).Arguments();
        Assert.DoesNotContain(arguments, argument => argument.Contains("tpm", StringComparison.Ordinal));
        Assert.DoesNotContain("-display", arguments);
        Assert.Contains("virtio-vga", arguments);
        Assert.Equal("stdio", After(arguments, "-serial"));
        Assert.Equal(["-device", "qemu-xhci"], arguments.TakeLast(2));
    }

    [Fact]
    public void Firmware_is_found_where_the_distributions_put_it()
    {
        foreach (var known in Firmware.Known) Assert.Equal(known, Firmware.Find(null, null, file => file == known.Code || file == known.Variables));

        // Code of one and variables of another do not fit together.
        Assert.Throws<UsageException>(() => Firmware.Find(null, null, file => file == Firmware.Known[0].Code || file == Firmware.Known[1].Variables));
        Assert.Contains("install the package ovmf", Assert.Throws<UsageException>(() => Firmware.Find(null, null, _ => false)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Firmware_that_the_user_names_goes_first()
    {
        Assert.Equal(new Firmware("a", "b"), Firmware.Find("a", "b", _ => true));
        Assert.Throws<UsageException>(() => Firmware.Find("a", null, _ => true));
        Assert.Throws<UsageException>(() => Firmware.Find(null, "b", _ => true));
        Assert.StartsWith("b: ", Assert.Throws<UsageException>(() => Firmware.Find("a", "b", file => file == "a")).Message, StringComparison.Ordinal);
    }

    private static string After(IReadOnlyList<string> arguments, string name) => arguments[arguments.ToList().IndexOf(name) + 1];
}
