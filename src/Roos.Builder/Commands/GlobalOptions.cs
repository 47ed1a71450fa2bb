using System.CommandLine;

namespace Roos.Builder.Commands;

/// <summary>Options that every verb takes.</summary>
internal static class GlobalOptions
{
    public static Option<string?> Directory { get; } = new("--directory", "-C") { Description = "Work in this directory (the appliance tree)", HelpName = "DIR", Recursive = true };

    public static Option<bool> Debug { get; } = new("--debug") { Description = "Show where an error came from", Recursive = true };

    public static Option<bool> Quiet { get; } = new("--quiet", "-q") { Description = "Say nothing but errors and results", Recursive = true };
}
