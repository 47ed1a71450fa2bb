using System.CommandLine;
using System.Globalization;
using System.Numerics;
using Roos.Builder.Configuration;
using Roos.Builder.Updates;

namespace Roos.Builder.Commands;

/// <summary><c>roos bump</c>: the next version.</summary>
internal static class BumpCommand
{
    private const string VersionFile = "mkosi.version";

    public static Command Create()
    {
        var command = new Command("bump", """
            Raise the version of the appliance by one: its last part, where that is a number, or else ".2" is put behind it. The new
            version goes where the old one stands: into mkosi.version, or the line ImageVersion= of mkosi.conf.

            Examples:
              roos bump        # 0.1 becomes 0.2
              roos bump && roos build && roos publish --keep 3 /srv/www/roos
            """);
        ConfigurationOptions.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            var folder = Directory.GetCurrentDirectory();
            var version = ApplianceConfiguration.Load(folder, CommandLineOverrides.From(parsed)).Main.ImageVersion;
            var next = Next(version.Value);
            if (!ImageVersionRules.IsValid(next)) throw version.Origin.Error($"ImageVersion=: {ImageVersionRules.Problem(next)}");
            Write(folder, version, next);
            await Console.Out.WriteLineAsync($"{version.Value ?? "(no version)"} -> {next}".AsMemory(), cancellation);
            return Program.Done;
        });
        return command;
    }

    /// <summary>The version after a version; 1 after none.</summary>
    internal static string Next(string? version)
    {
        if (version is null) return "1";
        var dot = version.LastIndexOf('.') + 1;
        return version.Length > dot && version.AsSpan(dot).IndexOfAnyExceptInRange('0', '9') < 0
            ? string.Create(CultureInfo.InvariantCulture, $"{version[..dot]}{BigInteger.Parse(version.AsSpan(dot), NumberStyles.None, CultureInfo.InvariantCulture) + 1}")
            : version + ".2";
    }

    private static void Write(string folder, Setting<string?> version, string next)
    {
        if (version.Origin.IsDefault || version.Origin.Name == VersionFile)
        {
            Replace(Path.Combine(folder, VersionFile), next + "\n");
            return;
        }

        if (version.Origin.Location is not { } place) throw new UsageException($"the version {version.Value} comes from the {version.Origin}, which cannot be raised: write it into {VersionFile}");
        var path = Path.Combine(folder, place.File);
        var text = File.ReadAllText(path);
        var lines = text.Split('\n');
        var line = place.Line <= lines.Length ? lines[place.Line - 1] : "";
        var equals = line.IndexOf('=', StringComparison.Ordinal);
        var at = equals < 0 ? -1 : line.IndexOf(version.Value!, equals, StringComparison.Ordinal);
        if (at < 0) throw place.Error($"the version {version.Value} does not stand here as it is; raise it by hand");
        lines[place.Line - 1] = line[..at] + next + line[(at + version.Value!.Length)..];
        Replace(path, string.Join('\n', lines));
    }

    private static void Replace(string path, string text)
    {
        File.WriteAllText(path + ".new", text);
        File.Move(path + ".new", path, overwrite: true);
    }
}
