using System.Text;

namespace Roos.Builder.Configuration;

/// <summary>The two ways in which files of this family continue a value on the next line.</summary>
public enum IniDialect
{
    /// <summary>
    /// mkosi.conf, mkosi.uki-profiles/*.conf: an indented line belongs to the value above it; <c>#</c> begins a comment anywhere
    /// in a line (<c>parse_ini()</c> of mkosi's config.py).
    /// </summary>
    Mkosi,

    /// <summary>
    /// Units, repart.d, sysupdate.d: a line that ends in a backslash goes on in the next, joined by a space; comments are whole
    /// lines that begin with <c>#</c> or <c>;</c>, also between continued lines (systemd.syntax(7)).
    /// </summary>
    Systemd,
}

/// <summary>One line of a value, trimmed, and where its first character stands.</summary>
public sealed record IniValueLine(string Text, SourceLocation Location);

/// <summary>
/// One assignment. The same key may come several times in a section; what that means is the reader's business.
/// The first of the lines is what follows the equals sign, and often empty in mkosi's files.
/// </summary>
public sealed record IniEntry(string Section, string Key, SourceLocation KeyLocation, IniDialect Dialect, IReadOnlyList<IniValueLine> Lines)
{
    /// <summary>The whole value: lines joined by a line feed (mkosi) or by a space (systemd). Empty means: reset.</summary>
    public string Value { get; } = string.Join(Dialect == IniDialect.Mkosi ? '\n' : ' ', Lines.Select(line => line.Text));

    /// <summary>Where the value begins: at its first line that is not empty, or behind the equals sign.</summary>
    public SourceLocation ValueLocation => (Lines.FirstOrDefault(line => line.Text.Length > 0) ?? Lines[0]).Location;

    /// <summary>Nothing was assigned, which resets a list.</summary>
    public bool IsEmpty => Lines.All(line => line.Text.Length == 0);
}

/// <summary>One section as it stands in the file; a name may occur more than once.</summary>
public sealed record IniSection(string Name, SourceLocation Location, IReadOnlyList<IniEntry> Entries)
{
    /// <summary>The last assignment of a key, or null.</summary>
    public IniEntry? Last(string key) => Entries.LastOrDefault(entry => entry.Key == key);
}

/// <summary>
/// A file of sections and assignments in mkosi's or systemd's dialect, with the place of every name and value.
/// It knows nothing of what the keys mean.
/// </summary>
public sealed record IniFile(string Path, IReadOnlyList<IniSection> Sections)
{
    /// <summary>Configuration is written by people; a file above this size is something else.</summary>
    public const int LargestFile = 4 << 20;

    /// <summary>All assignments in the order of the file.</summary>
    public IEnumerable<IniEntry> Entries => Sections.SelectMany(section => section.Entries);

    public IEnumerable<IniSection> SectionsNamed(string name) => Sections.Where(section => section.Name == name);

    /// <summary>Reads a file of the host: <paramref name="file"/> if given, else <paramref name="path"/>, which is the name that errors show.</summary>
    /// <exception cref="ConfigurationException">The file breaks the rules of the dialect or is no UTF-8 text.</exception>
    public static IniFile Load(string path, IniDialect dialect = IniDialect.Mkosi, string? file = null)
    {
        file ??= path;
        if (new FileInfo(file).Length > LargestFile)
            throw new UsageException($"{path}: a configuration file has at most {LargestFile >> 20} MiB; this one has {new FileInfo(file).Length} bytes");
        return Parse(path, File.ReadAllBytes(file), dialect);
    }

    /// <summary>Reads the bytes of a file: UTF-8, with or without a byte order mark.</summary>
    /// <exception cref="ConfigurationException">The bytes break the rules of the dialect or are no UTF-8 text.</exception>
    public static IniFile Parse(string path, ReadOnlySpan<byte> bytes, IniDialect dialect = IniDialect.Mkosi)
    {
        if (System.Text.Unicode.Utf8.IsValid(bytes)) return Parse(path, Encoding.UTF8.GetString(bytes), dialect);
        var text = Encoding.UTF8.GetString(bytes);
        var bad = Math.Max(0, text.IndexOf('\uFFFD', StringComparison.Ordinal));
        throw At(path, text, bad).Error("a configuration file is UTF-8 text; these bytes are not");
    }

    /// <summary>Reads text. Line ends may be LF, CR LF or CR; a byte order mark is skipped.</summary>
    /// <exception cref="ConfigurationException">The text breaks the rules of the dialect.</exception>
    public static IniFile Parse(string path, string text, IniDialect dialect = IniDialect.Mkosi)
    {
        if (text.StartsWith('\uFEFF')) text = text[1..];
        if (text.IndexOf('\0', StringComparison.Ordinal) is >= 0 and var zero)
            throw At(path, text, zero).Error("a configuration file is text; here is a NUL byte");
        return new IniParser(path, dialect).Parse(text);
    }

    private static SourceLocation At(string path, string text, int index)
    {
        var before = text.AsSpan(0, index);
        var start = before.LastIndexOf('\n') + 1;
        var end = text.IndexOf('\n', index);
        return new SourceLocation(path, before.Count('\n') + 1, index - start + 1, text[start..(end < 0 ? text.Length : end)]);
    }
}
