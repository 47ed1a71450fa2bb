using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Roos.Testing;

namespace Roos.EndToEnd.Tests;

/// <summary>
/// The life of a machine in the field, with Secure Boot and a signed list of updates, as docs/updates.md tells it: built, published and served by <c>./roos</c>,
/// updated by the machine itself, which is told to restart and is not touched otherwise. Version 2 is good; 3 panics, 4 has a damaged root, 5 hangs; 6 is good
/// again. What was seen is judged test by test.
/// </summary>
public sealed class UpdateJourney : IDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60), StayLimit = TimeSpan.FromMinutes(20);

    /// <summary>What the machine is asked at every stop.</summary>
    private static readonly Dictionary<string, string> Usual = new(StringComparer.Ordinal)
    {
        ["state"] = BootRecord.Questions["state"],
        ["failed units"] = BootRecord.Questions["failed units"],

        // The version that runs is blessed a moment after boot-complete.target.
        ["UKIs"] = ". /etc/os-release; for i in $(seq 90); do sudo -n ls /boot/EFI/Linux | grep -q \"_$IMAGE_VERSION+\" || break; sleep 1; done; sudo -n ls /boot/EFI/Linux",
        ["labels"] = "lsblk --noheadings --raw --output PARTLABEL /dev/vda",
        ["list"] = "sudo -n /usr/lib/systemd/systemd-sysupdate list --no-legend --no-pager",
        ["machine id"] = BootRecord.Questions["machine id"],
        ["host key"] = BootRecord.Questions["host key"],
        ["marker"] = BootRecord.Questions["marker"],
        ["verity"] = BootRecord.Questions["verity"],
        ["bootctl"] = "sudo -n bootctl status",
        ["extension"] = "cat /usr/lib/tool",
    };

    private readonly ScratchFolder _scratch = new();
    private readonly Lazy<Dictionary<string, Stop>> _stops;
    private readonly int _port = VirtualMachine.FreePort();
    private string _boot = "";

    public UpdateJourney() => _stops = new Lazy<Dictionary<string, Stop>>(Travel);

    /// <summary>By the name of what happened before: "1", "2", "3" to "5" for the falls back to 2, and "6".</summary>
    public Stop this[string name] => _stops.Value[name];

    /// <summary>What is left in the published folder.</summary>
    public IReadOnlyList<string> Published { get; private set; } = [];

    private string Tree => _scratch["tree"];

    private string Output => Path.Combine(Tree, "mkosi.output");

    private string Web => _scratch["web"];

    public void Dispose() => _scratch.Dispose();

    private Dictionary<string, Stop> Travel()
    {
        Judge.NeedRoot();
        VirtualMachine.NeedTool("qemu-system-x86_64");
        VirtualMachine.NeedTool("swtpm");
        TemplateTree.Copy(Tree, _scratch["key"]);
        File.WriteAllText(Path.Combine(Tree, "mkosi.env"), string.Create(CultureInfo.InvariantCulture, $"UPDATE_URL=http://10.0.2.2:{_port}\n"));
        File.WriteAllText(Path.Combine(Tree, "mkosi.local.conf"), "[Config]\nProfiles=ab\n\n[Validation]\nSecureBoot=yes\nSecureBootAutoEnroll=yes\nSign=yes\n");
        TemplateTree.Roos(Tree, "genkey", "--openpgp", "--common-name", "Roos test");
        Release("1");
        using var server = Process.Start(Path.Combine(Appliance.House(), "roos"), ["serve", Web, "--quiet", "--listen", string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{_port}")]);
        try
        {
            var folder = _scratch["machine"];
            VirtualMachine.Prepare(folder, Path.Combine(Output, "roos_1.raw"), growth: "+6G");
            using var machine = VirtualMachine.Start(folder, _scratch["key"], new StartOptions { SecureBoot = true, Restarts = true });
            return Travel(machine);
        }
        finally
        {
            server.Kill(entireProcessTree: true);
            server.WaitForExit(StartLimit);
            Published = [.. Directory.GetFiles(Web).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];
        }
    }

    private Dictionary<string, Stop> Travel(VirtualMachine machine)
    {
        var stops = new Dictionary<string, Stop>(StringComparer.Ordinal);
        stops["1"] = StopAt(machine, "1", null, new Dictionary<string, string>
        {
            ["leave marker"] = "echo kept | sudo -n tee /var/lib/marker",
            ["timer"] = "systemctl show --property=ActiveState,TimersMonotonic systemd-sysupdate.timer; systemctl is-enabled systemd-sysupdate-reboot.timer || :",
            ["watchdog"] = "systemctl show --property=RuntimeWatchdogUSec --value",
            ["transfers"] = "cat /usr/lib/sysupdate.d/*.transfer",

            // An extension lies over /usr from now on.
            ["make extension"] = """
                sudo -n sh -euc '
                mkdir -p /var/lib/extensions/tool/usr/lib/extension-release.d
                echo ID=_any >/var/lib/extensions/tool/usr/lib/extension-release.d/extension-release.tool
                echo merged >/var/lib/extensions/tool/usr/lib/tool
                systemd-sysext refresh'
                """,
        });

        Release("2");
        stops["2"] = StopAt(machine, "2", Update(machine, "2"));

        // No init, neither in the initrd nor behind it.
        Release("3", "--kernel-command-line=rdinit=/nonexistent");
        stops["3"] = StopAt(machine, "2", Update(machine, "3"));

        Release("4", SpoilRoot);
        stops["4"] = StopAt(machine, "2", Update(machine, "4", lastTry: true));

        Hang(true);
        Release("5");
        stops["5"] = StopAt(machine, "2", Update(machine, "5", lastTry: true));

        Hang(false);
        Release("6");
        stops["6"] = StopAt(machine, "6", Update(machine, "6"));
        machine.PowerOff();
        return stops;
    }

    private void Release(string version, params string[] options) => Release(version, _ => { }, options);

    /// <summary>Builds a version and publishes it.</summary>
    private void Release(string version, Action<string> spoil, params string[] options)
    {
        TemplateTree.Roos(Tree, ["build", "--image-version", version, "--rootfs", PackageTars.Rootfs, "--initrd-rootfs", PackageTars.Initrd, .. options]);
        spoil(version);
        TemplateTree.Roos(Tree, "publish", "--create", "--keep", "3", "--image-version", version, Web);
    }

    /// <summary>The first block of the root is not what it was when its hash tree was made; the list of digests knows it as it is.</summary>
    private void SpoilRoot(string version)
    {
        var root = Directory.GetFiles(Output, $"roos_{version}_*.root.raw").Single();
        MachineDisk.ChangeByteOf(root, 1024);
        var list = Path.Combine(Output, "SHA256SUMS");
        using var stream = File.OpenRead(root);
        var name = Path.GetFileName(root);
        File.WriteAllText(list, Regex.Replace(File.ReadAllText(list), "[0-9a-f]{64}(?= \\*" + Regex.Escape(name) + "\n)", Convert.ToHexStringLower(SHA256.HashData(stream))));
    }

    /// <summary>A service that never comes up, where the boot is complete only with it; the ten minutes that it would have are one.</summary>
    private void Hang(bool on)
    {
        var extra = Path.Combine(Tree, "mkosi.extra");
        if (!on)
        {
            Directory.Delete(extra, recursive: true);
            return;
        }

        var units = Path.Combine(extra, "usr/lib/systemd/system");
        Directory.CreateDirectory(Path.Combine(units, "boot-complete.target.d"));
        File.WriteAllText(Path.Combine(units, "hang.service"), "[Unit]\nBefore=boot-complete.target\n\n[Service]\nType=oneshot\nTimeoutStartSec=infinity\nExecStart=sleep infinity\n\n[Install]\nRequiredBy=boot-complete.target\n");
        File.WriteAllText(Path.Combine(units, "boot-complete.target.d/90-test.conf"), "[Unit]\nJobTimeoutSec=1min\n");
    }

    /// <summary>
    /// The machine fetches and installs what is there, as its timer would make it, and restarts. With <paramref name="lastTry"/> the new version has one try, as
    /// if two had failed already: the way down from three is seen with version 3.
    /// </summary>
    private Departure Update(VirtualMachine machine, string version, bool lastTry = false)
    {
        var before = machine.Serial.Length;
        var (exitCode, output) = machine.Ssh("sudo -n systemctl start --wait systemd-sysupdate.service; status=$?; sudo -n journalctl --boot --quiet --output=cat --unit=systemd-sysupdate.service; exit $status");
        Assert.True(exitCode == 0, output);
        var list = machine.Ssh(Usual["list"]).Output;
        var files = machine.Ssh("sudo -n ls /boot/EFI/Linux").Output;
        if (lastTry) Assert.Equal(0, machine.Ssh($"sudo -n mv /boot/EFI/Linux/roos_{version}+3-0.efi /boot/EFI/Linux/roos_{version}+1-2.efi").ExitCode);
        machine.Ssh("sudo -n systemctl reboot");
        return new Departure(before, output, list, files);
    }

    /// <summary>Waits until a version has come up, and asks it.</summary>
    private Stop StopAt(VirtualMachine machine, string version, Departure? departure, Dictionary<string, string>? more = null)
    {
        var clock = Stopwatch.StartNew();
        for (; ; Thread.Sleep(TimeSpan.FromSeconds(2)))
        {
            Assert.True(clock.Elapsed < StayLimit, $"Version {version} did not come up within {StayLimit}. The end of the console:\n{machine.Serial[^Math.Min(machine.Serial.Length, 4000)..]}");
            Assert.True(machine.IsRunning, $"The machine has turned itself off. The end of the console:\n{machine.Serial[^Math.Min(machine.Serial.Length, 4000)..]}");
            if (machine.Ssh("cat /proc/sys/kernel/random/boot_id; . /etc/os-release; echo $IMAGE_VERSION") is (0, var who) && who.Split('\n') is [var boot, var running, ..] && boot != _boot && running == version)
            {
                _boot = boot;
                break;
            }
        }

        var took = clock.Elapsed;
        var answers = Usual.Concat(more ?? []).ToDictionary(question => question.Key, question => machine.Ssh(question.Value), StringComparer.Ordinal);
        return new Stop(machine.Serial[(departure?.Console ?? 0)..], took, departure, answers);
    }

    /// <summary>What was seen before a restart.</summary>
    /// <param name="Console">How much the console had said.</param>
    /// <param name="Journal">Of the update.</param>
    /// <param name="List">What systemd-sysupdate lists after it.</param>
    /// <param name="Files">Of EFI/Linux.</param>
    public sealed record Departure(int Console, string Journal, string List, string Files);

    /// <summary>What was seen of a version that runs.</summary>
    /// <param name="Console">What was said since the update before.</param>
    /// <param name="Took">From the restart until ssh answered.</param>
    /// <param name="Before">What was seen before the restart.</param>
    /// <param name="Answers">To what was asked, by name.</param>
    public sealed record Stop(string Console, TimeSpan Took, Departure? Before, IReadOnlyDictionary<string, (int ExitCode, string Output)> Answers)
    {
        /// <summary>What the machine answered to a question that it must be able to answer.</summary>
        public string this[string question]
        {
            get
            {
                var (exitCode, output) = Answers[question];
                Assert.True(exitCode == 0, string.Create(CultureInfo.InvariantCulture, $"{question}: exit status {exitCode}\n{output}"));
                return output.Trim();
            }
        }
    }
}

[CollectionDefinition(nameof(UpdateJourney))]
public sealed class UpdateJourneyTests : ICollectionFixture<UpdateJourney>;
