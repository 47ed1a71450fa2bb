using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Roos.Testing;

namespace Roos.EndToEnd.Tests;

/// <summary>
/// The signed template on a machine with Secure Boot, over four boots: the first, with a disk in it that is none of its business; Storage Target Mode; an ordinary
/// day, with credentials good and bad; Factory Reset. What was seen is judged test by test.
/// </summary>
public sealed class EverydayAppliance : IDisposable
{
    /// <summary>What a blinking machine writes on its first terminal, as text.</summary>
    private const string Screen = "sudo -n cat /dev/vcs1 | fold -w $(sudo -n od -An -tu1 -j1 -N1 /dev/vcsa1)";

    private static readonly TimeSpan Idle = TimeSpan.FromMinutes(10);

    private static readonly StartOptions SecureBoot = new() { SecureBoot = true };

    private readonly ScratchFolder _scratch = new();
    private readonly Lazy<string> _machine;
    private readonly Lazy<BootRecord> _first;
    private readonly Lazy<(string Serial, byte[] OverTheNetwork, byte[] OnDisk)> _storageTarget;
    private readonly Lazy<BootRecord> _ordinary;
    private readonly Lazy<BootRecord> _reset;
    private readonly int _nameServerPort = NameServer.FreePort();

    public EverydayAppliance()
    {
        _machine = new Lazy<string>(Build);
        _first = new Lazy<BootRecord>(BootFirst);
        _storageTarget = new Lazy<(string, byte[], byte[])>(OfferDisks);
        _ordinary = new Lazy<BootRecord>(BootOrdinarily);
        _reset = new Lazy<BootRecord>(Reset);
    }

    public BootRecord FirstBoot => _first.Value;

    /// <summary>Storage Target Mode: what the console said, and the first 64 KiB of the disk as a host on the network and as this machine reads them.</summary>
    public (string Serial, byte[] OverTheNetwork, byte[] OnDisk) StorageTarget => _storageTarget.Value;

    /// <summary>A boot with credentials, and ten idle minutes.</summary>
    public BootRecord OrdinaryBoot => _ordinary.Value;

    public BootRecord FactoryReset => _reset.Value;

    /// <summary>The SHA-256 of the other disk before and after the first boot.</summary>
    public (string Before, string After) OtherDisk { get; private set; }

    private string PrivateKey => _scratch["key"];

    public void Dispose() => _scratch.Dispose();

    private string Build()
    {
        Judge.NeedRoot();
        VirtualMachine.NeedTool("qemu-system-x86_64");
        VirtualMachine.NeedTool("swtpm");
        var tree = _scratch["tree"];
        TemplateTree.Copy(tree, PrivateKey);
        TemplateTree.Roos(tree, "genkey", "--common-name", "Roos test");
        TemplateTree.Roos(tree, "build", "--secure-boot", "yes", "--secure-boot-auto-enroll", "yes", "--rootfs", PackageTars.Rootfs, "--initrd-rootfs", PackageTars.Initrd);
        var folder = _scratch["machine"];
        VirtualMachine.Prepare(folder, Path.Combine(tree, "mkosi.output", "roos_0.1.raw"));
        using var machine = VirtualMachine.Start(folder, PrivateKey, SecureBoot);
        machine.WaitForEnd(VirtualMachine.BootLimit);
        Assert.Contains("successfully enrolled", machine.Serial, StringComparison.Ordinal);
        return folder;
    }

    private BootRecord BootFirst()
    {
        var folder = _machine.Value;
        var other = MakeOtherDisk();
        var before = DigestOf(other);
        var boot = BootRecord.Of(folder, PrivateKey, SecureBoot with { SecondDisk = other }, new Dictionary<string, string>(BootRecord.Questions)
        {
            ["disks"] = "lsblk --noheadings --raw --output NAME,PARTTYPENAME,PARTLABEL,PARTUUID",
            ["var's UUID"] = "systemd-id128 machine-id --app-specific=4d21b016-b534-45c2-a9fb-5c16e091fd2d --uuid",
            ["screen"] = "for i in $(seq 30); do systemctl is-active --quiet fastfetch.service && sudo -n grep -q 'Disk (/var)' /dev/vcs1 && break; sleep 2; done; " + Screen,
            ["screen, later"] = "sleep 75; " + Screen,
            ["logins"] = "systemctl list-units --all --plain --no-legend 'getty@*' 'serial-getty@*' 'autovt@*' | grep -v ' inactive '; systemctl is-active getty@tty1.service serial-getty@ttyS0.service",
            ["extension folders"] = "stat --format='%N %F %a' /var/lib/extensions /var/lib/confexts /var/extensions /var/confexts",
            ["credential folders"] = "sudo -n stat --format='%N %F %a' /etc/credstore /etc/credstore.encrypted /var/lib/credstore /var/lib/credstore.encrypted",
            ["writes"] = "for f in /etc /usr /opt /root /srv; do sudo -n touch $f/x 2>&1; done",
            ["timers"] = "systemctl list-timers --all --no-legend --plain | sed 's/.* \\([^ ]*\\.timer\\) .*/\\1/'",
            ["before var"] = "systemctl show --property=After --value fstrim.timer systemd-tmpfiles-clean.timer ssh.service systemd-resolved.service | tr ' ' '\\n' | sort -u",
            ["sshd"] = "sudo -n sshd -T | grep -E '^(hostkey|authorizedkeysfile|passwordauthentication|permitrootlogin|authenticationmethods) '",
            ["names"] = "getent hosts $(hostname); getent hosts localhost",
            ["size"] = "dpkg-query -W | wc -l",
            ["leave credentials"] = $$"""
                sudo -n sh -eu -c '
                cd /run
                printf "[Match]\nType=ether\nName=en* eth*\n[Network]\nDHCP=yes\nAddress=198.51.100.7/24\nDNS=10.0.2.2:{{_nameServerPort}}\nDomains=~example.org\n" >good
                printf "[NetDev]\nName=dummy7\nKind=dummy\n" >dummy
                systemd-creds encrypt --with-key=host --name=network.network.60-address good /var/lib/credstore.encrypted/network.network.60-address
                echo rubbish >/var/lib/credstore.encrypted/network.wireguard.bad
                echo rubbish >/var/lib/credstore.encrypted/network.network.50-bad
                mkdir -p /boot/loader/credentials
                systemd-creds encrypt --with-key=tpm2 --name=network.netdev.70-dummy dummy /boot/loader/credentials/network.netdev.70-dummy.cred
                echo rubbish >/boot/loader/credentials/network.network.40-bad.cred
                bootctl set-oneshot $(cd /boot/EFI/Linux; ls *.efi)@storage-target'
                """,
        });
        OtherDisk = (before, DigestOf(other));
        return boot;
    }

    private (string Serial, byte[] OverTheNetwork, byte[] OnDisk) OfferDisks()
    {
        _ = FirstBoot;
        var folder = _machine.Value;
        const ushort blocks = 128;
        var disk = new byte[blocks * 512];
        using (var file = File.OpenRead(Path.Combine(folder, "disk.raw"))) file.ReadExactly(disk);
        using var machine = VirtualMachine.Start(folder, PrivateKey, SecureBoot);
        machine.WaitForSerial("nvme connect -t tcp -n", VirtualMachine.BootLimit);
        Thread.Sleep(TimeSpan.FromSeconds(2));
        var serial = machine.Serial;
        var port = int.Parse(Regex.Match(serial, @"Listening on ipv4 \(port ([0-9]+)\)").Groups[1].Value, CultureInfo.InvariantCulture);
        var name = Regex.Match(serial, @"nqn\.2023-10\.io\.systemd:storagetm\.[0-9a-z.]+").Value;
        using var host = new NvmeInitiator(machine.Forward(port), name);
        return (serial, host.Read(0, blocks), disk);
    }

    private BootRecord BootOrdinarily()
    {
        _ = StorageTarget;
        using var names = new NameServer(_nameServerPort);
        var clock = Stopwatch.StartNew();
        return BootRecord.Of(_machine.Value, PrivateKey, SecureBoot, new Dictionary<string, string>(Known("state", "failed units", "cmdline", "marker", "host key", "address"))
        {
            ["links"] = "ip -brief link",
            ["bad credentials"] = "sudo -n journalctl --boot --quiet --output=cat --unit=roos-credentials.service",
            ["credentials' modes"] = "sudo -n find /run/credstore -printf '%m %u\\n' | sort -u",
            ["name"] = "getent ahostsv4 " + NameServer.Name,
            ["boots in the journal"] = "sudo -n journalctl --list-boots --quiet | wc -l",
            ["journal of the first boot"] = "sudo -n journalctl --boot=1 --quiet --output=cat --identifier=systemd --grep='Reached target multi-user.target' | head -n 1",
        }, afterwards: machine =>
        {
            while (clock.Elapsed < Idle)
            {
                Assert.True(machine.IsRunning);
                Thread.Sleep(TimeSpan.FromSeconds(5));
            }

            return new Dictionary<string, string>
            {
                ["failed units after ten minutes"] = "systemctl --failed --plain --no-legend",
                ["state after ten minutes"] = "systemctl is-system-running",
                ["errors"] = "sudo -n journalctl --boot --quiet --priority=err --output=cat",
            };
        });
    }

    /// <summary>By the keyboard: the second entry of the menu.</summary>
    private BootRecord Reset()
    {
        _ = OrdinaryBoot;
        return BootRecord.Of(
            _machine.Value, PrivateKey, SecureBoot,
            new Dictionary<string, string>(Known("state", "failed units", "cmdline", "marker", "host key", "var"))
            {
                ["disks"] = "lsblk --noheadings --raw --output NAME,PARTTYPENAME,PARTLABEL,PARTUUID",
                ["what is left"] = "sudo -n ls /var/lib/credstore.encrypted",
            },
            machine =>
            {
                machine.WaitForSerial("Boot in ", VirtualMachine.BootLimit);
                machine.Type("\e[B");
                machine.Type("\r");
            });
    }

    private static IEnumerable<KeyValuePair<string, string>> Known(params IEnumerable<string> names) => names.Select(name => KeyValuePair.Create(name, BootRecord.Questions[name]));

    /// <summary>A disk as another machine may have left it: with partitions of the types that the appliance knows, and room for more.</summary>
    private string MakeOtherDisk()
    {
        var path = _scratch["other.raw"];
        using (var disk = File.Create(path))
        {
            disk.SetLength(2L << 30);
            disk.Position = 256 << 20;
            var bytes = new byte[1 << 20];
            new SeededRandom("another machine's data").GetBytes(bytes);
            disk.Write(bytes);
        }

        var table = _scratch["other.table"];
        File.WriteAllText(table, """
            label: gpt
            size=64MiB, type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B, name=esp
            size=64MiB, type=4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709, name=_empty
            size=512MiB, type=4D21B016-B534-45C2-A9FB-5C16E091FD2D, name=var

            """);
        Judge.Host("sh").Must("-c", "exec sfdisk --quiet \"$1\" <\"$2\"", "sh", path, table);
        return path;
    }

    private static string DigestOf(string file)
    {
        using var stream = File.OpenRead(file);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }
}

[CollectionDefinition(nameof(EverydayAppliance))]
public sealed class EverydayApplianceTests : ICollectionFixture<EverydayAppliance>;
