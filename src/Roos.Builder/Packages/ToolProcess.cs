using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;
using Roos.Core;

namespace Roos.Builder.Packages;

/// <summary>How a tool ended and the last that it said on standard error.</summary>
internal sealed record ToolResult(int ExitCode, IReadOnlyList<string> Messages);

/// <summary>Runs a tool of the host. Cancelled, it is asked to end and clean up, then ended with all its children.</summary>
internal static class ToolProcess
{
    private const int KeptMessages = 200;

    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(15);

    /// <summary>The path of a program on PATH or in the folders for administration, or null.</summary>
    public static string? Find(string name)
    {
        var extensions = OperatingSystem.IsWindows() ? new[] { ".exe" } : [""];
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        if (!OperatingSystem.IsWindows()) folders = [.. folders, "/usr/local/sbin", "/usr/sbin", "/sbin"];
        return folders.SelectMany(folder => extensions.Select(extension => Path.Combine(folder, name + extension))).FirstOrDefault(File.Exists);
    }

    /// <summary>Runs a program, its standard output into <paramref name="output"/>, every line of its standard error into <paramref name="report"/>.</summary>
    /// <exception cref="RoosException">It cannot be started.</exception>
    public static async Task<ToolResult> Run(
        string program, IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string> environment, Stream output, Action<string>? report, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        using var process = Start(program, arguments, environment);
        process.StandardInput.Close();
        var messages = new Queue<string>();
        var errors = ReadErrors();
        try
        {
            await process.StandardOutput.BaseStream.CopyToAsync(output, 1 << 20, cancellation);
            await process.WaitForExitAsync(cancellation);

            // Ctrl-C reaches the tool too: that it failed then is not the news.
            cancellation.ThrowIfCancellationRequested();
            await errors;
            return new ToolResult(process.ExitCode, [.. messages]);
        }
        finally
        {
            if (!process.HasExited) await End(process);
        }

        async Task ReadErrors()
        {
            while (await process.StandardError.ReadLineAsync(CancellationToken.None) is { } line)
            {
                if (messages.Count == KeptMessages) messages.Dequeue();
                messages.Enqueue(line);
                report?.Invoke(line);
            }
        }
    }

    /// <summary>Standard output of a short run, trimmed; null where the tool failed.</summary>
    public static async Task<string?> Ask(string program, IReadOnlyList<string> arguments, CancellationToken cancellation)
    {
        using var output = new MemoryStream();
        var result = await Run(program, arguments, new Dictionary<string, string>(), output, null, cancellation);
        return result.ExitCode == 0 ? System.Text.Encoding.UTF8.GetString(output.ToArray()).Trim() : null;
    }

    /// <summary>Asks a process to end.</summary>
    public static void Terminate(int process)
    {
        if (!OperatingSystem.IsWindows()) _ = NativeMethods.Kill(process, NativeMethods.Terminate);
    }

    private static Process Start(string program, IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string> environment)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true, UseShellExecute = false };
        start.Environment["LC_ALL"] = "C.UTF-8";
        foreach (var (name, value) in environment) start.Environment[name] = value;
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception e)
        {
            throw new RoosException($"{program} cannot be started: {e.Message}", e);
        }
    }

    private static async Task End(Process process)
    {
        // As Ctrl-C would, this asks everything that the tool started: mmdebstrap itself only waits for its children then, and unmounts and removes
        // its folder when they have ended. Only where that does not help, everything is ended hard.
        if (!OperatingSystem.IsWindows())
        {
            foreach (var one in ProcessTree.Of(process.Id)) _ = NativeMethods.Kill(one, NativeMethods.Terminate);
        }

        using var limit = new CancellationTokenSource(OperatingSystem.IsWindows() ? TimeSpan.Zero : Grace);
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
        }
    }

    private static class NativeMethods
    {
        public const int Terminate = 15; // SIGTERM

        [DllImport("libc", EntryPoint = "kill")]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
#pragma warning disable SYSLIB1054 // two integers: source-generated marshalling would only add unsafe code
        public static extern int Kill(int processId, int signal);
#pragma warning restore SYSLIB1054
    }
}
