namespace Roos.Builder.Configuration;

/// <summary>How the text of a setting is read.</summary>
public enum SettingKind
{
    /// <summary>One line of text.</summary>
    Text,

    /// <summary>yes or no in systemd's spellings.</summary>
    Boolean,

    /// <summary>yes, no or auto; canonical: enabled, disabled, auto.</summary>
    Feature,

    /// <summary>One of the definition's choices; where these include a yes and a no, booleans are understood.</summary>
    Choice,

    /// <summary>A list of choices, separated by white space or commas.</summary>
    Choices,

    /// <summary>A name without a slash.</summary>
    FileName,

    /// <summary>A path, relative to the folder of the configuration file.</summary>
    Path,

    Uuid,

    /// <summary>A whole number that is not negative.</summary>
    Integer,

    /// <summary>Bytes, with K, M, G; rounded up to 4096.</summary>
    Size,

    /// <summary>An access mode in octal digits.</summary>
    Mode,

    /// <summary>A list separated by white space or commas.</summary>
    Words,

    /// <summary>A list separated by white space.</summary>
    Arguments,

    /// <summary>A list of paths, separated by white space or commas.</summary>
    Paths,

    /// <summary>A list of SOURCE or SOURCE:TARGET.</summary>
    Trees,

    /// <summary>KEY=VALUE, quoted as in a shell; a later value of a key replaces the earlier.</summary>
    Assignments,
}

/// <summary>Which images a setting reaches, as mkosi defines it.</summary>
public enum SettingScope
{
    /// <summary>Only the image whose configuration has it.</summary>
    Local,

    /// <summary>Set in the main image; sub-images get it and cannot set it.</summary>
    Universal,

    /// <summary>As universal, and the tools tree gets it too.</summary>
    Multiversal,

    /// <summary>Sub-images get it from the main image and may set it themselves.</summary>
    Inherit,

    /// <summary>Only the main image has it.</summary>
    Main,

    /// <summary>Set in the main image, meant for the tools tree.</summary>
    Tools,

    /// <summary>Set in the main image, meant for the default initrd.</summary>
    Initrd,

    /// <summary>Local, but the default initrd gets it from the main image.</summary>
    InitrdInherit,
}

/// <summary>What Roos does with a setting of mkosi.</summary>
public enum SettingEffect
{
    Supported,

    /// <summary>It only matters to mkosi's own machinery; accepted with a note.</summary>
    None,

    /// <summary>It would change the result and Roos cannot do it: a build stops.</summary>
    NotYet,
}

/// <summary>One setting of the configuration language.</summary>
public sealed record SettingDefinition(string Name, string Section, SettingKind Kind)
{
    public SettingScope Scope { get; init; }

    public SettingEffect Effect { get; init; }

    /// <summary>Why it has no effect, or what to do instead.</summary>
    public string Remark { get; init; } = "";

    /// <summary>The values of a choice, in their canonical spelling.</summary>
    public IReadOnlyList<string> Choices { get; init; } = [];

    /// <summary>Those values that Roos can do, when it cannot do all.</summary>
    public IReadOnlyList<string>? Works { get; init; }

    /// <summary>What a boolean stands for in a choice.</summary>
    public (string Yes, string No)? Boolean { get; init; }

    /// <summary>Other spellings of choices.</summary>
    public IReadOnlyDictionary<string, string> Synonyms { get; init; } = new Dictionary<string, string>();

    public string? Default { get; init; }

    /// <summary>May stand in [Match].</summary>
    public bool CanMatch { get; init; }

    /// <summary>The letter that stands for its value in other settings.</summary>
    public char? Specifier { get; init; }

    /// <summary>Files and folders that are its value when they exist: <c>extra</c> for mkosi.extra.</summary>
    public IReadOnlyList<string> PickedUp { get; init; } = [];

    /// <summary>The picked-up file holds the value instead of being it.</summary>
    public bool PickedUpText { get; init; }

    /// <summary>A path that does not exist is an error.</summary>
    public bool MustExist { get; init; }

    /// <summary>The list is kept sorted: names, then paths.</summary>
    public bool Sorted { get; init; }

    /// <summary>An image gets the base trees' values: lists before its own, single values unless it has its own.</summary>
    public bool FromBase { get; init; }

    public IReadOnlyList<string> OldNames { get; init; } = [];

    /// <summary>The option of the command line.</summary>
    public string Option { get; init; } = DefaultOption(Name);

    public string? ShortOption { get; init; }

    /// <summary>What --help says; options without it are not listed there.</summary>
    public string? Help { get; init; }

    public bool IsList => Kind is SettingKind.Choices or SettingKind.Words or SettingKind.Arguments or SettingKind.Paths or SettingKind.Trees or SettingKind.Assignments;

    public bool IsPath => Kind is SettingKind.Path or SettingKind.Paths or SettingKind.Trees;

    /// <summary>An empty assignment leaves it empty; other kinds fall back to the default.</summary>
    public bool CanBeEmpty => IsList || Kind is SettingKind.Text or SettingKind.FileName or SettingKind.Path;

    /// <summary>The problem that stops a build when the setting has this value, or null.</summary>
    public string? Obstacle(string value)
    {
        if (Works is not null)
            return Works.Contains(value) ? null : $"{Name}={value} is not supported yet{(Works.Count > 0 ? $" (supported: {string.Join(", ", Works)})" : "")}{Tail}";
        if (Effect != SettingEffect.NotYet || value.Length == 0 || value == Default || value is "no" or "auto" or "none" or "disabled" or "never") return null;
        return $"{Name}= is not supported yet{Tail}";
    }

    private string Tail => Remark.Length == 0 ? "" : $"; {Remark}";

    private static string DefaultOption(string name)
    {
        var text = new System.Text.StringBuilder("-");
        for (var i = 0; i < name.Length; i++)
        {
            if (char.IsAsciiLetterUpper(name[i]) && (i == 0 || !char.IsAsciiLetterUpper(name[i - 1]))) text.Append('-');
            text.Append(char.ToLowerInvariant(name[i]));
        }

        return text.ToString();
    }
}
