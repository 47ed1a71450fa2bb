using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.Versioning;
using System.Text;

namespace Roos.EndToEnd.Tests;

/// <summary><c>roos vm</c>, as the template's README has it: started in the tree, reached by ssh, interrupted; the machine is there again then.</summary>
[Collection(nameof(Appliance))]
[SupportedOSPlatform("linux")]
public sealed class VmCommandTests(Appliance appliance)
{
    [Fact]
    public void Ssh_answers_and_an_interruption_leaves_no_process_behind()
    {
        VirtualMachine.NeedTool("qemu-system-x86_64");
        VirtualMachine.NeedTool("swtpm");
        var machine = appliance.Scratch("vm");
        var port = FreePort();
        string[] options = ["vm", appliance.Disk, "--machine", machine, "--no-kvm", "--memory", "1024", "--ssh-port", port.ToString(CultureInfo.InvariantCulture)];
        var error = new StringBuilder();
        using (var roos = Start(options, error))
        {
            try
            {
                var clock = Stopwatch.StartNew();
                while (HostProcess.Run(TimeSpan.FromSeconds(60), null, "ssh", "-p", port.ToString(CultureInfo.InvariantCulture), "-i", appliance.PrivateKey, "-F", "none", "-o", "IdentitiesOnly=yes",
                    "-o", "BatchMode=yes", "-o", "ConnectTimeout=20", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR", "roos@127.0.0.1", "true").ExitCode != 0)
                {
                    Assert.False(roos.HasExited, error.ToString());
                    Assert.True(clock.Elapsed < VirtualMachine.BootLimit, error.ToString());
                    Thread.Sleep(1000);
                }

                Assert.Contains(string.Create(CultureInfo.InvariantCulture, $"ssh -p {port} roos@127.0.0.1"), error.ToString(), StringComparison.Ordinal);
                HostProcess.Must(TimeSpan.FromSeconds(10), "kill", "-INT", roos.Id.ToString(CultureInfo.InvariantCulture));
                Assert.True(roos.WaitForExit(TimeSpan.FromSeconds(60)), "roos vm did not end");
                Assert.Equal(130, roos.ExitCode);
            }
            finally
            {
                if (!roos.HasExited) roos.Kill(entireProcessTree: true);
            }
        }

        Assert.NotEqual(0, HostProcess.Run(TimeSpan.FromSeconds(10), null, "pgrep", "--full", machine).ExitCode);

        // Sparse: the disk has more than 8 GB, and the file system room for what is in it.
        var used = HostProcess.Must(TimeSpan.FromSeconds(10), "du", "--block-size=1", Path.Combine(machine, "disk.raw")).Split('\t')[0];
        Assert.InRange(long.Parse(used, CultureInfo.InvariantCulture), 1 << 20, 1L << 30);

        // Another build of the image is not started over this machine's /var.
        var other = appliance.Scratch("other/" + Path.GetFileName(appliance.Disk));
        Directory.CreateDirectory(Path.GetDirectoryName(other)!);
        File.WriteAllText(other, "another build");
        var (exitCode, output) = HostProcess.Run(TimeSpan.FromSeconds(60), null, Path.Combine(Appliance.House(), "roos"), "vm", other, "--machine", machine);
        Assert.Equal(2, exitCode);
        Assert.Contains("--fresh makes a new machine, and its /var is lost", output, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(machine, "disk.raw")));
    }

    private static Process Start(string[] options, StringBuilder error)
    {
        // With the default disposition of SIGINT, which a shell in the background takes away.
        var start = new ProcessStartInfo("env", ["--default-signal=INT", Path.Combine(Appliance.House(), "roos"), .. options]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        var process = new Process { StartInfo = start };
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, line) => { lock (error) error.Append(line.Data).Append('\n'); };
        process.Start();
        process.StandardInput.Close();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
