using System.Globalization;
using Roos.Core.Bytes;
using Roos.Initrd;
using Roos.Uki;

namespace Roos.Builder.Inspection;

/// <summary>EFI programs: unified kernel images with their profiles and sections, others with their sections; and the initrds in them.</summary>
internal static class ProgramInspection
{
    public static Finding Describe(ByteSource source)
    {
        var image = PeImage.Read(source);
        if (image.Find(".linux") is null)
        {
            return new Finding("pe", "EFI program", source.Length, [("machine", image.Machine.ToString()), ("signed", YesNo(image.IsSigned))], [.. image.Sections.Select(Section)], []);
        }

        var uki = UkiReader.Read(source);
        var fields = new List<(string Name, string Value)> { ("machine", image.Machine.ToString()), ("signed", YesNo(image.IsSigned)) };
        Add(fields, "kernel", uki.Base.KernelVersion);
        if (uki.Base.OsRelease is { } release)
        {
            foreach (var key in new[] { "PRETTY_NAME", "IMAGE_ID", "IMAGE_VERSION" }) Add(fields, key, OsRelease.Find(release, key));
        }

        var parts = uki.Profiles.Select(Profile).Concat(image.Sections.Select(Section)).ToArray();
        return new Finding("uki", "unified kernel image", source.Length, fields, parts, []);
    }

    public static Finding DescribeInitrd(ByteSource source)
    {
        var segments = InitrdReader.Read(source);
        var parts = segments.Select((segment, index) => new FindingPart(
            $"archive {index + 1}",
            [("offset", Number(segment.Offset)), ("size", Number(segment.Bytes.Length)), ("compression", segment.Compression.ToString())],
            null));
        return new Finding("initrd", "initrd", source.Length, [], [.. parts], []);
    }

    private static FindingPart Profile(UkiProfileContent profile)
    {
        var fields = new List<(string Name, string Value)>();
        Add(fields, "id", profile.Id);
        Add(fields, "title", profile.Title);
        Add(fields, "command line", profile.CommandLine);
        if (profile.OsRelease is { } release) Add(fields, "sort key", OsRelease.Find(release, "IMAGE_ID") ?? OsRelease.Find(release, "ID"));
        return new FindingPart($"profile {profile.Index}", fields, null);
    }

    private static FindingPart Section(PeSection section)
    {
        var content = section.Name is ".initrd" or ".ucode" ? DescribeInitrd(section.Content) : null;
        return new FindingPart($"section {section.Name}", [("address", $"0x{section.VirtualAddress:x}"), ("size", Number(section.VirtualSize))], content);
    }

    private static void Add(List<(string Name, string Value)> fields, string name, string? value)
    {
        if (!string.IsNullOrEmpty(value)) fields.Add((name, value));
    }

    private static string YesNo(bool value) => value ? "yes" : "no";

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);
}
