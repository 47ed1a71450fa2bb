using System.Text;
using Roos.Core.Identity;

namespace Roos.Builder.Updates;

/// <summary>
/// A pattern of sysupdate.d(5): text with wildcards such as <c>@v</c>. A wildcard reaches to the first place where the text
/// behind it stands, as in systemd-sysupdate 257 (pattern_match()).
/// </summary>
internal sealed class SysupdatePattern
{
    private const string Wildcards = "vufaIgrtmsdlh";

    private readonly List<(char Wildcard, string Text)> _elements;

    private SysupdatePattern(string text, List<(char Wildcard, string Text)> elements) => (Text, _elements) = (text, elements);

    public string Text { get; }

    public bool Has(char wildcard) => _elements.Any(element => element.Wildcard == wildcard);

    /// <summary>Reads a pattern; what is wrong with it in <paramref name="problem"/>.</summary>
    public static SysupdatePattern? Parse(string text, out string? problem)
    {
        problem = null;
        var elements = new List<(char Wildcard, string Text)>();
        var literal = new StringBuilder();
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != '@')
            {
                literal.Append(text[i]);
                continue;
            }

            if (++i == text.Length) return Fail("an @ begins a wildcard; write @@ for one @", out problem);
            if (text[i] == '@')
            {
                literal.Append('@');
                continue;
            }

            var wildcard = text[i];
            if (!Wildcards.Contains(wildcard, StringComparison.Ordinal)) return Fail($"@{wildcard} is no wildcard; known are {string.Join(' ', Wildcards.Select(c => $"@{c}"))}", out problem);
            if (elements.Exists(element => element.Wildcard == wildcard)) return Fail($"@{wildcard} stands in it twice", out problem);
            if (literal.Length == 0 && elements.Count > 0) return Fail($"there must be text between @{elements[^1].Wildcard} and @{wildcard}", out problem);
            Flush();
            elements.Add((wildcard, ""));
        }

        Flush();
        if (!elements.Exists(element => element.Wildcard == 'v')) return Fail("it must have @v, the version", out problem);
        return new SysupdatePattern(text, elements);

        void Flush()
        {
            if (literal.Length > 0) elements.Add(('\0', literal.ToString()));
            literal.Clear();
        }

        static SysupdatePattern? Fail(string what, out string problem)
        {
            problem = what;
            return null;
        }
    }

    /// <summary>The name for a version and a partition; null where the pattern wants more than these.</summary>
    public string? Format(string version, Uuid? uuid)
    {
        var result = new StringBuilder();
        foreach (var (wildcard, text) in _elements)
        {
            switch (wildcard)
            {
                case '\0': result.Append(text); break;
                case 'v': result.Append(version); break;
                case 'u' when uuid is { } id: result.Append(id.ToHex()); break;
                default: return null;
            }
        }

        return result.ToString();
    }

    /// <summary>The version and the UUID in a name; null where it does not match.</summary>
    public (string Version, Uuid? Uuid)? Match(string name)
    {
        var rest = name.AsSpan();
        var version = "";
        Uuid? uuid = null;
        for (var i = 0; i < _elements.Count; i++)
        {
            var (wildcard, text) = _elements[i];
            if (wildcard == '\0')
            {
                if (!rest.StartsWith(text, StringComparison.Ordinal)) return null;
                rest = rest[text.Length..];
                continue;
            }

            var end = i + 1 < _elements.Count ? rest.IndexOf(_elements[i + 1].Text, StringComparison.Ordinal) : rest.Length;
            if (end < 0) return null;
            var value = rest[..end].ToString();
            rest = rest[end..];
            if (wildcard == 'v')
            {
                if (!ImageVersionRules.IsValid(value)) return null;
                version = value;
            }
            else if (wildcard == 'u')
            {
                if (!Uuid.TryParse(value.Length == 32 ? $"{value[..8]}-{value[8..12]}-{value[12..16]}-{value[16..20]}-{value[20..]}" : value, out var parsed)) return null;
                uuid = parsed;
            }
            else if (value.Length == 0)
            {
                return null;
            }
        }

        return rest.IsEmpty ? (version, uuid) : null;
    }
}
