using System.Diagnostics;
using System.Globalization;
using Xunit;

namespace Roos.Testing;

/// <summary>What a judge said.</summary>
public sealed record JudgeResult(int ExitCode, string Output, string Error)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"exit status {ExitCode}\n{Output}\n{Error}");
}

/// <summary>
/// A tool that Roos did not write and that says whether what Roos wrote is right. Missing, it fails the test where
/// ROOS_REQUIRE_JUDGES is set (the test command does so where it could install them) and skips it elsewhere.
/// </summary>
public sealed class Judge
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);

    private readonly string[] _prefix;

    internal Judge(string name, string[] prefix)
    {
        Name = name;
        _prefix = prefix;
    }

    public string Name { get; }

    public static bool IsRoot => Environment.IsPrivilegedProcess;

    /// <summary>The root of the Debian trixie tree with the judges that must be trixie's, or null.</summary>
    public static string? ToolsTree
    {
        get
        {
            var path = Environment.GetEnvironmentVariable("ROOS_TOOLS_TREE");
            return Directory.Exists(path) ? path : null;
        }
    }

    /// <summary>A tool on PATH (or in sbin) of this machine.</summary>
    public static Judge Host(string tool)
    {
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries).Concat(["/usr/sbin", "/sbin"]);
        var path = folders.Select(folder => Path.Combine(folder, tool)).FirstOrDefault(File.Exists);
        if (path is null) Missing($"{tool} is not on this machine");
        return new Judge(tool, [path!]);
    }

    /// <summary>
    /// A tool of the tools tree, by its path in the tree or its name in /usr/bin, /usr/sbin or /usr/lib/systemd. It runs chrooted (as root) in a
    /// mount namespace of its own that shows the machine's /tmp at the same place, so scratch files have the same paths.
    /// </summary>
    public static Judge InTree(string tool)
    {
        var tree = ToolsTree;
        if (tree is null) Missing($"{tool} is looked for in the trixie tools tree and ROOS_TOOLS_TREE names none");
        if (!IsRoot) Missing($"{tool} runs in the trixie tools tree, which needs root (chroot)");
        var inside = new[] { tool, "/usr/bin/" + tool, "/usr/sbin/" + tool, "/usr/lib/systemd/" + tool }.FirstOrDefault(path => path.StartsWith('/') && File.Exists(tree + path));
        if (inside is null) Missing($"{tool} is not in the trixie tools tree {tree}");
        const string script = "mount --bind /tmp \"$1/tmp\" && mount --bind /dev \"$1/dev\" && mount -t proc proc \"$1/proc\" && tree=$1 && shift && exec chroot \"$tree\" \"$@\"";
        return new Judge(tool, ["/usr/bin/unshare", "--mount", "--propagation", "private", "/bin/sh", "-c", script, "sh", tree!, inside!]);
    }

    /// <summary>Runs it. A judge that does not end within ten minutes is ended and fails the test.</summary>
    public JudgeResult Run(params IReadOnlyList<string> arguments) => RunWith(new Dictionary<string, string>(), arguments);

    /// <summary>Runs it with environment variables set.</summary>
    public JudgeResult RunWith(IReadOnlyDictionary<string, string> environment, params IReadOnlyList<string> arguments)
    {
        var start = new ProcessStartInfo(_prefix[0]) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        foreach (var argument in _prefix.Skip(1).Concat(arguments)) start.ArgumentList.Add(argument);
        start.Environment["LC_ALL"] = "C.UTF-8";
        foreach (var (name, value) in environment) start.Environment[name] = value;
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(Limit))
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"{Name} did not end within {Limit}");
        }

        return new JudgeResult(process.ExitCode, output.GetAwaiter().GetResult(), error.GetAwaiter().GetResult());
    }

    /// <summary>Runs it, fails the test where its exit status is not 0, and returns its standard output.</summary>
    public string Must(params IReadOnlyList<string> arguments)
    {
        var result = Run(arguments);
        Assert.True(result.ExitCode == 0, $"{Name} {string.Join(' ', arguments)}: {result}");
        return result.Output;
    }

    /// <summary>Fails or skips the test, as the environment asks.</summary>
    public static void Missing(string reason)
    {
        if (Environment.GetEnvironmentVariable("ROOS_REQUIRE_JUDGES") == "1") Assert.Fail("A judge is missing: " + reason);
        Assert.Skip("A judge is missing: " + reason);
    }

    /// <summary>Skips (or fails) the test unless it runs as root.</summary>
    public static void NeedRoot()
    {
        if (!IsRoot) Missing("this test needs root");
    }
}
