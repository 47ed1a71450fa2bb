using System.Globalization;
using System.Text;
using Roos.Core;

namespace Roos.Initrd.Modules;

/// <summary>
/// The files modules.* by which modprobe and udev find modules, as depmod of kmod 34 writes them for the same set of module files:
/// byte for byte, except that modules.symbols is sorted (depmod has it in the order of its hash table; nothing depends on it).
/// Source: tools/depmod.c of kmod 34.2.
/// </summary>
internal sealed class ModuleIndex
{
    private readonly List<Entry> _modules;
    private readonly SortedDictionary<string, Entry> _symbols = new(StringComparer.Ordinal);
    private readonly ModuleFolder _folder;

    /// <param name="modules">Of different names.</param>
    /// <param name="folder">Where they are from: for modules.order and what is known of built-in modules.</param>
    /// <exception cref="RoosException">Modules need each other in a circle.</exception>
    public ModuleIndex(IEnumerable<KernelModule> modules, ModuleFolder folder)
    {
        _folder = folder;
        _modules = InOrder(modules, folder);
        for (var i = 0; i < _modules.Count; i++)
        {
            _modules[i].Index = i;
            foreach (var symbol in _modules[i].Module.ExportedSymbols) _symbols[symbol] = _modules[i];
        }

        foreach (var module in _modules) FindDependencies(module);
        SortByUse();
    }

    /// <summary>Names and contents, in byte order of the names.</summary>
    public IEnumerable<(string Name, byte[] Content)> Files()
    {
        yield return ("modules.alias", Aliases());
        yield return ("modules.alias.bin", AliasTrie());
        if (_folder.Tree.FindFile("modules.builtin") is { } builtIn)
        {
            yield return ("modules.builtin", builtIn.Content.ToArray());
            if (_folder.Tree.FindFile("modules.builtin.modinfo") is { } information)
            {
                yield return ("modules.builtin.alias.bin", BuiltInAliasTrie());
                yield return ("modules.builtin.bin", BuiltInTrie());
                yield return ("modules.builtin.modinfo", information.Content.ToArray());
            }
            else
            {
                yield return ("modules.builtin.bin", BuiltInTrie());
            }
        }

        yield return ("modules.dep", Lines(null, _modules.Select(DependencyLine)));
        yield return ("modules.dep.bin", DependencyTrie());
        yield return ("modules.devname", DeviceNames());
        yield return ("modules.order", Lines(null, _modules.Where(module => module.IsOrdered).Select(module => module.PlainPath)));
        yield return ("modules.softdep", Lines("# Soft dependencies extracted from modules themselves.", _modules.SelectMany(entry => entry.Module.SoftDependencies.Select(value => $"softdep {entry.Name} {value}"))));
        yield return ("modules.symbols", Lines("# Aliases for symbols, used by symbol_request().", _symbols.Select(item => $"alias symbol:{item.Key} {item.Value.Name}")));
        yield return ("modules.symbols.bin", SymbolTrie());
        yield return ("modules.weakdep", Lines("# Weak dependencies extracted from modules themselves.", _modules.SelectMany(entry => entry.Module.WeakDependencies.Select(value => $"weakdep {entry.Name} {value}"))));
    }

    /// <summary>modules.order first; what it does not name after it, by path.</summary>
    private static List<Entry> InOrder(IEnumerable<KernelModule> modules, ModuleFolder folder)
    {
        var entries = modules.Select(module => new Entry(module)).OrderBy(entry => entry.Module.Path, StringComparer.Ordinal).ToList();
        var byPath = entries.ToDictionary(entry => entry.PlainPath, StringComparer.Ordinal);
        var position = int.MinValue;
        foreach (var line in folder.Lines("modules.order"))
        {
            if (!byPath.TryGetValue(line, out var entry) || entry.IsOrdered) continue;
            entry.IsOrdered = true;
            entry.Position = position++;
        }

        return [.. entries.OrderBy(entry => entry.Position)]; // a stable sort
    }

    private void FindDependencies(Entry module)
    {
        foreach (var name in module.Module.RequiredSymbols)
        {
            // On PowerPC .foo is foo.
            if (!_symbols.TryGetValue(name.StartsWith('.') ? name[1..] : name, out var owner) || module.Needs.Contains(owner)) continue;
            module.Needs.Add(owner);
            owner.Users++;
        }
    }

    /// <summary>Orders modules so that each comes before all that it needs, in the way depmod does: by that order it lists dependencies.</summary>
    private void SortByUse()
    {
        var ready = new Stack<Entry>(_modules.Where(module => module.Users == 0));
        var sorted = 0;
        while (ready.TryPop(out var module))
        {
            module.Depth = sorted++;
            foreach (var needed in module.Needs)
            {
                if (--needed.Users == 0) ready.Push(needed);
            }
        }

        if (sorted == _modules.Count) return;
        var circle = string.Join(", ", _modules.Where(module => module.Users > 0).Select(module => module.Name));
        throw new RoosException($"kernel modules must not need each other in a circle, which these do or depend on: {circle}; leave one out");
    }

    private static IEnumerable<Entry> AllNeeds(Entry module)
    {
        var all = new HashSet<Entry>();
        var pending = new Stack<Entry>(module.Needs);
        while (pending.TryPop(out var needed))
        {
            if (!all.Add(needed)) continue;
            foreach (var next in needed.Needs) pending.Push(next);
        }

        return all.OrderBy(needed => needed.Depth);
    }

    private static string DependencyLine(Entry module) =>
        string.Join(' ', AllNeeds(module).Select(needed => needed.Module.Path).Prepend(module.Module.Path + ":"));

    private byte[] DependencyTrie()
    {
        var trie = new IndexTrie();
        foreach (var module in _modules) trie.Add(module.Name, DependencyLine(module), (uint)module.Index);
        return trie.ToArray();
    }

    private byte[] Aliases() =>
        Lines("# Aliases extracted from modules themselves.", _modules.SelectMany(entry => entry.Module.Aliases.Select(alias => $"alias {alias} {entry.Name}")));

    private byte[] AliasTrie()
    {
        var trie = new IndexTrie();
        foreach (var module in _modules)
        {
            foreach (var alias in module.Module.Aliases)
            {
                if (NormaliseAlias(alias) is { } key) trie.Add(key, module.Name, (uint)module.Index);
            }
        }

        return trie.ToArray();
    }

    private byte[] SymbolTrie()
    {
        var trie = new IndexTrie();
        foreach (var (symbol, owner) in _symbols) trie.Add("symbol:" + symbol, owner.Name, (uint)owner.Index);
        return trie.ToArray();
    }

    private byte[] BuiltInTrie()
    {
        var trie = new IndexTrie();
        foreach (var line in _folder.Lines("modules.builtin").Where(line => char.IsAsciiLetter(line[0]))) trie.Add(ModuleName.FromPath(line), "", 0);
        return trie.ToArray();
    }

    private byte[] BuiltInAliasTrie()
    {
        var trie = new IndexTrie();
        foreach (var (module, key, value) in _folder.BuiltInInformation())
        {
            if (key == "alias" && value.Length > 0 && NormaliseAlias(value) is { } alias) trie.Add(alias, module, 0);
        }

        return trie.ToArray();
    }

    /// <summary>modules.devname: the device nodes that load a module when they are opened.</summary>
    private byte[] DeviceNames()
    {
        const string prefix = "devname:";
        var lines = new List<string>();
        foreach (var entry in _modules)
        {
            string? device = null;
            string? number = null;
            foreach (var alias in entry.Module.Aliases)
            {
                if (alias.StartsWith(prefix, StringComparison.Ordinal)) device = alias[prefix.Length..];
                else number = DeviceNumber(alias, "char-major-", 'c') ?? DeviceNumber(alias, "block-major-", 'b') ?? number;
                if (device is not null && number is not null) break;
            }

            if (device is not null && number is not null) lines.Add($"{entry.Name} {device} {number}");
        }

        return lines.Count == 0 ? [] : Lines("# Device nodes to trigger on-demand module loading.", lines);
    }

    /// <summary>"c10:234" for "char-major-10-234", or null.</summary>
    private static string? DeviceNumber(string alias, string prefix, char type)
    {
        if (!alias.StartsWith(prefix, StringComparison.Ordinal)) return null;
        var parts = alias[prefix.Length..].Split('-');
        return parts.Length >= 2 && uint.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var major)
            && uint.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var minor)
            ? string.Create(CultureInfo.InvariantCulture, $"{type}{major}:{minor}")
            : null;
    }

    /// <summary>With underscores for dashes outside brackets, or null where brackets do not match: depmod leaves such out of the trie.</summary>
    private static string? NormaliseAlias(string alias)
    {
        var result = alias.ToCharArray();
        for (var i = 0; i < result.Length; i++)
        {
            if (result[i] == '-') result[i] = '_';
            if (result[i] == ']') return null;
            if (result[i] != '[') continue;
            i = alias.IndexOf(']', i);
            if (i < 0) return null;
        }

        return new string(result);
    }

    private static byte[] Lines(string? title, IEnumerable<string> lines)
    {
        var text = new StringBuilder();
        if (title is not null) text.Append(title).Append('\n');
        foreach (var line in lines) text.Append(line).Append('\n');
        return ModuleName.Bytes(text.ToString());
    }

    private sealed class Entry(KernelModule module)
    {
        public KernelModule Module => module;

        public string Name => module.Name;

        /// <summary>As modules.order has it: not compressed.</summary>
        public string PlainPath { get; } = ModuleName.WithoutExtension(module.Path) + ".ko";

        public bool IsOrdered { get; set; }

        public int Position { get; set; }

        /// <summary>Place in the order, also the priority of the module's entries in the indexes.</summary>
        public int Index { get; set; }

        /// <summary>Directly needed modules, in the order in which symbols name them.</summary>
        public List<Entry> Needs { get; } = [];

        public int Users { get; set; }

        public int Depth { get; set; }
    }
}
