using System.Collections.Immutable;
using Roos.Core;
using Roos.Core.Bytes;

namespace Roos.Uki;

/// <summary>A profile of an existing UKI, with what it shares with the base.</summary>
/// <param name="Index">0 is the base.</param>
/// <param name="Id">From <c>.profile</c>; null where the UKI has no profiles.</param>
/// <param name="Title">From <c>.profile</c>.</param>
/// <param name="Sections">What the stub uses when it starts this profile: the profile's own sections, then the base's that it does not override.</param>
public sealed record UkiProfileContent(int Index, string? Id, string? Title, ImmutableArray<PeSection> Sections)
{
    public string? CommandLine => Text(UkiSections.CommandLine);

    public string? OsRelease => Text(UkiSections.OsRelease);

    public string? KernelVersion => Text(UkiSections.KernelVersion);

    /// <summary>The text of a section without NULs and newlines at its end, or null where there is none.</summary>
    /// <exception cref="DamagedInputException">The section is not UTF-8 or too large for text.</exception>
    public string? Text(string name) => Sections.FirstOrDefault(section => section.Name == name) is { } section ? UkiReader.TextOf(section) : null;
}

/// <summary>The parts of an existing UKI.</summary>
/// <param name="Image">Headers and section table.</param>
/// <param name="Profiles">At least one, the base.</param>
public sealed record UkiContent(PeImage Image, ImmutableArray<UkiProfileContent> Profiles)
{
    /// <summary>Profile 0.</summary>
    public UkiProfileContent Base => Profiles[0];
}

/// <summary>
/// Reads UKIs of any maker. Profiles are cut as systemd-stub does: what is before the first <c>.profile</c> is shared, each
/// <c>.profile</c> begins the next profile, and the first one is the base's.
/// </summary>
public static class UkiReader
{
    private const int MaximumText = 1 << 20;

    /// <exception cref="DamagedInputException">The bytes are no PE file, or have no <c>.linux</c> section, or texts that are none.</exception>
    public static UkiContent Read(ByteSource source)
    {
        var image = PeImage.Read(source, "UKI");
        if (image.Find(UkiSections.Linux) is null) throw new DamagedInputException("UKI: there is no .linux section: this is an EFI program, but no unified kernel image");
        var groups = new List<List<PeSection>> { new() };
        foreach (var section in image.Sections)
        {
            if (section.Name == UkiSections.Profile) groups.Add([]);
            groups[^1].Add(section);
        }

        var common = groups[0];
        var profiles = groups.Count == 1
            ? [new UkiProfileContent(0, null, null, [.. common])]
            : groups.Skip(1).Select((own, index) => ToProfile(index, own, common));
        return new UkiContent(image, [.. profiles]);
    }

    internal static string TextOf(PeSection section)
    {
        if (section.Content.Length > MaximumText) throw new DamagedInputException($"UKI: section {section.Name} is text and should have at most {MaximumText} bytes; found {section.Content.Length}");
        if (!new ByteString(section.Content.ToArray()).TryGetText(out var text)) throw new DamagedInputException($"UKI: section {section.Name} is not UTF-8");
        return text.TrimEnd('\0', '\n');
    }

    private static UkiProfileContent ToProfile(int index, List<PeSection> own, List<PeSection> common)
    {
        var text = TextOf(own[0]);
        var names = own.Select(section => section.Name).ToList();
        return new UkiProfileContent(index, OsRelease.Find(text, "ID"), OsRelease.Find(text, "TITLE"), [.. own, .. common.Where(section => !names.Contains(section.Name))]);
    }
}
