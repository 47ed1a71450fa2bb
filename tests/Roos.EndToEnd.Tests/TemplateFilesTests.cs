using Roos.Testing;

namespace Roos.EndToEnd.Tests;

/// <summary>
/// What the template puts on the machine, read by the programs that will read it there: those of the built root file system, mounted by the kernel. For each
/// program a mistake is made in one file, to see that the program would have said so.
/// </summary>
[Collection(nameof(Appliance))]
public sealed class TemplateFilesTests(Appliance appliance)
{
    private const string Base = "template/mkosi.images/roos-base/mkosi.extra", Emergency = "template/roos.resources/emergency", InitrdExtra = "template/mkosi.images/initrd/mkosi.extra";

    /// <summary>Has a unit only on a machine, by a generator.</summary>
    private static readonly string[] Generated = ["systemd-cryptsetup@var.service", "systemd-veritysetup@root.service"];

    /// <summary>Command, and what it reads with a line that spoils it.</summary>
    public static TheoryData<string, string, string> Programs => new()
    {
        { "systemd-sysusers --dry-run /usr/lib/sysusers.d/roos*.conf", "/usr/lib/sysusers.d/roos.conf", "x y z" },
        { "systemd-tmpfiles --dry-run --create /usr/lib/tmpfiles.d/roos*.conf", "/usr/lib/tmpfiles.d/roos.conf", "d relative 0755" },
        { "visudo --check --strict", "/etc/sudoers.d/wheel", "%wheel may do all" },
        {
            "mkdir -p /run/sshd /var/lib/ssh/etc/ssh && ssh-keygen -q -t ed25519 -N '' -f /var/lib/ssh/etc/ssh/ssh_host_ed25519_key && sshd -t",
            "/etc/ssh/sshd_config.d/10-roos.conf", "PasswordAuthentication perhaps"
        },
        { "truncate -s 20G /tmp/disk.raw && systemd-repart --dry-run=yes --empty=force --definitions=/usr/lib/repart.d /tmp/disk.raw 2>&1 | tee /dev/stderr | grep -q 'Refusing to repartition, please re-run with --dry-run=no'", "/usr/lib/repart.d/50-var.conf", "Formats=btrfs" },
        { "mkdir -p /run/systemd/netif/links /run/systemd/netif/leases && chown -R systemd-network /run/systemd && { unshare --net timeout 5 /usr/lib/systemd/systemd-networkd; [ $? = 124 ]; }", "/usr/lib/systemd/network/80-dhcp.network", "DHCPP=yes" },
        { "fastfetch --config /usr/lib/roos/fastfetch.jsonc --pipe", "/usr/lib/roos/fastfetch.jsonc", "]" },
        { "for script in /usr/lib/roos/hostname /usr/lib/roos/console /usr/lib/roos/open-credentials /usr/lib/roos/emergency /usr/lib/roos/health; do bash -n $script || exit; done", "/usr/lib/roos/emergency", "if" },
        { "systemd-analyze cat-config systemd/journald.conf | grep -q ^SystemMaxUse=256M", "/usr/lib/systemd/journald.conf.d/10-roos.conf", null! },
    };

    [Fact]
    public void Units_of_the_system()
    {
        var units = Units(Base).Concat(Units(Emergency)).Except(Generated).ToList();
        Assert.Contains("fastfetch.service", units);
        Assert.Equal("", Quiet(InRoot(Verify(units))));
        Assert.Contains("Unknown key", InRoot(Verify(units), "/usr/lib/systemd/system/fastfetch.service", "[Service]\nExekStart=/bin/true\n").Output, StringComparison.Ordinal);
    }

    /// <summary>Those in the tree of the initrd's packages, with what the template lays over it.</summary>
    [Fact]
    public void Units_of_the_initrd()
    {
        var root = appliance.Scratch("initrd");
        if (!Directory.Exists(root))
        {
            Directory.CreateDirectory(root);
            HostProcess.Must(TimeSpan.FromMinutes(2), "tar", "-x", "-f", PackageTars.Initrd, "-C", root, "--exclude=./dev/*");
            foreach (var overlay in new[] { InitrdExtra, Emergency }) HostProcess.Must(TimeSpan.FromMinutes(1), "cp", "-r", Path.Combine(Appliance.House(), overlay, "."), root);
        }

        var units = Units(InitrdExtra).Concat(Units(Emergency)).Except(Generated).ToList();
        Assert.Contains("systemd-repart.service", units);
        const string mount = "mount --bind \"$1\" \"$2\"";
        Assert.Equal("", Quiet(Chroot(mount, root, Verify(units))));
        Assert.Equal("", Quiet(Chroot(mount, root, "for script in /usr/lib/roos/*; do bash -n $script || exit; done")));
        Assert.Contains("Unknown key", Chroot(mount, root, Verify(units), "/usr/lib/systemd/system/systemd-repart.service.d/10-roos.conf", "[Service]\nExekStart=/bin/true\n").Output, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Programs))]
    public void Files_that_programs_read(string command, string file, string? mistake)
    {
        var (exitCode, output) = InRoot(command);
        Assert.True(exitCode == 0, output);
        Assert.DoesNotContain(output.Split('\n'), line => line.Contains("roos", StringComparison.Ordinal) && (line.Contains("nknown", StringComparison.Ordinal) || line.Contains("gnoring", StringComparison.Ordinal)));
        var spoilt = InRoot(command, file, mistake is null ? "" : null, mistake);
        Assert.True(spoilt.ExitCode != 0 || spoilt.Output.Contains("Unknown key", StringComparison.Ordinal), spoilt.Output);
    }

    private static string Verify(IEnumerable<string> units) =>
        "systemd-analyze verify --man=no --recursive-errors=no " + string.Join(' ', units.Distinct().Select(unit => unit.Replace("@.service", "@tty1.service", StringComparison.Ordinal)));

    /// <summary>Units that a folder of the template has, or has drop-ins for.</summary>
    private static IEnumerable<string> Units(string folder)
    {
        var system = Path.Combine(Appliance.House(), folder, "usr/lib/systemd/system");
        return Directory.EnumerateFileSystemEntries(system).Select(entry => Path.GetFileName(entry)).Select(name => name.EndsWith(".d", StringComparison.Ordinal) ? name[..^2] : name).Order(StringComparer.Ordinal);
    }

    private static string Quiet((int ExitCode, string Output) result)
    {
        Assert.True(result.ExitCode == 0, result.Output);
        return result.Output;
    }

    private (int ExitCode, string Output) InRoot(string command, string? file = null, string? content = null, string? more = null) => Chroot(
        "mount -t erofs -o ro,loop \"$1\" \"$2\"", Directory.GetFiles(appliance.Output, "*.root.raw").Single(), command, file, content, more);

    /// <summary>Runs a command in a root file system, in a mount namespace of its own; a file may be replaced, or have a line put behind it.</summary>
    private (int ExitCode, string Output) Chroot(string mount, string root, string command, string? file = null, string? content = null, string? more = null)
    {
        Judge.NeedRoot();
        var place = appliance.Scratch("root");
        Directory.CreateDirectory(place);
        var script = $"""
            {mount}
            mount -t proc proc "$2/proc"
            mount -t sysfs sysfs "$2/sys"
            mount --bind /dev "$2/dev"
            for folder in run tmp var; do mount -t tmpfs tmpfs "$2/$folder"; done
            mkdir -p "$2/var/tmp"
            [ -e "$2/etc/machine-id" ] || touch "$2/etc/machine-id"
            echo 6b9d7a1e3f424c589a3b0d2f5e8c1a77 >"$2/tmp/machine-id"
            mount --bind "$2/tmp/machine-id" "$2/etc/machine-id"
            if [ -n "$3" ]; then
                if [ -n "$5" ]; then cp -p "$2$3" "$2/tmp/file"; printf '%s\n' "$5" >>"$2/tmp/file"; else printf '%s' "$4" >"$2/tmp/file"; fi
                mount --bind "$2/tmp/file" "$2$3"
            fi
            exec chroot "$2" sh -c "$6"
            """;
        return HostProcess.Run(TimeSpan.FromMinutes(2), null, "unshare", "--mount", "--propagation", "private", "sh", "-euc", script, "sh", root, place, file ?? "", content ?? "", more ?? "", command);
    }
}
