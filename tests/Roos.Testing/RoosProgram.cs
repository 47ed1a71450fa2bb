namespace Roos.Testing;

/// <summary>The roos program as it was built with the tests (a test project that references Roos.Builder has it beside itself), run as a process of its own.</summary>
public static class RoosProgram
{
    public static Judge Judge()
    {
        var program = Path.Combine(AppContext.BaseDirectory, "roos.dll");
        if (!File.Exists(program)) throw new InvalidOperationException($"{program} is not there: the test project must reference Roos.Builder");
        return new Judge("roos", [Environment.ProcessPath is { } host && Path.GetFileNameWithoutExtension(host) == "dotnet" ? host : "dotnet", program]);
    }
}
