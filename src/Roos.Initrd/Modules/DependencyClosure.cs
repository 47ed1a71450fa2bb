namespace Roos.Initrd.Modules;

/// <summary>Finds what modules need: modules by depends= and softdep=, firmware by firmware=. Modules in the kernel image count as there.</summary>
internal sealed class DependencyClosure(ModuleFolder folder, FirmwareFiles firmware)
{
    private readonly SortedSet<string> _missing = new(StringComparer.Ordinal);
    private readonly Lazy<Dictionary<string, List<string>>> _aliases = new(() => PlainAliases(folder));

    /// <summary>"MODULE needs NAME".</summary>
    public IReadOnlyList<string> Missing => [.. _missing];

    /// <summary>The wanted modules and all they need, in byte order of their names; firmware is collected on the way.</summary>
    public IReadOnlyList<KernelModule> Load(IEnumerable<string> wanted, int workers, CancellationToken cancellation)
    {
        var loaded = new SortedDictionary<string, KernelModule>(StringComparer.Ordinal);
        var next = new SortedSet<string>(wanted, StringComparer.Ordinal);

        // The kernel image's own modules ask for firmware and other modules too.
        foreach (var (module, key, value) in folder.BuiltInInformation())
        {
            if (key == "firmware") firmware.Add(value);
            if (key == "softdep") next.UnionWith(SoftNames(value).SelectMany(name => Files(module, name, isHard: false)));
        }

        while (next.Count > 0)
        {
            var found = new SortedSet<string>(StringComparer.Ordinal);
            foreach (var module in KernelModules.Read(folder, [.. next], workers, cancellation))
            {
                loaded.Add(module.Name, module);
                foreach (var file in module.Firmware) firmware.Add(file);
                found.UnionWith(module.Dependencies.SelectMany(name => Files(module.Name, name, isHard: true)));
                found.UnionWith(module.SoftDependencies.SelectMany(SoftNames).SelectMany(name => Files(module.Name, name, isHard: false)));
            }

            found.ExceptWith(loaded.Keys);
            next = found;
        }

        return [.. loaded.Values];
    }

    /// <summary>The names in "pre: a b post: c".</summary>
    private static IEnumerable<string> SoftNames(string value) => value.Split(' ', StringSplitOptions.RemoveEmptyEntries).Where(name => !name.EndsWith(':'));

    /// <summary>
    /// The modules behind a name: the one of that name, or else, for soft dependencies, all that have it as an alias (btrfs asks for
    /// "crc32c", which only aliases of crypto modules are). None where it is in the kernel image or missing.
    /// </summary>
    private IEnumerable<string> Files(string module, string name, bool isHard)
    {
        var normal = ModuleName.Normalise(name);
        if (folder.Files.ContainsKey(normal)) return [normal];
        if (folder.BuiltIn.Contains(normal)) return [];
        if (isHard)
        {
            _missing.Add($"{module} needs {normal}");
            return [];
        }

        return _aliases.Value.TryGetValue(normal, out var modules) ? modules.Where(folder.Files.ContainsKey) : [];
    }

    /// <summary>Aliases without wildcards in modules.alias of the folder, where there is one.</summary>
    private static Dictionary<string, List<string>> PlainAliases(ModuleFolder folder)
    {
        var result = new Dictionary<string, List<string>>(StringComparer.Ordinal);
        foreach (var line in folder.Lines("modules.alias"))
        {
            var parts = line.Split(' ');
            if (parts.Length != 3 || parts[0] != "alias" || Glob.HasMagic(parts[1])) continue;
            var alias = ModuleName.Normalise(parts[1]);
            if (!result.TryGetValue(alias, out var modules)) result.Add(alias, modules = []);
            modules.Add(parts[2]);
        }

        return result;
    }
}
