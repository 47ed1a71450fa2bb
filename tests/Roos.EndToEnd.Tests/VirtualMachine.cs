using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using Roos.Testing;

namespace Roos.EndToEnd.Tests;

/// <summary>
/// A running machine: QEMU without KVM, UEFI firmware, a software TPM, one disk, one network card whose ssh port is a free one of this machine's loopback.
/// Disk, TPM and firmware variables live in its folder, so that the next machine made of the folder is its next boot. Disposing it ends its processes.
/// </summary>
internal sealed partial class VirtualMachine : IDisposable
{
    /// <summary>The firmware's UUID, and thereby the machine ID.</summary>
    public const string Uuid = "6b9d7a1e-3f42-4c58-9a3b-0d2f5e8c1a77";

    /// <summary>How long a boot may take before it counts as hung: a minute is what a quiet machine needs, and there may be ten others at work on it.</summary>
    public static readonly TimeSpan BootLimit = TimeSpan.FromSeconds(600);

    private const string SerialSocket = "serial.sock", MonitorSocket = "monitor.sock";

    private static readonly TimeSpan SetupLimit = TimeSpan.FromSeconds(60);

    private readonly string _folder;
    private readonly string _privateKey;
    private readonly int _port;
    private readonly StartOptions _options;
    private Process? _tpm;
    private Process _qemu;
    private int _emulatorFailures;

    private VirtualMachine(string folder, string privateKey, StartOptions options)
    {
        _folder = folder;
        _privateKey = privateKey;
        _port = FreePort();
        _options = options;
        (_tpm, _qemu) = TurnOn();
    }

    private string SerialLog => Path.Combine(_folder, "serial.log");

    /// <summary>What the machine wrote to its serial port so far, without terminal control sequences.</summary>
    public string Serial
    {
        get
        {
            using var stream = new FileStream(SerialLog, FileMode.OpenOrCreate, FileAccess.Read, FileShare.ReadWrite);
            using var reader = new StreamReader(stream);
            return ControlSequence().Replace(reader.ReadToEnd(), "").Replace("\r", "", StringComparison.Ordinal);
        }
    }

    public bool IsRunning => !_qemu.HasExited;

    /// <summary>
    /// Makes a machine's folder: a sparse copy of the image, grown by 5 GiB as a larger disk would be, a TPM that was never used, and the firmware variables of
    /// another machine or empty ones.
    /// </summary>
    public static void Prepare(string folder, string image, string? variables = null, string growth = "+5G")
    {
        Directory.CreateDirectory(Path.Combine(folder, "tpm"));
        var disk = Path.Combine(folder, "disk.raw");
        HostProcess.Must(SetupLimit, "cp", "--sparse=always", image, disk);
        HostProcess.Must(SetupLimit, "truncate", "-s", growth, disk);
        File.Copy(variables ?? Firmware("OVMF_VARS_4M.fd"), Path.Combine(folder, "vars.fd"));
        PutInNewTpm(folder);
    }

    /// <summary>Replaces the machine's TPM by one that was never used.</summary>
    public static void PutInNewTpm(string folder) =>
        HostProcess.Must(SetupLimit, NeedTool("swtpm_setup"), "--tpm2", "--tpmstate", Path.Combine(folder, "tpm"), "--pcr-banks", "sha256", "--overwrite");

    /// <summary>Turns the machine of <paramref name="folder"/> on.</summary>
    public static VirtualMachine Start(string folder, string privateKey, StartOptions? options = null) => new(folder, privateKey, options ?? new StartOptions());

    /// <summary>Waits until the serial output has <paramref name="text"/>; fails the test at the limit, or when the machine turns itself off before.</summary>
    public void WaitForSerial(string text, TimeSpan limit)
    {
        var clock = Stopwatch.StartNew();
        while (!Serial.Contains(text, StringComparison.Ordinal))
        {
            Assert.False(IsOff(), $"The machine turned itself off before it said '{text}'. Its last words:\n{LastWords}");
            Assert.True(clock.Elapsed < limit, $"The machine did not say '{text}' within {limit}. Its last words:\n{LastWords}");
            Thread.Sleep(500);
        }
    }

    /// <summary>Waits until the machine turns itself off (a restart counts, as QEMU ends there); fails the test at the limit.</summary>
    public void WaitForEnd(TimeSpan limit)
    {
        var clock = Stopwatch.StartNew();
        do Assert.True(clock.Elapsed < limit && _qemu.WaitForExit(limit - clock.Elapsed), $"The machine did not turn itself off within {limit}. Its last words:\n{LastWords}");
        while (!IsOff());

        // Its state is on disk when it has ended, which it does when QEMU has hung up.
        _tpm?.WaitForExit(TimeSpan.FromSeconds(10));
    }

    /// <summary>Presses keys at the machine's serial console.</summary>
    public void Type(string keys) => Send(SerialSocket, keys);

    /// <summary>Makes a TCP port of the machine reachable, and returns the port of this machine's loopback where it is.</summary>
    public int Forward(int guestPort)
    {
        var port = FreePort();
        Send(MonitorSocket, string.Create(CultureInfo.InvariantCulture, $"hostfwd_add n0 tcp:127.0.0.1:{port}-:{guestPort}\n"));
        return port;
    }

    /// <summary>Waits until ssh answers; fails the test at the limit.</summary>
    public void WaitForSsh(TimeSpan limit)
    {
        var clock = Stopwatch.StartNew();
        (int ExitCode, string Output) answer;
        while ((answer = Ssh("true")).ExitCode != 0)
        {
            Assert.False(IsOff(), $"The machine turned itself off before ssh answered. Its last words:\n{LastWords}");
            Assert.True(clock.Elapsed < limit, $"ssh did not answer within {limit}: {answer.Output}\nLast words of the machine:\n{LastWords}");
            Thread.Sleep(1000);
        }
    }

    /// <summary>Runs a shell command on the machine, as its default user.</summary>
    public (int ExitCode, string Output) Ssh(string command) => HostProcess.Run(
        TimeSpan.FromSeconds(90),
        null,
        NeedTool("ssh"),
        "-p", _port.ToString(CultureInfo.InvariantCulture), "-i", _privateKey, "-F", "none", "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes", "-o", "ConnectTimeout=20",
        "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR", _options.User + "@127.0.0.1", command);

    /// <summary>Asks the machine to turn itself off and waits for it.</summary>
    public void PowerOff()
    {
        Ssh("sudo -n systemctl poweroff");
        WaitForEnd(TimeSpan.FromSeconds(240));
    }

    public void Dispose()
    {
        End(_qemu);
        if (_tpm is not null) End(_tpm);
    }

    /// <summary>The path of a tool of this machine that the test cannot do without.</summary>
    public static string NeedTool(string tool)
    {
        Judge.Host(tool);
        return tool;
    }

    private string LastWords
    {
        get
        {
            var serial = Serial;
            return serial[Math.Max(0, serial.Length - 3000)..];
        }
    }

    private static string Firmware(string file)
    {
        var path = Path.Combine("/usr/share/OVMF", file);
        if (!File.Exists(path)) Judge.Missing($"{path} is not on this machine (Debian package ovmf)");
        return path;
    }

    private (Process? Tpm, Process Qemu) TurnOn()
    {
        var socket = Path.Combine(_folder, "tpm", "sock");
        File.Delete(socket);
        File.Delete(Path.Combine(_folder, "serial.log"));
        File.Delete(Path.Combine(_folder, SerialSocket));
        File.Delete(Path.Combine(_folder, MonitorSocket));
        var tpm = _options.Tpm
            ? Process.Start(NeedTool("swtpm"), ["socket", "--tpm2", "--tpmstate", "dir=" + Path.Combine(_folder, "tpm"), "--ctrl", "type=unixio,path=" + socket,
                "--terminate", "--flags", "startup-clear", "--log", "file=" + Path.Combine(_folder, "tpm.log")])
            : null;
        try
        {
            for (var tries = 0; tpm is not null && !File.Exists(socket); tries++)
            {
                Assert.True(tries < 100 && !tpm.HasExited, "swtpm did not come up within ten seconds");
                Thread.Sleep(100);
            }

            string[] arguments =
            [
                "-machine", "q35,smm=on,hpet=off", "-accel", "tcg,thread=multi,tb-size=512", "-cpu", "max", "-smp", "2", "-m", "1024",
                .. _options.Uuid is { } uuid ? ["-uuid", uuid] : Array.Empty<string>(), "-nodefaults", "-no-user-config", "-display", "none", "-global", "ICH9-LPC.disable_s3=1",
                .. _options.Restarts ? Array.Empty<string>() : ["-no-reboot"],
                .. _options.SecureBoot ? ["-global", "driver=cfi.pflash01,property=secure,value=on"] : Array.Empty<string>(),
                "-drive", $"if=pflash,unit=0,format=raw,readonly=on,file={Firmware(_options.SecureBoot ? "OVMF_CODE_4M.secboot.fd" : "OVMF_CODE_4M.fd")}",
                "-drive", $"if=pflash,unit=1,format=raw,file={_folder}/vars.fd",
                "-object", "rng-random,filename=/dev/urandom,id=rng0", "-device", "virtio-rng-pci,rng=rng0",
                "-blockdev", $"driver=raw,node-name=d0,discard=unmap,file.driver=file,file.filename={_folder}/disk.raw,cache.no-flush=on,cache.direct=off",
                "-device", "virtio-blk-pci,drive=d0,bootindex=1",
                .. _options.SecondDisk is { } second ? ["-blockdev", "driver=raw,node-name=d1,file.driver=file,file.filename=" + second, "-device", "virtio-blk-pci,drive=d1"] : Array.Empty<string>(),
                "-netdev", string.Create(CultureInfo.InvariantCulture, $"user,id=n0,hostfwd=tcp:127.0.0.1:{_port}-:22"), "-device", "virtio-net-pci,netdev=n0,romfile=",
                .. tpm is not null ? ["-chardev", "socket,id=chrtpm,path=" + socket, "-tpmdev", "emulator,id=tpm0,chardev=chrtpm", "-device", "tpm-crb,tpmdev=tpm0"] : Array.Empty<string>(),
                "-chardev", $"socket,id=monitor,path={_folder}/{MonitorSocket},server=on,wait=off", "-mon", "chardev=monitor",
                "-chardev", $"socket,id=serial,path={_folder}/{SerialSocket},server=on,wait=off,logfile={_folder}/serial.log", "-serial", "chardev:serial",

                // The stub adds this to the command line, with Secure Boot too: the image itself needs no console for a test to read along.
                "-smbios", $"type=11,value=io.systemd.stub.kernel-cmdline-extra=console=ttyS0 loglevel=4 systemd.show_status=1 audit=0 {_options.KernelArguments}",
            ];
            return (tpm, Process.Start(NeedTool("qemu-system-x86_64"), arguments));
        }
        catch
        {
            if (tpm is not null) End(tpm);
            throw;
        }
    }

    /// <summary>
    /// Whether the machine is off before its time. QEMU's emulation of two processors at once loses the race, once in a hundred boots or so, that the kernel's
    /// patching of its own code is: a breakpoint that is gone already is run into, and the kernel panics before it has seen a disk. That says nothing about the
    /// appliance: the machine is turned on again then, twice at most.
    /// </summary>
    private bool IsOff()
    {
        if (IsRunning) return false;
        if (!Serial.Contains("Oops: int3", StringComparison.Ordinal) || Serial.Contains("Mounting", StringComparison.Ordinal) || ++_emulatorFailures > 2) return true;
        TestContext.Current.SendDiagnosticMessage("The emulated kernel ran into a breakpoint that was gone; the machine is turned on again.");
        End(_qemu);
        if (_tpm is not null) End(_tpm);
        (_tpm, _qemu) = TurnOn();
        return false;
    }

    private void Send(string socket, string text)
    {
        using var connection = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        connection.Connect(new UnixDomainSocketEndPoint(Path.Combine(_folder, socket)));
        connection.Send(Encoding.ASCII.GetBytes(text));

        // QEMU drops what it has not passed on yet when the other end hangs up.
        Thread.Sleep(500);
    }

    /// <summary>A TCP port of the loopback that nobody uses.</summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static void End(Process process)
    {
        if (!process.HasExited)
        {
            process.Kill(entireProcessTree: true);
            process.WaitForExit(TimeSpan.FromSeconds(10));
        }

        process.Dispose();
    }

    [GeneratedRegex(@"\e(\[[0-9;?!=]*[ -/]*[@-~]|[@-Z\\-_]|\][^\a\e]*(\a|\e\\))")]
    private static partial Regex ControlSequence();
}
