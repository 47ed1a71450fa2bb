using System.CommandLine;
using Roos.Builder.Configuration;

namespace Roos.Builder.Commands;

/// <summary><c>roos cat-config</c>: the configuration files that take part, one after the other.</summary>
internal static class CatConfigCommand
{
    public static Command Create()
    {
        var command = new Command("cat-config", """
            Shows the configuration files of every image, in the order in which they are read.

            Examples:
              roos cat-config
              roos -C appliance cat-config --profile ab
            """);
        ConfigurationOptions.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            var configuration = ApplianceConfiguration.Load(".", CommandLineOverrides.From(parsed));
            var current = Directory.GetCurrentDirectory();
            foreach (var image in configuration.Images)
            {
                await Console.Out.WriteLineAsync($"### IMAGE: {image.Name}".AsMemory(), cancellation);
                foreach (var file in image.Files)
                {
                    await Console.Out.WriteLineAsync($"# {Path.GetRelativePath(current, file).Replace('\\', '/')}".AsMemory(), cancellation);
                    await Console.Out.WriteLineAsync((await File.ReadAllTextAsync(file, cancellation)).AsMemory(), cancellation);
                }
            }

            return Program.Done;
        });
        return command;
    }
}
