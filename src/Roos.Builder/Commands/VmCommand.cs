using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Roos.Builder.Configuration;
using Roos.Builder.Packages;
using Roos.Builder.VirtualMachines;
using Roos.Core;
using Roos.Core.Identity;

namespace Roos.Builder.Commands;

/// <summary><c>roos vm</c>: starts an image in a virtual machine.</summary>
internal static class VmCommand
{
    private const int FirstPort = 2222, LastPort = 2322;

    private static readonly TimeSpan TpmLimit = TimeSpan.FromSeconds(30), EndLimit = TimeSpan.FromSeconds(20);

    public static Command Create()
    {
        var image = new Argument<string?>("IMAGE") { Description = "The disk image (default: what roos build has made of this tree)", Arity = ArgumentArity.ZeroOrOne };
        var folder = new Option<string?>("--machine") { HelpName = "DIR", Description = "The machine's folder (default: mkosi.vm/NAME in the tree)" };
        var fresh = new Option<bool>("--fresh") { Description = "A new machine: the old one's disk, with its /var, is lost" };
        var keep = new Option<bool>("--keep") { Description = "Start the machine that is there, although the image was built again since" };
        var ephemeral = new Option<bool>("--ephemeral") { Description = "A new machine that is gone when it ends" };
        var grow = new Option<string?>("--grow") { HelpName = "MIB", Description = "What the disk has beyond the image, for /var (default: 4096)" };
        var memory = new Option<string?>("--memory", "-m") { HelpName = "MIB", Description = "Memory (default: 2048)" };
        var processors = new Option<string?>("--cpus") { HelpName = "N", Description = "Processors (default: 2)" };
        var port = new Option<string?>("--ssh-port") { HelpName = "PORT", Description = "The port of 127.0.0.1 that leads to the machine's ssh (default: the first free one from 2222)" };
        var uuid = new Option<string?>("--uuid") { HelpName = "UUID", Description = "The firmware's UUID of a new machine (default: random)" };
        var noTpm = new Option<bool>("--no-tpm") { Description = "Without a TPM: ROOS appliances say that they need one" };
        var noKvm = new Option<bool>("--no-kvm") { Description = "Emulate the processor, although it could be virtualised" };
        var graphics = new Option<bool>("--graphics") { Description = "With a window for the machine's screen" };
        var code = new Option<string?>("--firmware") { HelpName = "FILE", Description = "UEFI firmware with Secure Boot (default: OVMF, where the distributions put it)" };
        var variables = new Option<string?>("--firmware-variables") { HelpName = "FILE", Description = "The variables that a new machine starts with" };
        var qemu = new Option<string[]>("--qemu-arg") { HelpName = "ARG", Description = "Another argument for QEMU (may be repeated)" };
        var command = new Command("vm", """
            Start an image in QEMU, with UEFI firmware, a TPM and a disk that are kept: /var is there at the next start.

            The serial console comes to this terminal (Ctrl-A X turns the machine off), ssh is at a port of 127.0.0.1. Firmware with
            Secure Boot, nothing enrolled: an image with SecureBootAutoEnroll=yes enrols its keys at the first start.
            Needs the Debian packages qemu-system-x86, ovmf, swtpm and swtpm-tools, and no root; /dev/kvm makes it fast.

            Examples:
              roos vm
              roos -C my-appliance vm --fresh             after another build, with a new /var
              roos vm --ephemeral roos_0.1.raw
              roos vm --memory 4096 --cpus 4 --ssh-port 2200
              roos vm --qemu-arg=-device --qemu-arg=qemu-xhci
            """)
        {
            image, folder, fresh, keep, ephemeral, grow, memory, processors, port, uuid, noTpm, noKvm, graphics, code, variables, qemu,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            var disk = parsed.GetValue(image) is { } given ? Path.GetFullPath(given) : Built();
            if (!File.Exists(disk)) throw new UsageException($"{disk}: there is no such image; roos build makes one");
            if (parsed.GetValue(fresh) && parsed.GetValue(keep)) throw new UsageException("--fresh and --keep exclude each other");
            var program = ToolProcess.Find("qemu-system-x86_64") ?? throw new UsageException("QEMU is not installed: install the package qemu-system-x86 (Fedora: qemu-system-x86-core)");
            var hasTpm = !parsed.GetValue(noTpm);
            if (hasTpm && (ToolProcess.Find("swtpm") is null || ToolProcess.Find("swtpm_setup") is null))
            {
                throw new UsageException(OperatingSystem.IsWindows()
                    ? "there is no software TPM for QEMU on Windows: start it with --no-tpm to see it boot (it will say that it needs one), or use Hyper-V with a virtual TPM"
                    : "there is no software TPM: install the packages swtpm and swtpm-tools, or start it with --no-tpm to see it boot");
            }

            var firmware = Firmware.Find(parsed.GetValue(code), parsed.GetValue(variables), File.Exists);
            var isEphemeral = parsed.GetValue(ephemeral);
            var place = isEphemeral ? Directory.CreateTempSubdirectory("roos-vm-").FullName
                : Path.GetFullPath(parsed.GetValue(folder) ?? Path.Combine("mkosi.vm", Path.GetFileNameWithoutExtension(disk)));
            var size = (NumberOption.Integer("--grow", parsed.GetValue(grow), 0, 1 << 24) ?? 4096) << 20;
            Uuid? wanted = parsed.GetValue(uuid) is not { } text ? null : Uuid.TryParse(text, out var number) ? number : throw new UsageException($"--uuid must be like 6b9d7a1e-3f42-4c58-9a3b-0d2f5e8c1a77; found \"{text}\"");
            try
            {
                using var held = isEphemeral ? null : MachineFolder.Hold(place);
                var machine = isEphemeral || parsed.GetValue(fresh) ? null : MachineFolder.Open(place);
                if (machine is not null && machine.Build != MachineFolder.BuildOf(disk) && !parsed.GetValue(keep))
                    throw new UsageException($"{place}: this machine's disk was made of another build of {Path.GetFileName(disk)}: --fresh makes a new machine, and its /var is lost; --keep starts it as it is");
                if (machine is not null && wanted is { } other && other != machine.Uuid)
                    throw new UsageException($"{place}: this machine's UUID is {machine.Uuid}, and its /var belongs to that; --fresh makes a new machine with another, and /var is lost");
                if (machine is not null && parsed.GetValue(grow) is not null && new FileInfo(machine.Disk).Length < new FileInfo(disk).Length + size)
                    throw new UsageException($"{place}: this machine's disk was made smaller than --grow says; --fresh makes a new machine, and its /var is lost");
                if (machine is null)
                {
                    machine = MachineFolder.Create(place, disk, size, wanted, firmware, cancellation);
                    if (hasTpm) await MakeTpm(machine, cancellation);
                }

                var command = new QemuCommand
                {
                    Machine = machine,
                    Firmware = firmware.Code,
                    Processors = (int)(NumberOption.Integer("--cpus", parsed.GetValue(processors), 1, 255) ?? 2),
                    Memory = (int)(NumberOption.Integer("--memory", parsed.GetValue(memory), 256, 1 << 20) ?? 2048),
                    SshPort = (int?)NumberOption.Integer("--ssh-port", parsed.GetValue(port), 1, 65535) ?? FreePort(),
                    Accelerator = parsed.GetValue(noKvm) ? null : Accelerator(),
                    HasTpm = hasTpm,
                    Graphics = parsed.GetValue(graphics),
                    Interactive = !Console.IsInputRedirected,
                    More = parsed.GetValue(qemu) ?? [],
                };
                if (!parsed.GetValue(GlobalOptions.Quiet)) await Announce(command);
                await Run(program, command, cancellation);
            }
            finally
            {
                if (isEphemeral) Directory.Delete(place, recursive: true);
            }

            return Program.Done;
        });
        return command;
    }

    /// <summary>The disk of this tree's main image, or of its only one.</summary>
    private static string Built()
    {
        var appliance = ApplianceConfiguration.Load(Directory.GetCurrentDirectory());
        var main = appliance.Main.Format.Value == "disk" ? appliance.Main : appliance.Images.FirstOrDefault(image => image.Format.Value == "disk") ?? appliance.Main;
        return Path.Combine(BuildFolders.Output(appliance), $"{main.Output.Value}.{main.OutputExtension}");
    }

    private static async Task Announce(QemuCommand command)
    {
        var how = command.Accelerator ?? "emulated, which takes minutes";
        await Console.Error.WriteLineAsync($"Machine {command.Machine.Path} ({command.Machine.Uuid}, {how})").ConfigureAwait(false);
        await Console.Error.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"  ssh -p {command.SshPort} roos@127.0.0.1      (or your DEFAULT_USER)")).ConfigureAwait(false);
        if (command.Interactive) await Console.Error.WriteLineAsync("  Ctrl-A X turns it off; 'sudo poweroff' on the machine does it gently").ConfigureAwait(false);
    }

    private static async Task MakeTpm(MachineFolder machine, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(TpmLimit);
        ToolResult result;
        try
        {
            result = await ToolProcess.Run(
                "swtpm_setup", ["--tpm2", "--tpmstate", machine.Tpm, "--pcr-banks", "sha256", "--overwrite"], new Dictionary<string, string>(), Stream.Null, null, limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e)
        {
            // Half a TPM must not be started later.
            MachineFolder.Remove(machine.Path);
            if (cancellation.IsCancellationRequested) throw;
            throw new RoosException($"swtpm_setup did not end within {TpmLimit.TotalSeconds} seconds", e);
        }

        if (result.ExitCode == 0) return;
        MachineFolder.Remove(machine.Path);
        throw new RoosException($"swtpm_setup failed with exit status {result.ExitCode}: {(result.Messages.Count > 0 ? result.Messages[^1] : "it said nothing")}");
    }

    /// <summary>Runs the machine to its end. Cancelled, it is turned off.</summary>
    private static async Task Run(string program, QemuCommand command, CancellationToken cancellation)
    {
        using var tpm = command.HasTpm ? StartTpm(command.Machine) : null;
        try
        {
            if (tpm is not null) await WaitFor(command.Machine.TpmSocket, tpm, cancellation).ConfigureAwait(false);
            using var qemu = Start(program, command.Arguments());
            try
            {
                await qemu.WaitForExitAsync(cancellation).ConfigureAwait(false);
                if (qemu.ExitCode != 0) throw new RoosException($"QEMU ended with exit status {qemu.ExitCode}: what it said is above{(command.Accelerator is null ? "" : " (--no-kvm does without hardware virtualisation)")}");
            }
            finally
            {
                await End(qemu).ConfigureAwait(false);
            }
        }
        finally
        {
            if (tpm is not null) await End(tpm).ConfigureAwait(false);
        }
    }

    private static Process StartTpm(MachineFolder machine)
    {
        File.Delete(machine.TpmSocket);
        return Start("swtpm", ["socket", "--tpm2", "--tpmstate", "dir=" + machine.Tpm, "--ctrl", "type=unixio,path=" + machine.TpmSocket, "--terminate", "--flags", "startup-clear"]);
    }

    private static async Task WaitFor(string socket, Process owner, CancellationToken cancellation)
    {
        for (var waited = Stopwatch.StartNew(); !File.Exists(socket); await Task.Delay(50, cancellation).ConfigureAwait(false))
        {
            if (owner.HasExited || waited.Elapsed > TpmLimit) throw new RoosException("the software TPM (swtpm) did not come up: what it said is above");
        }
    }

    /// <summary>With this terminal as theirs.</summary>
    private static Process Start(string program, IReadOnlyList<string> arguments) =>
        Process.Start(new ProcessStartInfo(program, arguments) { UseShellExecute = false }) ?? throw new RoosException($"{program} cannot be started");

    /// <summary>Asks a process to end; where that does not help, ends it.</summary>
    private static async Task End(Process process)
    {
        if (process.HasExited) return;
        ToolProcess.Terminate(process.Id);
        using var limit = new CancellationTokenSource(EndLimit);
        try
        {
            await process.WaitForExitAsync(limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
        }
    }

    private static string? Accelerator()
    {
        if (OperatingSystem.IsWindows()) return "whpx";
        if (OperatingSystem.IsMacOS()) return "hvf";
        try
        {
            using var device = File.OpenHandle("/dev/kvm", FileMode.Open, FileAccess.ReadWrite);
            return "kvm";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static int FreePort()
    {
        for (var port = FirstPort; port <= LastPort; port++)
        {
            try
            {
                using var listener = new TcpListener(IPAddress.Loopback, port);
                listener.Start();
                return port;
            }
            catch (SocketException)
            {
                // Another machine's.
            }
        }

        throw new RoosException($"the ports {FirstPort} to {LastPort} of 127.0.0.1 are all in use; name a free one with --ssh-port");
    }
}
