using System.Globalization;

namespace Roos.EndToEnd.Tests;

/// <summary>What a machine answered to all questions during one boot: asked at once, because a boot takes a minute, and judged test by test.</summary>
public sealed class BootRecord
{
    /// <summary>The questions, by name. Each is a shell command for the default user.</summary>
    internal static readonly IReadOnlyDictionary<string, string> Questions = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        // Waits until the last job is done, for what comes after ssh.
        ["state"] = "systemctl is-system-running --wait",
        ["failed units"] = "systemctl --failed --plain --no-legend",
        ["root"] = "findmnt --noheadings --output SOURCE,FSTYPE,OPTIONS /",
        ["verity"] = "sudo -n veritysetup status root",
        ["var"] = "findmnt --noheadings --output SOURCE,FSTYPE,OPTIONS /var",
        ["luks"] = "sudo -n cryptsetup luksDump $(sudo -n blkid --match-token TYPE=crypto_LUKS --output device)",
        ["touch /etc"] = "sudo -n touch /etc/x",
        ["user"] = "id; pwd",
        ["sudo"] = "sudo -n id -u",
        ["password"] = "sudo -n passwd --status $(id -un)",
        ["machine id"] = "cat /etc/machine-id",
        ["host name"] = "hostname; cat /etc/hostname; hostnamectl hostname",
        ["address"] = "ip -4 -brief address show scope global",
        ["resolv.conf"] = "cat /etc/resolv.conf",
        ["image"] = ". /etc/os-release; echo $IMAGE_ID $IMAGE_VERSION",
        ["cmdline"] = "cat /proc/cmdline",
        ["marker"] = "cat /var/lib/marker",
        ["host key"] = "cat /var/lib/ssh/etc/ssh/ssh_host_ed25519_key.pub",
    };

    private readonly Dictionary<string, (int ExitCode, string Output)> _answers;

    private BootRecord(string serial, Dictionary<string, (int ExitCode, string Output)> answers)
    {
        Serial = serial;
        _answers = answers;
    }

    public string Serial { get; }

    /// <summary>What the machine answered to a question, with its exit status.</summary>
    public (int ExitCode, string Output) this[string question] => _answers[question];

    /// <summary>Turns the machine of <paramref name="folder"/> on, asks, leaves a marker in /var for the next boot, and turns it off.</summary>
    /// <param name="folder">The machine's.</param>
    /// <param name="privateKey">The key that opens it.</param>
    /// <param name="options">How it is turned on.</param>
    /// <param name="questions">Other questions than <see cref="Questions"/>.</param>
    /// <param name="whileStarting">Who sits at the console.</param>
    /// <param name="afterwards">What happens then, and what is asked after that.</param>
    internal static BootRecord Of(string folder, string privateKey, StartOptions? options = null, IReadOnlyDictionary<string, string>? questions = null, Action<VirtualMachine>? whileStarting = null,
        Func<VirtualMachine, IReadOnlyDictionary<string, string>>? afterwards = null)
    {
        using var machine = VirtualMachine.Start(folder, privateKey, options);
        whileStarting?.Invoke(machine);
        machine.WaitForSsh(VirtualMachine.BootLimit);
        var answers = (questions ?? Questions).ToDictionary(question => question.Key, question => machine.Ssh(question.Value), StringComparer.Ordinal);
        foreach (var (name, question) in afterwards?.Invoke(machine) ?? new Dictionary<string, string>()) answers.Add(name, machine.Ssh(question));
        Assert.Equal(0, machine.Ssh("echo kept | sudo -n tee /var/lib/marker && sync").ExitCode);
        var serial = machine.Serial;
        machine.PowerOff();
        return new BootRecord(serial, answers);
    }

    /// <summary>What the machine answered to a question that it must be able to answer.</summary>
    public string Answer(string question)
    {
        var (exitCode, output) = this[question];
        Assert.True(exitCode == 0, string.Create(CultureInfo.InvariantCulture, $"{question}: exit status {exitCode}\n{output}"));
        return output.Trim();
    }
}
