using System.Buffers.Binary;
using Roos.Core;

namespace Roos.Initrd.Modules;

/// <summary>
/// The sections of an ELF file in memory, by name: 32 and 64 bits, both byte orders. Source: elf(5), System V ABI chapter 4.
/// Every offset is checked; a file that lies gives a <see cref="DamagedInputException"/>.
/// </summary>
internal sealed class ElfSections
{
    private readonly byte[] _file;
    private readonly string _place;
    private readonly bool _is64;
    private readonly bool _isBigEndian;
    private readonly Dictionary<string, ReadOnlyMemory<byte>> _sections = [];

    /// <param name="file">The whole file.</param>
    /// <param name="place">Its name, for messages.</param>
    public ElfSections(byte[] file, string place)
    {
        _file = file;
        _place = place;
        if (file.Length < 52 || !file.AsSpan().StartsWith("\x7f"u8) || !file.AsSpan(1).StartsWith("ELF"u8)) throw Damaged("it does not begin with an ELF header");
        _is64 = file[4] switch { 1 => false, 2 => true, _ => throw Damaged($"its class (EI_CLASS) is {file[4]}") };
        _isBigEndian = file[5] switch { 1 => false, 2 => true, _ => throw Damaged($"its byte order (EI_DATA) is {file[5]}") };

        // e_shoff, e_shentsize, e_shnum, e_shstrndx
        var tableOffset = _is64 ? Number(40, 8) : Number(32, 4);
        var entrySize = Number(_is64 ? 58 : 46, 2);
        var count = Number(_is64 ? 60 : 48, 2);
        var namesIndex = Number(_is64 ? 62 : 50, 2);
        if (entrySize != (_is64 ? 64u : 40u)) throw Damaged($"its section headers have {entrySize} bytes");
        if (tableOffset > (ulong)file.Length || count * entrySize > (ulong)file.Length - tableOffset) throw Damaged("its section headers are not within it");
        if (namesIndex >= count) throw Damaged("its section names are missing");

        var names = Section(tableOffset + (namesIndex * entrySize)).Data;
        for (ulong i = 0; i < count; i++)
        {
            var (nameOffset, data) = Section(tableOffset + (i * entrySize));
            _sections.TryAdd(StringAt(names.Span, nameOffset), data);
        }
    }

    /// <summary>What a symbol table entry says, as far as modules need it.</summary>
    public readonly record struct Symbol(string Name, bool IsUndefined);

    /// <summary>The bytes of a section, or null.</summary>
    public ReadOnlyMemory<byte>? Find(string name) => _sections.TryGetValue(name, out var data) ? data : null;

    /// <summary>The entries of .symtab but the first, which is reserved.</summary>
    public IEnumerable<Symbol> Symbols()
    {
        if (Find(".symtab") is not { } table || Find(".strtab") is not { } strings) yield break;
        var size = _is64 ? 24 : 16;
        if (table.Length % size != 0) throw Damaged($"its symbol table has {table.Length} bytes");
        for (var at = size; at < table.Length; at += size)
        {
            var entry = table.Slice(at, size);
            var name = StringAt(strings.Span, Number(entry.Span[..4])); // st_name
            var section = Number(entry.Span.Slice(_is64 ? 6 : 14, 2)); // st_shndx
            yield return new Symbol(name, section == 0);
        }
    }

    /// <summary>The names in __versions: entries of 64 bytes that begin with a checksum as wide as the machine's words.</summary>
    public IEnumerable<string> Versions()
    {
        if (Find("__versions") is not { } table) yield break;
        var checksum = _is64 ? 8 : 4;
        for (var at = 0; at + 64 <= table.Length; at += 64) yield return StringAt(table.Span.Slice(at + checksum, 64 - checksum), 0);
    }

    /// <summary>The strings of a section of strings, empty ones left out.</summary>
    public IEnumerable<string> Strings(string section)
    {
        if (Find(section) is not { } data) yield break;
        var start = 0;
        for (var i = 0; i < data.Length; i++)
        {
            if (data.Span[i] != 0) continue;
            if (i > start) yield return ModuleName.Text(data.Span[start..i]);
            start = i + 1;
        }

        if (start < data.Length) yield return ModuleName.Text(data.Span[start..]);
    }

    private (ulong Name, ReadOnlyMemory<byte> Data) Section(ulong at)
    {
        var header = (int)at;
        var name = Number(header, 4); // sh_name
        var type = Number(header + 4, 4); // sh_type
        var offset = _is64 ? Number(header + 24, 8) : Number(header + 16, 4); // sh_offset
        var size = _is64 ? Number(header + 32, 8) : Number(header + 20, 4); // sh_size
        if (type is 0 or 8) return (name, default); // SHT_NULL, SHT_NOBITS: no bytes in the file
        if (offset > (ulong)_file.Length || size > (ulong)_file.Length - offset) throw Damaged("one of its sections is not within it");
        return (name, _file.AsMemory((int)offset, (int)size));
    }

    private string StringAt(ReadOnlySpan<byte> strings, ulong offset)
    {
        if (offset >= (ulong)strings.Length)
        {
            if (offset == 0) return "";
            throw Damaged("a name is not within its table of names");
        }

        var rest = strings[(int)offset..];
        var end = rest.IndexOf((byte)0);
        return ModuleName.Text(end < 0 ? rest : rest[..end]);
    }

    private ulong Number(int offset, int size)
    {
        if (offset > _file.Length - size) throw Damaged("it is cut off");
        return Number(_file.AsSpan(offset, size));
    }

    private ulong Number(ReadOnlySpan<byte> bytes) => (bytes.Length, _isBigEndian) switch
    {
        (2, false) => BinaryPrimitives.ReadUInt16LittleEndian(bytes),
        (2, true) => BinaryPrimitives.ReadUInt16BigEndian(bytes),
        (4, false) => BinaryPrimitives.ReadUInt32LittleEndian(bytes),
        (4, true) => BinaryPrimitives.ReadUInt32BigEndian(bytes),
        (_, false) => BinaryPrimitives.ReadUInt64LittleEndian(bytes),
        (_, true) => BinaryPrimitives.ReadUInt64BigEndian(bytes),
    };

    private DamagedInputException Damaged(string what) => new($"{_place} must be a kernel module (ELF) and is not: {what}; the file is damaged");
}
