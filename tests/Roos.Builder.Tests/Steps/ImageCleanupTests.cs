using Roos.Builder.Steps;
using Roos.Core.Tree;

namespace Roos.Builder.Tests.Steps;

public sealed class ImageCleanupTests
{
    private static readonly ImageCleanupOptions Options = new() { SourceDateEpoch = 1234 };

    [Fact]
    public void What_is_the_build_machines_goes()
    {
        var tree = BuildMachineTraces.Remove(SmallTree.Of(
            ("etc/hostname", "builder\n"), ("etc/resolv.conf", "nameserver 10.0.0.1\n"), ("etc/machine-id", "0123\n"), ("etc/ssh/ssh_host_rsa_key", "x"),
            ("etc/ssh/ssh_host_rsa_key.pub", "x"), ("etc/ssh/sshd_config", "x"), ("var/lib/systemd/random-seed", "x"), ("etc/apt/apt.conf.d/99mmdebstrap", "x")));
        Assert.Equal(["etc", "etc/apt", "etc/apt/apt.conf.d", "etc/machine-id", "etc/ssh", "etc/ssh/sshd_config", "var", "var/lib", "var/lib/systemd"], SmallTree.Paths(tree));
        Assert.Equal("", SmallTree.TextOf(tree, "etc/machine-id"));
    }

    [Fact]
    public void With_resolved_the_resolver_file_is_its_link()
    {
        var tree = BuildMachineTraces.Remove(SmallTree.Of(("etc/resolv.conf", "nameserver 10.0.0.1\n"), ("usr/lib/systemd/systemd-resolved", "x")));
        Assert.Equal("../run/systemd/resolve/stub-resolv.conf", Assert.IsType<SymbolicLink>(tree.Find("etc/resolv.conf")).Target.ToString());
    }

    [Fact]
    public void Mount_points_are_kept_empty_and_the_kernel_moves_to_its_modules()
    {
        var tree = ImageCleanup.Apply(
            SmallTree.Of(
                ("boot/vmlinuz-6.12", "kernel"), ("boot/initrd.img-6.12", "x"), ("boot/vmlinuz-other", "no modules"), ("usr/lib/modules/6.12/", ""), ("var/lib/dpkg/status", "x"),
                ("tmp/x", "x"), ("run/x", "x"), ("dev/null", "x"), ("vmlinuz", "-> boot/vmlinuz-6.12"), ("etc/passwd-", "x"), ("etc/foo.dpkg-old", "x"), ("etc/hostname", "appliance")),
            Options);
        Assert.Equal(
            ["boot", "dev", "etc", "etc/hostname", "etc/machine-id", "run", "tmp", "usr", "usr/lib", "usr/lib/clock-epoch", "usr/lib/modules", "usr/lib/modules/6.12", "usr/lib/modules/6.12/vmlinuz", "var"],
            SmallTree.Paths(tree));
        Assert.Equal("kernel", SmallTree.TextOf(tree, "usr/lib/modules/6.12/vmlinuz"));
        Assert.Equal(1234, tree.Find("usr/lib/clock-epoch")!.Metadata.ModificationTime.Seconds);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Documentation_goes_but_for_licences(bool withDocs)
    {
        var tree = ImageCleanup.Apply(
            SmallTree.Of(("usr/share/doc/a/copyright", "x"), ("usr/share/doc/a/README", "x"), ("usr/share/doc/a/more/x", "x"), ("usr/share/doc/b", "-> a"), ("usr/share/man/man1/a.1", "x")),
            Options with { WithDocs = withDocs });
        Assert.NotNull(tree.Find("usr/share/doc/a/copyright"));
        Assert.NotNull(tree.Find("usr/share/doc/b"));
        Assert.Equal(withDocs, tree.Find("usr/share/doc/a/README") is not null);
        Assert.Equal(withDocs, tree.Find("usr/share/doc/a/more") is not null);
        Assert.Equal(withDocs, tree.Find("usr/share/man") is not null);
    }

    [Fact]
    public void A_machine_id_is_never_shipped()
    {
        Assert.Equal("", SmallTree.TextOf(ImageCleanup.Apply(SmallTree.Of(("etc/machine-id", "0123\n")), Options), "etc/machine-id"));
    }
}
