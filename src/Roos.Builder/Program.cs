using System.CommandLine;
using Roos.Builder.Commands;
using Roos.Core;

namespace Roos.Builder;

/// <summary>The roos command.</summary>
public static class Program
{
    /// <summary>Exit statuses that every verb keeps to.</summary>
    public const int Done = 0, Failed = 1, WrongUsage = 2, Interrupted = 130;

    public static async Task<int> Main(string[] args)
    {
        Console.OutputEncoding = new System.Text.UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
        var root = RoosCommand.Create();
        var parsed = root.Parse(args);
        if (parsed.Errors.Count > 0)
        {
            foreach (var error in parsed.Errors) await Console.Error.WriteLineAsync($"roos: {error.Message}").ConfigureAwait(false);
            await Console.Error.WriteLineAsync("Try 'roos --help', or 'roos VERB --help'.").ConfigureAwait(false);
            return WrongUsage;
        }

        var debug = parsed.GetValue(GlobalOptions.Debug);
        try
        {
            if (parsed.GetValue(GlobalOptions.Directory) is { } directory) ChangeDirectory(directory);
            return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false }).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            await Console.Error.WriteLineAsync("roos: interrupted; nothing was changed").ConfigureAwait(false);
            return Interrupted;
        }
        catch (Exception e) when (!debug && e is RoosException or IOException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync($"roos: {e.Message}").ConfigureAwait(false);
            return e is UsageException ? WrongUsage : Failed;
        }
    }

    private static void ChangeDirectory(string directory)
    {
        if (!Directory.Exists(directory)) throw new UsageException($"{directory}: there is no such directory (given with -C)");
        Directory.SetCurrentDirectory(directory);
    }
}
