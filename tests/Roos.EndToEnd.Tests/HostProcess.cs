using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Roos.EndToEnd.Tests;

/// <summary>A program of this machine, run to its end or ended at a limit.</summary>
internal static class HostProcess
{
    /// <summary>Runs a program and returns its exit status and everything it wrote. At the limit it is ended, with its children, and the status is 124.</summary>
    public static (int ExitCode, string Output) Run(TimeSpan limit, IReadOnlyDictionary<string, string>? environment, string program, params IReadOnlyList<string> arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in environment ?? new Dictionary<string, string>()) start.Environment[name] = value;
        var text = new StringBuilder();
        using var process = new Process { StartInfo = start };
        process.OutputDataReceived += Collect;
        process.ErrorDataReceived += Collect;
        process.Start();
        process.StandardInput.Close();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        var ended = process.WaitForExit(limit);
        if (!ended) process.Kill(entireProcessTree: true);

        // Without a limit of its own: the last lines of output come after the exit.
        process.WaitForExit();
        lock (text)
        {
            return ended ? (process.ExitCode, text.ToString()) : (124, text + string.Create(CultureInfo.InvariantCulture, $"{program} did not end within {limit}\n"));
        }

        void Collect(object sender, DataReceivedEventArgs line)
        {
            if (line.Data is null) return;
            lock (text) text.Append(line.Data).Append('\n');
        }
    }

    /// <summary>As <see cref="Run"/>; any exit status but 0 fails the test with what the program wrote.</summary>
    public static string Must(TimeSpan limit, string program, params IReadOnlyList<string> arguments)
    {
        var (exitCode, output) = Run(limit, null, program, arguments);
        Assert.True(exitCode == 0, string.Create(CultureInfo.InvariantCulture, $"{program} {string.Join(' ', arguments)}: exit status {exitCode}\n{output}"));
        return output;
    }
}
