using Roos.Core;
using Roos.Core.Bytes;
using Roos.Core.Tree;

namespace Roos.Initrd.Modules;

/// <summary>The folder usr/lib/modules/VERSION of a tree: which module files are there and which modules the kernel has built in.</summary>
internal sealed class ModuleFolder
{
    /// <summary>As depmod: usual links to kernel sources, which are no place for modules.</summary>
    private static readonly string[] Skipped = ["build", "source"];

    private ModuleFolder(DirectoryNode directory, FileTree tree)
    {
        Directory = directory;
        Tree = tree;
        var byName = new SortedDictionary<string, (string Path, RegularFile File)>(StringComparer.Ordinal);
        foreach (var (path, node) in tree.Walk())
        {
            if (node is not RegularFile file) continue;
            var text = ModuleName.Text(path);
            var slash = text.LastIndexOf('/');
            if (!ModuleName.IsModuleFile(text[(slash + 1)..])) continue;
            if (Skipped.Any(name => text.StartsWith(name + "/", StringComparison.Ordinal))) continue;

            // Of two files for one module depmod takes the one in updates/, which it searches first; else the first in byte order.
            var module = ModuleName.FromPath(text);
            if (!byName.TryGetValue(module, out var other) || (IsUpdate(text) && !IsUpdate(other.Path))) byName[module] = (text, file);
        }

        Files = byName;
        BuiltIn = [.. Lines("modules.builtin").Select(ModuleName.FromPath).Where(name => name.Length > 0)];
    }

    public DirectoryNode Directory { get; }

    /// <summary>The folder as a tree of its own.</summary>
    public FileTree Tree { get; }

    /// <summary>Module name to its file and its path from the folder on.</summary>
    public SortedDictionary<string, (string Path, RegularFile File)> Files { get; }

    /// <summary>Names of the modules that are part of the kernel image.</summary>
    public HashSet<string> BuiltIn { get; }

    /// <exception cref="RoosException">There are no modules for this version.</exception>
    public static ModuleFolder Open(FileTree root, string kernelVersion)
    {
        var path = Path(kernelVersion);
        if (root.Resolve(path)?.Node is DirectoryNode directory) return new ModuleFolder(directory, new FileTree(directory));
        var versions = root.Resolve("usr/lib/modules"u8)?.Node is DirectoryNode modules ? string.Join(", ", modules.Entries.Keys) : "";
        throw new RoosException($"the tree must have kernel modules in {path} and has {(versions.Length == 0 ? "none for any kernel: install a kernel package" : "them for " + versions + ": choose one of these kernels")}");
    }

    public static ByteString Path(string kernelVersion)
    {
        if (kernelVersion.Length == 0 || kernelVersion.Contains('/', StringComparison.Ordinal) || kernelVersion is "." or "..")
        {
            throw new RoosException($"a kernel version must be the name of a folder in usr/lib/modules and is \"{kernelVersion}\"");
        }

        return TreePath.Join("usr/lib/modules"u8, kernelVersion);
    }

    /// <summary>The lines of a text file of the folder, or none.</summary>
    public IEnumerable<string> Lines(string name) => Text(name).Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>A file of the folder, or nothing.</summary>
    public string Text(string name) => Tree.FindFile(name) is { } file ? ModuleName.Text(file.Content.ToArray()) : "";

    /// <summary>modules.builtin.modinfo: what the modules in the kernel image say about themselves, NAME.KEY=VALUE each.</summary>
    public IEnumerable<(string Module, string Key, string Value)> BuiltInInformation()
    {
        foreach (var entry in Text("modules.builtin.modinfo").Split('\0', StringSplitOptions.RemoveEmptyEntries))
        {
            var dot = entry.IndexOf('.', StringComparison.Ordinal);
            var equals = entry.IndexOf('=', dot + 1);
            if (dot > 0 && equals > dot) yield return (entry[..dot], entry[(dot + 1)..equals], entry[(equals + 1)..]);
        }
    }

    private static bool IsUpdate(string path) => path.StartsWith("updates/", StringComparison.Ordinal);
}
