using Roos.Core;

namespace Roos.Uki;

/// <summary>The text of a <c>.profile</c> section: <c>ID=</c> and <c>TITLE=</c> as in os-release.</summary>
internal static class ProfileText
{
    private const string NotInTitles = "\"\\$`";

    /// <exception cref="RoosException">The ID or the title has characters that systemd-boot or bootctl would read differently.</exception>
    public static string For(UkiProfileName name)
    {
        if (name.Id.Length == 0 || !name.Id.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.'))
            throw new RoosException($"the ID of a UKI profile has letters, digits, '-', '_' and '.' only; found \"{name.Id}\"");
        if (name.Title is not { } title) return "ID=" + name.Id; // no newline: as ukify writes the base's by itself
        if (title.Any(c => char.IsControl(c) || NotInTitles.Contains(c, StringComparison.Ordinal)))
            throw new RoosException($"the title of the UKI profile {name.Id} must not have control characters or one of {NotInTitles}; found \"{title}\"");
        return $"ID={name.Id}\nTITLE=\"{title}\"\n";
    }
}
