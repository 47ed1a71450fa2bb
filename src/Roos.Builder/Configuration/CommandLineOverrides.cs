using System.CommandLine;
using System.CommandLine.Parsing;

namespace Roos.Builder.Configuration;

/// <summary>Settings that were given on the command line, in the order of the settings' table.</summary>
/// <param name="Settings">The option as it is called, the setting, and its values; an empty value resets a list.</param>
public sealed record CommandLineOverrides(IReadOnlyList<(string Option, SettingDefinition Setting, IReadOnlyList<string> Values)> Settings)
{
    public static CommandLineOverrides None { get; } = new([]);

    /// <summary>Reads what <see cref="ConfigurationOptions.AddTo"/> put on a command.</summary>
    public static CommandLineOverrides From(ParseResult result) => new(
        [.. ConfigurationOptions.All.Select(pair => (pair.Option.Name, pair.Setting, Values: (IReadOnlyList<string>)Given(result.GetResult(pair.Option), pair.Setting))).Where(given => given.Values.Count > 0)]);

    /// <summary>The values of an option. Without one it says yes, or resets: <c>--with-docs</c>, <c>--package=</c>.</summary>
    private static string[] Given(OptionResult? option, SettingDefinition setting)
    {
        if (option is null || option.Implicit) return [];
        string[] values = [.. option.Tokens.Select(token => token.Value)];
        if (option.IdentifierTokenCount <= values.Length) return values;
        var isSwitch = setting.Kind is SettingKind.Boolean or SettingKind.Feature || setting.Boolean is not null;
        return [isSwitch ? "yes" : "", .. values];
    }

    /// <summary>One setting by its name.</summary>
    public CommandLineOverrides With(string setting, params string[] values) =>
        new([.. Settings, (SettingTable.Get(setting).Option, SettingTable.Get(setting), values)]);
}

/// <summary>The options that override settings, spelt as mkosi spells them.</summary>
public static class ConfigurationOptions
{
    /// <summary>Letters that every verb uses for something else.</summary>
    private static readonly string[] Taken = ["-C", "-q", "-h", "-f"];

    internal static IReadOnlyList<(Option<string[]> Option, SettingDefinition Setting)> All { get; } =
        [.. SettingTable.All.Where(setting => setting.Effect != SettingEffect.None).Select(setting => (Make(setting), setting))];

    /// <summary>Adds an option for every setting; the common ones are listed by --help.</summary>
    public static void AddTo(Command command)
    {
        foreach (var (option, _) in All) command.Add(option);
    }

    private static Option<string[]> Make(SettingDefinition setting) =>
        new(setting.Option, setting.ShortOption is { } letter && !Taken.Contains(letter) ? [letter] : [])
        {
            Description = setting.Help,
            HelpName = setting.Kind switch { SettingKind.Path or SettingKind.Paths or SettingKind.Trees => "PATH", SettingKind.Integer => "NUMBER", SettingKind.Uuid => "UUID", _ => "VALUE" },
            Hidden = setting.Help is null,
            Arity = ArgumentArity.ZeroOrMore,
            AllowMultipleArgumentsPerToken = false,
        };
}
