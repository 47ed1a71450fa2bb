using System.Runtime.InteropServices;
using System.Text;
using Roos.Core.Identity;

namespace Roos.Builder.Configuration;

/// <summary>What a setting is when nobody sets it.</summary>
internal static class Defaults
{
    /// <summary>The namespace of seeds that are derived from an ImageId. It must never change: partition UUIDs come from it.</summary>
    private static readonly Uuid SeedNamespace = Uuid.Parse("5a0c1fe2-7b5d-4d0a-9f43-c3a2e6d1b870");

    /// <summary>The architecture of this machine, in mkosi's words.</summary>
    public static string HostArchitecture => RuntimeInformation.OSArchitecture switch
    {
        Architecture.X64 => "x86-64",
        Architecture.X86 => "x86",
        Architecture.Arm64 => "arm64",
        Architecture.Arm => "arm",
        Architecture.S390x => "s390x",
        Architecture.LoongArch64 => "loongarch64",
        Architecture.Ppc64le => "ppc64-le",
        Architecture.RiscV64 => "riscv64",
        _ => "unknown",
    };

    public static SettingValue Of(SettingDefinition setting, ImageReader reader)
    {
        if (setting.Name == "SourceDateEpoch") return SourceDateEpoch(reader);
        var text = setting.Name switch
        {
            "Architecture" => HostArchitecture,
            "Release" => Release(reader.Text("Distribution")),
            "Output" => Output(reader),
            "CompressOutput" => reader.Text("Format") is "tar" or "cpio" or "uki" or "esp" or "addon" ? "zstd" : "none",
            "OutputExtension" => Extension(reader.Text("Format")),
            "Checksum" => reader.Text("Sign") ?? "no",
            "Seed" => SeedOf(reader.Text("ImageId") ?? "image").ToString(),
            "Initrds" => WantsInitrd(reader) ? ImageNames.DefaultInitrdReference : null,
            _ => setting.Default ?? setting.Kind switch { SettingKind.Boolean => "no", SettingKind.Feature => "auto", _ => null },
        };
        if (text is null) return SettingValue.Unset;
        if (!setting.IsList) return SettingValue.Of(text, SettingOrigin.Default);
        return new SettingValue([.. text.Split(' ').Select(word => new Setting<string>(word, SettingOrigin.Default))], SettingOrigin.Default);
    }

    /// <summary>The seed of an image that sets none: the same for every version, so that partitions keep their UUIDs over updates.</summary>
    public static Uuid SeedOf(string imageId) => Seed.Derive(SeedNamespace, Encoding.UTF8.GetBytes(imageId));

    private static string? Release(string? distribution) => distribution switch { "debian" => "trixie", "ubuntu" => "noble", "fedora" => "rawhide", _ => null };

    private static string Extension(string? format) => format switch
    {
        "disk" or "esp" or "confext" or "sysext" or "portable" => "raw",
        "uki" or "addon" => "efi",
        "cpio" or "tar" => format,
        _ => "",
    };

    private static string Output(ImageReader reader)
    {
        var name = reader.Image == ImageNames.Main ? reader.Text("ImageId") ?? "image" : reader.Image;
        return reader.Text("ImageVersion") is { } version ? $"{name}_{version}" : name;
    }

    private static SettingValue SourceDateEpoch(ImageReader reader)
    {
        const string variable = "SOURCE_DATE_EPOCH";
        if (reader.Environment(variable) is not { Length: > 0 } text) return SettingValue.Unset;
        var origin = SettingOrigin.Environment(variable);
        return ulong.TryParse(text, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var seconds) && seconds <= long.MaxValue
            ? SettingValue.Of(text, origin)
            : throw origin.Error($"is a whole number of seconds since 1970; found \"{text}\"");
    }

    private static bool WantsInitrd(ImageReader reader)
    {
        if (reader.Text("Format") is not ("disk" or "directory" or "tar" or "none")) return false;
        return reader.Text("Bootable") switch
        {
            "disabled" => false,
            "enabled" => true,
            _ => reader.Text("Format") == "disk" && reader.Current(SettingTable.Get("Packages")).Items.Any(item => IsKernel(item.Value)),
        };
    }

    private static bool IsKernel(string package) => package.StartsWith("linux-image", StringComparison.Ordinal) || package is "kernel" or "kernel-core" or "linux-generic" or "linux-virtual";
}
