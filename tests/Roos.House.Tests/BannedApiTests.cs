using System.Diagnostics;

namespace Roos.House.Tests;

/// <summary>A ban that does not fire protects nothing: a project that breaks it must not build.</summary>
public sealed class BannedApiTests
{
    [Theory]
    [InlineData("System.DateTime.UtcNow.ToString()")]
    [InlineData("System.Guid.NewGuid().ToString()")]
    [InlineData("System.Environment.ProcessorCount.ToString()")]
    [InlineData("System.Globalization.CultureInfo.CurrentCulture.Name")]
    [InlineData("System.IO.Path.GetTempFileName()")]
    [InlineData("System.Security.Cryptography.RandomNumberGenerator.GetBytes(4).Length.ToString(System.Globalization.CultureInfo.InvariantCulture)")]
    [InlineData("System.Security.Cryptography.RandomNumberGenerator.Create().ToString()!")]
    public void Ambient_state_below_the_Builder_does_not_compile(string expression)
    {
        using var scratch = new Roos.Testing.ScratchFolder();
        var output = Compile(scratch, $"namespace Banned; public static class Offender {{ public static string Value() => {expression}; }}", out var status);
        Assert.True(status != 0, "it compiled: " + output);
        Assert.Contains("RS0030", output, StringComparison.Ordinal);
    }

    [Fact]
    public void Code_that_keeps_to_the_rule_compiles()
    {
        using var scratch = new Roos.Testing.ScratchFolder();
        var output = Compile(scratch, "namespace Banned; public static class Citizen { public static string Value(long clock) => clock.ToString(System.Globalization.CultureInfo.InvariantCulture); }", out var status);
        Assert.True(status == 0, output);
    }

    private static string Compile(Roos.Testing.ScratchFolder scratch, string code, out int status)
    {
        // A copy of the house's settings with one project in it, restored from what this build already has.
        foreach (var file in new[] { "Directory.Build.props", "Directory.Packages.props", ".editorconfig", "global.json" }) File.Copy(Path.Combine(House.Root, file), scratch[file]);
        var folder = Directory.CreateDirectory(Path.Combine(scratch.Path, "src", "Roos.Offender")).FullName;
        foreach (var file in new[] { "Directory.Build.props", "BannedSymbols.txt" }) File.Copy(Path.Combine(House.Root, "src", file), Path.Combine(scratch.Path, "src", file));
        File.WriteAllText(Path.Combine(folder, "Roos.Offender.csproj"), "<Project Sdk=\"Microsoft.NET.Sdk\"><PropertyGroup><RuntimeIdentifiers></RuntimeIdentifiers></PropertyGroup></Project>");
        File.WriteAllText(Path.Combine(folder, "Code.cs"), code);
        var start = new ProcessStartInfo("dotnet", ["build", folder, "-nologo", "-v", "quiet", "-p:UseSharedCompilation=false"]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        Assert.True(process.WaitForExit(TimeSpan.FromMinutes(5)), "dotnet build did not end");
        status = process.ExitCode;
        return output + error.GetAwaiter().GetResult();
    }
}
