using Roos.Core;
using Roos.Core.Bytes;

namespace Roos.Initrd.Modules;

/// <summary>
/// What a kernel module file says about itself: its .modinfo section, the symbols it exports and those it needs.
/// Source: MODULE_INFO in include/linux/module.h of the kernel; which symbols count: libkmod of kmod 34.
/// </summary>
internal sealed class KernelModule
{
    /// <summary>More than any module has unpacked; a file that claims more is refused.</summary>
    private const long MaximumSize = 512 << 20;

    private KernelModule(string path, ElfSections elf)
    {
        Path = path;
        Name = ModuleName.FromPath(path);
        foreach (var entry in elf.Strings(".modinfo"))
        {
            var equals = entry.IndexOf('=', StringComparison.Ordinal);
            if (equals < 0) continue;
            var value = entry[(equals + 1)..];
            switch (entry[..equals])
            {
                case "alias":
                    Aliases.Add(value);
                    break;
                case "softdep":
                    SoftDependencies.Add(value);
                    break;
                case "weakdep":
                    WeakDependencies.Add(value);
                    break;
                case "firmware":
                    Firmware.Add(value);
                    break;
                case "depends":
                    Dependencies.AddRange(value.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(ModuleName.Normalise));
                    break;
            }
        }

        ReadSymbols(elf);
    }

    /// <summary>From the module folder on: kernel/fs/erofs/erofs.ko.xz.</summary>
    public string Path { get; }

    /// <summary>With underscores.</summary>
    public string Name { get; }

    /// <summary>Patterns of device ids and other names, as the module has them.</summary>
    public List<string> Aliases { get; } = [];

    /// <summary>Lines like "pre: a b post: c".</summary>
    public List<string> SoftDependencies { get; } = [];

    /// <summary>Lines of names.</summary>
    public List<string> WeakDependencies { get; } = [];

    /// <summary>Paths in /usr/lib/firmware, possibly globs.</summary>
    public List<string> Firmware { get; } = [];

    /// <summary>Names of the modules without which it does not load.</summary>
    public List<string> Dependencies { get; } = [];

    /// <summary>Symbols that other modules may use.</summary>
    public List<string> ExportedSymbols { get; } = [];

    /// <summary>Symbols of the kernel or other modules, in the order in which depmod sees them.</summary>
    public List<string> RequiredSymbols { get; } = [];

    /// <param name="path">From the module folder on; says how it is named in messages and indexes.</param>
    /// <param name="content">The file, plain or compressed (gzip, xz, Zstandard).</param>
    /// <exception cref="DamagedInputException">It is no module.</exception>
    public static KernelModule Read(string path, ByteSource content) => new(path, new ElfSections(ModuleBytes.Read(content, path, MaximumSize), path));

    private void ReadSymbols(ElfSections elf)
    {
        const string checksumPrefix = "__crc_";
        var required = new HashSet<string>();
        foreach (var symbol in elf.Symbols())
        {
            if (symbol.Name.StartsWith(checksumPrefix, StringComparison.Ordinal)) ExportedSymbols.Add(symbol.Name[checksumPrefix.Length..]);
            if (symbol is { IsUndefined: true, Name.Length: > 0 } && required.Add(symbol.Name)) RequiredSymbols.Add(symbol.Name);
        }

        // Kernels without symbol versions have no checksums but the names all the same.
        if (ExportedSymbols.Count == 0) ExportedSymbols.AddRange(elf.Strings("__ksymtab_strings"));
        foreach (var name in elf.Versions())
        {
            if (name.Length > 0 && required.Add(name)) RequiredSymbols.Add(name);
        }
    }
}
