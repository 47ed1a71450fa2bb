using Roos.Builder.Steps.Units;
using Roos.Core.Tree;

namespace Roos.Builder.Steps;

/// <summary>
/// Enables and disables units as <c>systemctl --root TREE preset-all</c> and then <c>systemctl --root TREE --global preset-all</c> of
/// systemd 257 do: links in /etc/systemd from the preset files and the units' [Install] sections.
/// </summary>
/// <remarks>
/// systemctl walks folders in the order in which the file system lists them, and where a disabled unit names an enabled one in Also= the
/// result depends on it. Here what the presets enable comes first, so that a preset for a unit itself always counts.
/// </remarks>
public static class Presets
{
    /// <summary>Presets for the system, then for users. An initrd has no presets of its own in 257 (seen: initrd-preset is not read).</summary>
    public static FileTree Apply(FileTree tree)
    {
        tree = Apply(tree, UnitSearchPath.ForSystem(tree), PresetRules.Read(tree, "systemd/system-preset"));
        return Apply(tree, UnitSearchPath.ForUsers(tree), PresetRules.Read(tree, "systemd/user-preset"));
    }

    private static FileTree Apply(FileTree tree, UnitSearchPath search, PresetRules rules)
    {
        var links = new UnitLinks(tree, search);
        var decisions = new List<(string Name, PresetAction Action, IReadOnlyList<string> Instances)>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var name in search.Names())
        {
            if (!seen.Add(name)) continue;
            var unit = search.Find(name);
            if (unit.Name != name || unit.Kind is UnitFileKind.Broken or UnitFileKind.NotFound) continue; // an alias: its unit has its own turn
            var (action, instances) = rules.Query(name);
            if (action != PresetAction.Ignore) decisions.Add((name, action, instances));
        }

        var enabled = new Dictionary<string, UnitFile>(StringComparer.Ordinal);
        var enable = new List<UnitFile>();
        foreach (var (name, _, instances) in decisions.Where(decision => decision.Action == PresetAction.Enable))
        {
            foreach (var unit in instances.Count > 0 ? instances : [name]) Collect(unit, enabled, enable);
        }

        var disabled = new Dictionary<string, UnitFile>(StringComparer.Ordinal);
        var disable = new List<UnitFile>();
        foreach (var (name, action, _) in decisions)
        {
            if (action == PresetAction.Disable && !enabled.ContainsKey(name)) Collect(name, disabled, disable);
        }

        links.Remove(disable.Where(unit => unit.Kind != UnitFileKind.Masked).Select(unit => unit.Name).ToHashSet(StringComparer.Ordinal));
        foreach (var unit in enable) links.Add(unit);
        return links.Build();

        // A unit and all that it names in Also=.
        void Collect(string name, Dictionary<string, UnitFile> known, List<UnitFile> order)
        {
            var pending = new Queue<string>([name]);
            while (pending.TryDequeue(out var next))
            {
                if (!UnitName.IsValid(next) || known.ContainsKey(next)) continue;
                var unit = search.Find(next);
                known.Add(next, unit);
                if (unit.Name != next && !known.TryAdd(unit.Name, unit)) continue;
                order.Add(unit);
                foreach (var also in unit.Install.Also) pending.Enqueue(links.Expand(unit, also));
            }
        }
    }
}
