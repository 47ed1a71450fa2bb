using System.CommandLine;
using System.Runtime.InteropServices;
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
        var parsed = root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null }); // an argument that begins with @ is an argument
        if (parsed.Errors.Count > 0)
        {
            // The first only: those that follow are mostly its consequences.
            await Console.Error.WriteLineAsync($"roos: {parsed.Errors[0].Message}").ConfigureAwait(false);
            await Console.Error.WriteLineAsync("Try 'roos --help', or 'roos VERB --help'.").ConfigureAwait(false);
            return WrongUsage;
        }

        var debug = parsed.GetValue(GlobalOptions.Debug);

        // The first signal lets the verb clean up, however long that takes; the second ends the program at once.
        using var interruption = new CancellationTokenSource();
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, End);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, End);
        try
        {
            if (parsed.GetValue(GlobalOptions.Directory) is { } directory) ChangeDirectory(directory);
            return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null }, interruption.Token).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // the last place: whatever comes here becomes one sentence
        catch (Exception e)
#pragma warning restore CA1031
        {
            var error = Unwrap(e);
            if (error is OperationCanceledException || interruption.IsCancellationRequested)
            {
                await Console.Error.WriteLineAsync("roos: interrupted; earlier output is untouched").ConfigureAwait(false);
                return Interrupted;
            }

            await Console.Error.WriteLineAsync($"roos: {Sentence(error)}").ConfigureAwait(false);
            if (debug) await Console.Error.WriteLineAsync(e.ToString()).ConfigureAwait(false);
            return error is UsageException ? WrongUsage : Failed;
        }

        void End(PosixSignalContext signal)
        {
            if (interruption.IsCancellationRequested) return;
            signal.Cancel = true;
            interruption.Cancel();
        }
    }

    /// <summary>Of errors that came together from several threads the one that says most to the user.</summary>
    private static Exception Unwrap(Exception e)
    {
        if (e is not AggregateException several) return e;
        var errors = several.Flatten().InnerExceptions;
        return errors.FirstOrDefault(error => error is RoosException) ?? errors.FirstOrDefault(error => error is not OperationCanceledException) ?? errors[0];
    }

    private static string Sentence(Exception error) => error switch
    {
        RoosException or IOException or UnauthorizedAccessException => error.Message,
        OutOfMemoryException => "there is not enough memory: end other programs, or let fewer threads work with --workers",
        _ => $"internal error ({error.GetType().Name}: {error.Message}); this is a mistake in roos: please report it, --debug shows where it is",
    };

    private static void ChangeDirectory(string directory)
    {
        if (!Directory.Exists(directory)) throw new UsageException($"{directory}: there is no such directory (given with -C)");
        Directory.SetCurrentDirectory(directory);
    }
}
