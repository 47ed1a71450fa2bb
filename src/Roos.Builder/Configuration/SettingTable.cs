using System.Diagnostics.CodeAnalysis;

namespace Roos.Builder.Configuration;

/// <summary>
/// Every setting of the configuration language (mkosi 27, man page mkosi(1)), and what Roos does with it.
/// The order is that of the man page: within one image, %-specifiers see settings wherever they stand.
/// </summary>
public static partial class SettingTable
{
    /// <summary>Sections that hold settings.</summary>
    public static IReadOnlyList<string> Sections { get; } =
        ["Include", "Config", "Distribution", "Output", "Content", "Validation", "Build", "Runtime", "Host"];

    /// <summary>Sections that hold conditions.</summary>
    public static IReadOnlyList<string> ConditionSections { get; } = ["Match", "TriggerMatch", "Assert", "TriggerAssert"];

    /// <summary>Conditions that are not settings.</summary>
    public static IReadOnlyList<string> Conditions { get; } = ["PathExists", "SystemdVersion", "HostArchitecture", "Image"];

    public static IReadOnlyList<SettingDefinition> All { get; } =
        [.. OutputSettings(), .. ContentSettings(), .. ValidationSettings(), .. BuildSettings(), .. RuntimeSettings()];

    private static readonly Dictionary<string, SettingDefinition> ByName =
        All.SelectMany(setting => setting.OldNames.Prepend(setting.Name).Select(name => (name, setting))).ToDictionary(StringComparer.Ordinal);

    private static readonly Dictionary<char, SettingDefinition> BySpecifier =
        All.Where(setting => setting.Specifier is not null).ToDictionary(setting => setting.Specifier!.Value);

    /// <summary>The names by which settings may be called.</summary>
    public static IEnumerable<string> Names => All.Select(setting => setting.Name);

    public static SettingDefinition Get(string name) => ByName[name];

    public static bool TryGet(string name, [NotNullWhen(true)] out SettingDefinition? setting) => ByName.TryGetValue(name, out setting);

    public static bool TryGetSpecifier(char letter, [NotNullWhen(true)] out SettingDefinition? setting) => BySpecifier.TryGetValue(letter, out setting);

    private static SettingDefinition Define(string section, string name, SettingKind kind, SettingScope scope = SettingScope.Local) =>
        new(name, section, kind) { Scope = scope };

    /// <summary>A setting that only matters to mkosi's own machinery.</summary>
    private static SettingDefinition Idle(string section, string name, SettingKind kind, SettingScope scope, string reason) =>
        new(name, section, kind) { Scope = scope, Effect = SettingEffect.None, Remark = reason };

    /// <summary>A setting that would change the result.</summary>
    private static SettingDefinition Later(string section, string name, SettingKind kind, SettingScope scope, string instead = "") =>
        new(name, section, kind) { Scope = scope, Effect = SettingEffect.NotYet, Remark = instead };
}
