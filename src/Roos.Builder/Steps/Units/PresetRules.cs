using Roos.Core.Bytes;
using Roos.Core.Tree;

namespace Roos.Builder.Steps.Units;

internal enum PresetAction
{
    Enable,
    Disable,
    Ignore,
}

/// <summary>
/// The lines of the preset files of a tree (systemd.preset(5)): the first that matches a unit decides, and a unit that none
/// matches is enabled.
/// </summary>
internal sealed class PresetRules
{
    private readonly List<(string Pattern, PresetAction Action, string[] Instances)> _rules = [];

    /// <param name="tree">The tree.</param>
    /// <param name="folder"><c>systemd/system-preset</c> or <c>systemd/user-preset</c>.</param>
    public static PresetRules Read(FileTree tree, string folder)
    {
        var result = new PresetRules();
        foreach (var line in ConfigurationFiles.Lines(tree, folder, ".preset"))
        {
            var words = line.Text.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
            PresetAction? action = words[0] switch
            {
                "enable" => PresetAction.Enable,
                "disable" => PresetAction.Disable,
                "ignore" => PresetAction.Ignore,
                _ => null,
            };
            // systemctl warns about a line that it does not understand and goes on; so a rule that a newer systemd knows does no harm here.
            if (action is null || words.Length < 2) continue;
            var instances = action == PresetAction.Enable ? words[2..] : [];
            if (instances.Length > 0 && UnitName.Classify(words[1]) != UnitNameKind.Template) continue;
            var pattern = action == PresetAction.Enable ? words[1] : line.Text[words[0].Length..].Trim();
            result._rules.Add((pattern, action.Value, instances));
        }

        return result;
    }

    /// <summary>What is to be done with a unit, and for a template the instances to enable instead of it (or none).</summary>
    public (PresetAction Action, IReadOnlyList<string> Instances) Query(string unit)
    {
        foreach (var (pattern, action, instances) in _rules)
        {
            if (instances.Length > 0 && UnitName.Template(unit) == pattern)
            {
                if (UnitName.Classify(unit) == UnitNameKind.Template) return (action, [.. instances.Select(instance => UnitName.WithInstance(unit, instance)!)]);
                if (instances.Contains(UnitName.Instance(unit))) return (action, []);
            }

            if (GlobPattern.IsMatch(ByteString.FromUtf8(pattern).Span, ByteString.FromUtf8(unit).Span)) return (action, []);
        }

        return (PresetAction.Enable, []);
    }
}
