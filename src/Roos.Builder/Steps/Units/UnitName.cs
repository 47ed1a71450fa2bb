namespace Roos.Builder.Steps.Units;

/// <summary>What kind of name a unit's file name is.</summary>
internal enum UnitNameKind
{
    Invalid,
    Plain,
    Template,
    Instance,
}

/// <summary>Names of systemd units: <c>prefix.type</c>, <c>prefix@.type</c>, <c>prefix@instance.type</c> (systemd.unit(5), unit-name.c).</summary>
internal static class UnitName
{
    private const int MaximumLength = 255;

    private static readonly HashSet<string> Types = ["service", "socket", "target", "device", "mount", "automount", "swap", "timer", "path", "slice", "scope"];

    public static UnitNameKind Classify(string name)
    {
        var dot = name.LastIndexOf('.');
        if (name.Length > MaximumLength || dot <= 0 || !Types.Contains(name[(dot + 1)..])) return UnitNameKind.Invalid;
        foreach (var c in name.AsSpan(0, dot))
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not (':' or '-' or '_' or '.' or '\\' or '@')) return UnitNameKind.Invalid;
        }

        return name.AsSpan(0, dot).IndexOf('@') switch
        {
            < 0 => UnitNameKind.Plain,
            0 => UnitNameKind.Invalid,
            var at => at + 1 == dot ? UnitNameKind.Template : UnitNameKind.Instance,
        };
    }

    public static bool IsValid(string name) => Classify(name) != UnitNameKind.Invalid;

    /// <summary>service, socket ...</summary>
    public static string Type(string name) => name[(name.LastIndexOf('.') + 1)..];

    public static bool MayAlias(string name) => Type(name) is "service" or "socket" or "target" or "device" or "timer" or "path";

    public static bool MayBeTemplate(string name) => Type(name) is "service" or "socket" or "target" or "timer" or "path";

    /// <summary>What stands before the @ or the type.</summary>
    public static string Prefix(string name)
    {
        var at = name.IndexOf('@', StringComparison.Ordinal);
        return name[..(at < 0 ? name.LastIndexOf('.') : at)];
    }

    /// <summary>What stands between the @ and the type; empty for a template and a plain name.</summary>
    public static string Instance(string name)
    {
        var at = name.IndexOf('@', StringComparison.Ordinal);
        return at < 0 ? "" : name[(at + 1)..name.LastIndexOf('.')];
    }

    /// <summary><c>foo@.service</c> of <c>foo@bar.service</c>; null for a plain name.</summary>
    public static string? Template(string name) => WithInstance(name, "");

    /// <summary>The name with another instance; null for a plain name.</summary>
    public static string? WithInstance(string name, string instance)
    {
        var at = name.IndexOf('@', StringComparison.Ordinal);
        return at < 0 ? null : string.Concat(name.AsSpan(0, at + 1), instance, name.AsSpan(name.LastIndexOf('.')));
    }
}
