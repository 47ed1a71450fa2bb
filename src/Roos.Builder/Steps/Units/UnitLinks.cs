using Roos.Core.Bytes;
using Roos.Core.Tree;

namespace Roos.Builder.Steps.Units;

/// <summary>The links in /etc/systemd/system (or user) that enable units: removed and made as <c>systemctl</c> does.</summary>
internal sealed class UnitLinks(FileTree tree, UnitSearchPath search)
{
    private readonly FileTreeBuilder _builder = tree.ToBuilder();
    private readonly string _folder = search.ConfigurationFolder;

    /// <summary>Removes every link to a unit of these names, every link of these names, and links to links that went.</summary>
    public void Remove(IReadOnlySet<string> units)
    {
        var names = new HashSet<string>(units, StringComparer.Ordinal);
        var paths = new HashSet<string>(StringComparer.Ordinal);
        var links = Links().ToList();
        for (var again = true; again;)
        {
            again = false;
            for (var i = links.Count - 1; i >= 0; i--)
            {
                var (path, link) = links[i];
                var name = path[(path.LastIndexOf('/') + 1)..];
                if (!names.Contains(name) && !(UnitName.Template(name) is { } template && names.Contains(template)))
                {
                    var target = End(path, link);
                    if (!paths.Contains(target) && !names.Contains(target[(target.LastIndexOf('/') + 1)..])) continue;
                }

                _builder.Remove(path);
                RemoveEmptyFolders(path);
                links.RemoveAt(i);
                again |= paths.Add(path);
            }
        }
    }

    /// <summary>Makes the links that the install section of a unit asks for.</summary>
    public void Add(UnitFile unit)
    {
        if (unit.Kind != UnitFileKind.Regular) return;
        if (!search.Contains(unit.Path)) Set($"{_folder}/{unit.Name}", unit.Path, force: false);
        foreach (var alias in unit.Install.Alias) AddAlias(unit, Expand(unit, alias));
        AddDependencies(unit, unit.Install.WantedBy, "wants");
        AddDependencies(unit, unit.Install.RequiredBy, "requires");
        AddDependencies(unit, unit.Install.UpheldBy, "upholds");
    }

    public FileTree Build() => _builder.Build();

    /// <summary>The specifiers that make sense in names of units: %i %j %n %N %p, and those of the tree.</summary>
    public string Expand(UnitFile unit, string text)
    {
        if (!text.Contains('%', StringComparison.Ordinal)) return text;
        var name = UnitName.Classify(unit.Name) == UnitNameKind.Template && unit.Install.DefaultInstance is { } instance ? UnitName.WithInstance(unit.Name, instance)! : unit.Name;
        var prefix = UnitName.Prefix(unit.Name);
        var own = TreeSpecifiers.Expand(text, "/" + unit.Path, specifier => specifier switch
        {
            'i' => UnitName.Instance(name),
            'j' => prefix[(prefix.LastIndexOf('-') + 1)..],
            'n' => name,
            'N' => name[..name.LastIndexOf('.')],
            'p' => prefix,
            _ => "%" + specifier,
        });
        return TreeSpecifiers.Expand(tree, own, "/" + unit.Path);
    }

    private void AddAlias(UnitFile unit, string alias)
    {
        if (alias.Contains('/', StringComparison.Ordinal))
        {
            // The old way to say WantedBy=.
            var slash = alias.LastIndexOf('/');
            var folder = alias[..slash];
            if ((folder.EndsWith(".wants", StringComparison.Ordinal) || folder.EndsWith(".requires", StringComparison.Ordinal)) && UnitName.IsValid(folder[..folder.LastIndexOf('.')])
                && (alias[(slash + 1)..] == unit.Name || UnitName.Template(alias[(slash + 1)..]) == unit.Name))
            {
                Set($"{_folder}/{alias}", unit.Path, force: false);
            }

            return;
        }

        var kind = UnitName.Classify(alias);
        var unitKind = UnitName.Classify(unit.Name);
        if (kind == UnitNameKind.Template && unitKind == UnitNameKind.Instance)
        {
            alias = UnitName.WithInstance(alias, UnitName.Instance(unit.Name))!;
            kind = UnitNameKind.Instance;
        }

        var good = kind != UnitNameKind.Invalid && alias != unit.Name && UnitName.MayAlias(alias) && UnitName.Type(alias) == UnitName.Type(unit.Name)
            && (kind == UnitNameKind.Plain || UnitName.MayBeTemplate(alias))
            && (kind == unitKind || (kind == UnitNameKind.Instance && unitKind == UnitNameKind.Template))
            && (unitKind != UnitNameKind.Instance || UnitName.Instance(alias) == UnitName.Instance(unit.Name));
        if (good) Set($"{_folder}/{alias}", unit.Path, force: false);
    }

    private void AddDependencies(UnitFile unit, List<string> dependents, string kind)
    {
        var name = unit.Name;
        var needsInstance = false;
        if (UnitName.Classify(name) == UnitNameKind.Template)
        {
            if (unit.Install.DefaultInstance is { } instance)
            {
                name = UnitName.WithInstance(name, Expand(unit, instance))!;
                if (search.Find(name).Kind != UnitFileKind.Regular) return;
            }
            else
            {
                // The instance comes from the unit that wants it, so that has to have one.
                needsInstance = true;
            }
        }

        foreach (var dependent in dependents)
        {
            var target = Expand(unit, dependent);
            var targetKind = UnitName.Classify(target);
            if (targetKind == UnitNameKind.Invalid || (needsInstance && targetKind == UnitNameKind.Plain)) continue;
            Set($"{_folder}/{target}.{kind}/{name}", unit.Path, force: true);
        }
    }

    private void Set(string path, string unitPath, bool force)
    {
        ByteString target = "/" + unitPath;
        switch (_builder.Find(path))
        {
            case null:
                break;
            case SymbolicLink existing when IsSame(path, existing, unitPath):
                return;
            case SymbolicLink existing when force || tree.Resolve(End(path, existing)) is null:
                break;
            default:
                // A file, or an alias that leads to another unit: what the image was given stands.
                return;
        }

        // A folder of links may itself be a link or a file: then there is nothing to put into.
        var folder = path[..path.LastIndexOf('/')];
        if (_builder.Find(folder) is not (null or DirectoryNode)) return;
        _builder.Set(path, new SymbolicLink(new FileMetadata(0x1ff), target));
    }

    private bool IsSame(string path, SymbolicLink existing, string unitPath)
    {
        var target = search.TargetOf(path, existing);
        return target == unitPath || (tree.Resolve(target) is { } found && found.Path == unitPath)
            || (search.Contains(target) && search.Contains(unitPath) && target[(target.LastIndexOf('/') + 1)..] == unitPath[(unitPath.LastIndexOf('/') + 1)..]);
    }

    /// <summary>Where a link ends, also where nothing is there.</summary>
    private string End(string path, SymbolicLink link)
    {
        var target = search.TargetOf(path, link);
        return tree.Resolve(target)?.Path.ToString() ?? target;
    }

    private IEnumerable<(string Path, SymbolicLink Link)> Links()
    {
        if (tree.Find(_folder) is not DirectoryNode root) return [];
        return Below(_folder, root);

        static IEnumerable<(string Path, SymbolicLink Link)> Below(string folder, DirectoryNode directory)
        {
            foreach (var (name, node) in directory.Entries)
            {
                if (!name.TryGetText(out var text)) continue;
                if (node is SymbolicLink link && UnitName.IsValid(text)) yield return ($"{folder}/{text}", link);
                if (node is not DirectoryNode child) continue;
                foreach (var item in Below($"{folder}/{text}", child)) yield return item;
            }
        }
    }

    private void RemoveEmptyFolders(string path)
    {
        for (var slash = path.LastIndexOf('/'); slash > _folder.Length; slash = path.LastIndexOf('/'))
        {
            path = path[..slash];
            if (_builder.Find(path) is not DirectoryNode { Entries.Count: 0 }) return;
            _builder.Remove(path);
        }
    }
}
