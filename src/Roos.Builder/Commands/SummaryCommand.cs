using System.CommandLine;
using Roos.Builder.Configuration;

namespace Roos.Builder.Commands;

/// <summary><c>roos summary</c>: the resolved configuration, and where each value came from.</summary>
internal static class SummaryCommand
{
    public static Command Create()
    {
        var json = new Option<bool>("--json") { Description = "Write JSON with mkosi's keys" };
        var all = new Option<bool>("--all") { Description = "Also show settings that nobody set" };
        var command = new Command("summary", """
            Shows the resolved configuration, and where each value came from.

            Examples:
              roos summary                          what was set, and where
              roos -C appliance summary --profile ab
              roos summary --json                   for programs; keys as in 'mkosi --json summary'
            """)
        {
            json,
            all,
        };
        ConfigurationOptions.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            var configuration = ApplianceConfiguration.Load(".", CommandLineOverrides.From(parsed));
            var text = parsed.GetValue(json) ? ConfigurationSummary.ToJson(configuration) : ConfigurationSummary.ToText(configuration, parsed.GetValue(all));
            await Console.Out.WriteAsync(text.AsMemory(), cancellation);
            return Program.Done;
        });
        return command;
    }
}
