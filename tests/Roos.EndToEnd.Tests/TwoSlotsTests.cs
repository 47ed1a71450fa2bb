using System.Globalization;
using Roos.Testing;

namespace Roos.EndToEnd.Tests;

/// <summary>The profile ab: a second, empty slot for the root is made on the first boot, before /var takes the rest of the disk. And a user of another name, by mkosi.env.</summary>
public sealed class TwoSlotsTests : IDisposable
{
    private readonly ScratchFolder _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void The_disk_gets_a_second_slot_and_the_user_its_name()
    {
        Judge.NeedRoot();
        var tree = _scratch["tree"];
        TemplateTree.Copy(tree, _scratch["key"]);
        File.WriteAllText(Path.Combine(tree, "mkosi.env"), "DEFAULT_USER=maria\n");
        TemplateTree.Roos(tree, "build", "--profile", "ab", "--rootfs", PackageTars.Rootfs, "--initrd-rootfs", PackageTars.Initrd);
        var machine = _scratch["machine"];
        VirtualMachine.Prepare(machine, Path.Combine(tree, "mkosi.output", "roos_0.1.raw"), growth: "+6G");
        var boot = BootRecord.Of(machine, _scratch["key"], new StartOptions { User = "maria" }, new Dictionary<string, string>
        {
            ["state"] = BootRecord.Questions["state"],
            ["failed units"] = BootRecord.Questions["failed units"],
            ["user"] = BootRecord.Questions["user"],
            ["password"] = BootRecord.Questions["password"],
            ["sudo"] = BootRecord.Questions["sudo"],
            ["home"] = "stat --format='%U %G %a' /var/home/maria && touch ~/mine && ls -a ~",
            ["partitions"] = "lsblk --noheadings --raw --bytes --output NAME,PARTTYPE,PARTLABEL,SIZE /dev/vda | grep '^vda[0-9]'",
        });
        Assert.Equal("", boot.Answer("failed units"));
        Assert.Equal("running", boot.Answer("state"));
        Assert.Matches(@"uid=1000\(maria\) gid=1000\(maria\) .*\(wheel\).*\n/var/home/maria$", boot.Answer("user"));
        Assert.Matches("^maria L ", boot.Answer("password"));
        Assert.Equal("0", boot.Answer("sudo"));
        Assert.StartsWith("maria maria 700\n", boot.Answer("home"), StringComparison.Ordinal);
        var partitions = boot.Answer("partitions").Split('\n').Select(line => line.Split(' ')).Select(fields => (Type: fields[1].ToUpperInvariant(), Label: fields[2], Size: long.Parse(fields[3], CultureInfo.InvariantCulture))).ToList();
        Assert.Equal(["roos_0.1", "_empty"], partitions.Where(partition => partition.Type == MachineDisk.RootType).Select(partition => partition.Label));
        Assert.All(partitions.Where(partition => partition.Type == MachineDisk.RootType), partition => Assert.Equal(4L << 30, partition.Size));
        Assert.Equal(["roos_0.1_verity", "_empty"], partitions.Where(partition => partition.Type == MachineDisk.RootVerityType).Select(partition => partition.Label));

        // For signatures, of this version and of one to come: this one is not signed.
        const string signatures = "41092B05-9FC8-4523-994F-2DEF0408B176";
        Assert.Equal(["_empty", "_empty"], partitions.Where(partition => partition.Type == signatures).Select(partition => partition.Label));
        Assert.InRange(Assert.Single(partitions, partition => partition.Type == MachineDisk.VarType).Size, 1L << 30, 2L << 30);
    }
}
