using System.Globalization;
using Roos.Core;
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
            return new Finding("pe", "EFI program", source.Length, [("machine", image.Machine.ToString()), ("signed", YesNo(image.IsSigned))], [.. SignatureInspection.OfProgram(source), .. image.Sections.Select(Section)], []);
        }

        var uki = UkiReader.Read(source);
        var fields = new List<(string Name, string Value)> { ("machine", image.Machine.ToString()), ("signed", YesNo(image.IsSigned)) };
        Add(fields, "kernel", uki.Base.KernelVersion);
        if (uki.Base.OsRelease is { } release)
        {
            foreach (var key in new[] { "PRETTY_NAME", "IMAGE_ID", "IMAGE_VERSION" }) Add(fields, key, OsRelease.Find(release, key));
        }

        var policies = new PolicyInspection(uki);
        if (policies.Key is { } pcrKey) fields.AddRange(KeyInspection.Fields(pcrKey).Select(field => ("PCR " + field.Name, field.Value)));
        FindingPart[] parts = [.. SignatureInspection.OfProgram(source), .. uki.Profiles.Select(profile => Profile(profile, policies)), .. image.Sections.Select(Section)];
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

    private static FindingPart Profile(UkiProfileContent profile, PolicyInspection policies)
    {
        var fields = new List<(string Name, string Value)>();
        Add(fields, "id", profile.Id);
        Add(fields, "title", profile.Title);
        Add(fields, "command line", profile.CommandLine);
        if (profile.OsRelease is { } release) Add(fields, "sort key", OsRelease.Find(release, "IMAGE_ID") ?? OsRelease.Find(release, "ID"));
        fields.AddRange(policies.Of(profile));
        return new FindingPart($"profile {profile.Index}", fields, null);
    }

    private static FindingPart Section(PeSection section) =>
        new($"section {section.Name}", [("address", $"0x{section.VirtualAddress:x}"), ("size", Number(section.VirtualSize))], Content(section));

    private static Finding? Content(PeSection section)
    {
        try
        {
            return section.Name switch
            {
                UkiSections.Initrd or UkiSections.Microcode => DescribeInitrd(section.Content),
                UkiSections.Linux => Kernel(section.Content),
                _ => null,
            };
        }
        catch (DamagedInputException e)
        {
            return new Finding("damaged", "damaged", section.Content.Length) { Problems = [e.Message] };
        }
    }

    /// <summary>Without its sections, one of which could be a kernel again.</summary>
    private static Finding Kernel(ByteSource source)
    {
        var image = PeImage.Read(source, "kernel");
        return new Finding("pe", "EFI program", source.Length, [("machine", image.Machine.ToString()), ("signed", YesNo(image.IsSigned))], SignatureInspection.OfProgram(source), []);
    }

    private static void Add(List<(string Name, string Value)> fields, string name, string? value)
    {
        if (!string.IsNullOrEmpty(value)) fields.Add((name, value));
    }

    private static string YesNo(bool value) => value ? "yes" : "no";

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);
}
