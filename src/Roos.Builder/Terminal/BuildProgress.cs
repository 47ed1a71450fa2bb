using System.Diagnostics;
using System.Globalization;
using Spectre.Console;

namespace Roos.Builder.Terminal;

/// <summary>Tells the user what is going on, on standard error: results alone go to standard output.</summary>
public abstract class BuildProgress
{
    /// <summary>Begins a step; dispose what is returned when it ends.</summary>
    /// <param name="title">What is done: "EroFS root", "Packages".</param>
    /// <param name="total">How much there is to do, in bytes, or 0 where nobody knows.</param>
    public abstract BuildStep Begin(string title, long total = 0);

    /// <summary>One line the user should know: an installed package, a setting without effect.</summary>
    public abstract void Note(string text);

    /// <summary>One line the user should act on.</summary>
    public abstract void Warn(string text);

    /// <summary>
    /// Runs <paramref name="work"/> with the progress that suits: warnings alone with <paramref name="quiet"/>, live bars on a terminal,
    /// plain lines elsewhere.
    /// </summary>
    public static async Task<T> Run<T>(bool quiet, Func<BuildProgress, Task<T>> work)
    {
        if (quiet) return await work(new QuietProgress());
        if (Console.IsErrorRedirected) return await work(new PlainProgress());
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        if (!console.Profile.Capabilities.Interactive || !console.Profile.Capabilities.Ansi) return await work(new PlainProgress());
        return await console.Progress()
            .AutoClear(false)
            .HideCompleted(false)
            .Columns(new SpinnerColumn(), new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(), new ElapsedTimeColumn())
            .StartAsync(async context => await work(new LiveProgress(console, context)));
    }

    private sealed class QuietProgress : BuildProgress
    {
        public override BuildStep Begin(string title, long total = 0) => new SilentStep();

        public override void Note(string text)
        {
        }

        public override void Warn(string text) => Console.Error.WriteLine($"roos: warning: {text}");

        private sealed class SilentStep : BuildStep;
    }

    private sealed class PlainProgress : BuildProgress
    {
        public override BuildStep Begin(string title, long total = 0)
        {
            Console.Error.WriteLine($"{title} ...");
            return new PlainStep(title);
        }

        public override void Note(string text) => Console.Error.WriteLine($"note: {text}");

        public override void Warn(string text) => Console.Error.WriteLine($"warning: {text}");

        private sealed class PlainStep(string title) : BuildStep
        {
            private readonly long _begun = Stopwatch.GetTimestamp();

            protected override void Ended()
            {
                var seconds = Stopwatch.GetElapsedTime(_begun).TotalSeconds;
                Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{title}: {Result ?? "ended"} ({seconds:0.0} s)"));
            }
        }
    }

    private sealed class LiveProgress(IAnsiConsole console, ProgressContext context) : BuildProgress
    {
        public override BuildStep Begin(string title, long total = 0)
        {
            var task = context.AddTask(Markup.Escape(title), autoStart: true, maxValue: Math.Max(total, 1));
            task.IsIndeterminate = total == 0;
            return new LiveStep(task, title);
        }

        public override void Note(string text) => console.MarkupLineInterpolated($"[grey]note:[/] {text}");

        public override void Warn(string text) => console.MarkupLineInterpolated($"[yellow]warning:[/] {text}");

        private sealed class LiveStep(ProgressTask task, string title) : BuildStep
        {
            public override void Report(long value) => task.Value = value;

            protected override void Ended()
            {
                task.IsIndeterminate = false;
                task.Value = task.MaxValue;
                if (Result is { } result) task.Description = Markup.Escape($"{title}: {result}");
                task.StopTask();
            }
        }
    }
}
