using System.Diagnostics;

namespace Roos.Testing;

/// <summary>The roos program as it was built with the tests (a test project that references Roos.Builder has it beside itself), run as a process of its own.</summary>
public static class RoosProgram
{
    public static Judge Judge() => new("roos", Command());

    /// <summary>Starts it; who does reads what it writes, and ends it.</summary>
    public static Process Start(params IReadOnlyList<string> arguments)
    {
        var command = Command();
        return Process.Start(new ProcessStartInfo(command[0], [.. command.Skip(1), .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
    }

    private static string[] Command()
    {
        var program = Path.Combine(AppContext.BaseDirectory, "roos.dll");
        if (!File.Exists(program)) throw new InvalidOperationException($"{program} is not there: the test project must reference Roos.Builder");
        return [Environment.ProcessPath is { } host && Path.GetFileNameWithoutExtension(host) == "dotnet" ? host : "dotnet", program];
    }
}
