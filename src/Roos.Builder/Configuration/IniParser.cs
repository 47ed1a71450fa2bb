namespace Roos.Builder.Configuration;

/// <summary>The line reader behind <see cref="IniFile"/>.</summary>
internal sealed class IniParser(string path, IniDialect dialect)
{
    private readonly List<IniSection> _sections = [];
    private List<IniEntry>? _entries;
    private string _key = "";
    private SourceLocation? _keyLocation;
    private List<IniValueLine> _value = [];
    private bool _continued;

    public IniFile Parse(string text)
    {
        var lines = text.ReplaceLineEndings("\n").Split('\n');
        var margin = dialect == IniDialect.Mkosi ? CommonMargin(lines) : 0;
        for (var i = 0; i < lines.Length; i++)
        {
            if (dialect == IniDialect.Mkosi) ReadMkosiLine(lines[i], i + 1, margin);
            else ReadSystemdLine(lines[i], i + 1);
        }

        FinishEntry();
        return new IniFile(path, _sections);
    }

    /// <summary>mkosi dedents a file before it looks at indentation, so a file may be indented as a whole.</summary>
    private static int CommonMargin(string[] lines)
    {
        string? margin = null;
        foreach (var line in lines)
        {
            var indent = line.Length - line.TrimStart().Length;
            if (indent == line.Length) continue;
            if (margin is null) margin = line[..indent];
            else
            {
                var common = margin.AsSpan().CommonPrefixLength(line.AsSpan(0, indent));
                margin = margin[..common];
            }
        }

        return margin?.Length ?? 0;
    }

    private void ReadMkosiLine(string whole, int number, int margin)
    {
        var comment = whole.IndexOf('#', StringComparison.Ordinal);
        var line = comment < 0 ? whole : whole[..comment];
        if (line.AsSpan().Trim().IsEmpty) return;
        var start = line.Length - line.TrimStart().Length;
        var location = new SourceLocation(path, number, start + 1, whole);
        if (start > margin && _keyLocation is not null)
        {
            _value.Add(new IniValueLine(line.Trim(), location));
            return;
        }

        // mkosi has no such comment; it would call the line a setting that nobody knows.
        if (line[start] == ';') return;
        ReadStatement(line.Trim(), location);
    }

    private void ReadSystemdLine(string whole, int number)
    {
        var line = whole.Trim();
        if (line.Length > 0 && line[0] is '#' or ';') return;
        if (line.Length == 0)
        {
            _continued = false;
            return;
        }

        var location = new SourceLocation(path, number, whole.Length - whole.TrimStart().Length + 1, whole);
        var goesOn = line[^1] == '\\';
        if (goesOn) line = line[..^1].TrimEnd();
        if (_continued) _value.Add(new IniValueLine(line, location));
        else ReadStatement(line, location);
        _continued = goesOn && _keyLocation is not null;
    }

    private void ReadStatement(string line, SourceLocation location)
    {
        FinishEntry();
        if (line.StartsWith('[')) BeginSection(line, location);
        else BeginEntry(line, location);
    }

    private void BeginSection(string line, SourceLocation location)
    {
        if (!line.EndsWith(']')) throw location.Error("a section is written [Name]; its closing bracket is missing");
        var name = line[1..^1].Trim();
        if (name.Length == 0) throw location.Error("a section needs a name between its brackets");
        _entries = [];
        _sections.Add(new IniSection(name, location, _entries));
    }

    private void BeginEntry(string line, SourceLocation location)
    {
        var equals = line.IndexOf('=', StringComparison.Ordinal);
        if (equals < 0) throw location.Error($"a line is [Section] or Key=Value; this one has no equals sign{ContinuationHint()}");
        if (equals == 0) throw location.Error("the name of the setting is missing before the equals sign");
        if (_entries is null) throw location.Error("a setting must stand in a section; write the [Section] above it");
        var value = line[(equals + 1)..];
        var indent = value.Length - value.TrimStart().Length;
        _key = line[..equals].TrimEnd();
        _keyLocation = location;
        _value = [new IniValueLine(value.Trim(), location.Shift(equals + 1 + indent))];
    }

    private string ContinuationHint() => (dialect, _entries) switch
    {
        (_, null) => "",
        (IniDialect.Mkosi, _) => " (indent it if it belongs to the value above)",
        _ => " (end the line above with a backslash if it belongs to its value)",
    };

    private void FinishEntry()
    {
        if (_keyLocation is not null) _entries!.Add(new IniEntry(_sections[^1].Name, _key, _keyLocation, dialect, _value));
        _keyLocation = null;
    }
}
