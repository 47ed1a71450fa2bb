namespace Roos.Builder.Configuration;

/// <summary>Where a value came from: a place in a file, a file that was picked up by its name, the command line, or a default.</summary>
public sealed record SettingOrigin(string Name, SourceLocation? Location = null)
{
    public static SettingOrigin Default { get; } = new("default");

    /// <summary>Nobody assigned the value.</summary>
    public bool IsDefault => this == Default;

    public static SettingOrigin CommandLine(string option) => new($"command line ({option})");

    public static SettingOrigin Environment(string variable) => new($"environment ({variable})");

    public static SettingOrigin At(SourceLocation location) => new(location.ToString(), location);

    /// <summary>A mistake in what came from here.</summary>
    public UsageException Error(string problem) => Location?.Error(problem) ?? new UsageException($"{Name}: {problem}");

    public override string ToString() => Name;
}

/// <summary>A value and where it came from.</summary>
public sealed record Setting<T>(T Value, SettingOrigin Origin)
{
    public override string ToString() => $"{Value}";
}

/// <summary>
/// What a setting is made of, in its canonical text: one item for a scalar, any number for a list; no items when it was reset
/// or nobody set it. The origin is that of the last assignment; each item has its own.
/// </summary>
public sealed record SettingValue(IReadOnlyList<Setting<string>> Items, SettingOrigin Origin)
{
    public static SettingValue Unset { get; } = new([], SettingOrigin.Default);

    public string? Text => Items.Count == 0 ? null : Items[^1].Value;

    public static SettingValue Of(string text, SettingOrigin origin) => new([new Setting<string>(text, origin)], origin);
}
