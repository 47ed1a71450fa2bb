using Roos.Builder.Tests.Configuration;
using Roos.Builder.VirtualMachines;
using Roos.Core;
using Roos.Core.Identity;

namespace Roos.Builder.Tests.VirtualMachines;

/// <summary>What is kept of a machine, and what is never thrown away.</summary>
public sealed class MachineFolderTests : IDisposable
{
    private static readonly Uuid Number = Uuid.Parse("6b9d7a1e-3f42-4c58-9a3b-0d2f5e8c1a77");

    private readonly TestTree _tree = new(("out/x.raw", "image"), ("out/vars.fd", "variables"), ("mine/machine", "a list of my machines"), ("mine/thesis", "years of work"));

    private string Image => Path.Combine(_tree.Root, "out/x.raw");

    private string Folder => Path.Combine(_tree.Root, "vm/x");

    public void Dispose() => _tree.Dispose();

    [Fact]
    public void A_machine_is_the_same_when_it_is_opened_again()
    {
        Assert.Null(MachineFolder.Open(Folder));
        var made = Create(Folder);
        Assert.Equal(made, MachineFolder.Open(Folder));
        Assert.Equal(Number, made.Uuid);
        Assert.Equal("image" + new string('\0', 1000), File.ReadAllText(made.Disk));
        Assert.Equal("variables", File.ReadAllText(made.Variables));
        Assert.True(Directory.Exists(made.Tpm));
    }

    [Fact]
    public void A_machine_without_a_given_UUID_gets_one_of_its_own()
    {
        var one = MachineFolder.Create(Folder, Image, 0, null, Firmware, TestContext.Current.CancellationToken);
        var other = MachineFolder.Create(Folder + "2", Image, 0, null, Firmware, TestContext.Current.CancellationToken);
        Assert.NotEqual(one.Uuid, other.Uuid);
        Assert.Matches("^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$", one.Uuid.ToString());
    }

    [Fact]
    public void Another_build_of_the_image_is_noticed()
    {
        var made = Create(Folder);
        Assert.Equal(made.Build, MachineFolder.BuildOf(Image));
        File.WriteAllText(Image, "another image");
        Assert.NotEqual(made.Build, MachineFolder.BuildOf(Image));
        File.WriteAllText(Path.Combine(_tree.Root, "out/SHA256SUMS"), "00ff *other.raw\naa11 *x.raw\n");
        Assert.Equal("aa11 *x.raw", MachineFolder.BuildOf(Image));
    }

    [Fact]
    public void A_folder_that_is_no_machine_is_not_removed()
    {
        var mine = Path.Combine(_tree.Root, "mine");
        Assert.Contains("does not describe a machine", Assert.Throws<RoosException>(() => MachineFolder.Open(mine)).Message, StringComparison.Ordinal);
        Assert.Contains("is no machine of roos vm", Assert.Throws<UsageException>(() => Create(mine)).Message, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(mine, "thesis")));
    }

    [Fact]
    public void A_machine_that_was_half_made_is_made_again()
    {
        Directory.CreateDirectory(Folder);
        File.WriteAllText(Path.Combine(Folder, "disk.raw"), "half");
        Assert.Null(MachineFolder.Open(Folder));
        Assert.StartsWith("image", File.ReadAllText(Create(Folder).Disk), StringComparison.Ordinal);
    }

    [Fact]
    public void A_machine_is_held_by_one_at_a_time()
    {
        using (MachineFolder.Hold(Folder))
        {
            Assert.Contains("this machine is running", Assert.Throws<RoosException>(() => MachineFolder.Hold(Folder)).Message, StringComparison.Ordinal);
            using var other = MachineFolder.Hold(Folder + "2");
        }

        using (MachineFolder.Hold(Folder)) Assert.True(File.Exists(Folder + ".lock"));
        Assert.False(File.Exists(Folder + ".lock"));
    }

    [Fact]
    public void A_lock_that_a_killed_program_has_left_holds_nothing()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Folder)!);
        File.WriteAllText(Folder + ".lock", "");
        using var held = MachineFolder.Hold(Folder);
    }

    [Fact]
    public void A_folder_whose_name_is_too_long_for_a_socket_is_told_before_it_is_made()
    {
        var folder = Path.Combine(_tree.Root, new string('a', 60), new string('b', 60));
        Assert.Contains("too long for the sockets", Assert.Throws<UsageException>(() => Create(folder)).Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder));
    }

    private Firmware Firmware => new(Path.Combine(_tree.Root, "out/code.fd"), Path.Combine(_tree.Root, "out/vars.fd"));

    private MachineFolder Create(string folder) => MachineFolder.Create(folder, Image, 1000, Number, Firmware, TestContext.Current.CancellationToken);
}
