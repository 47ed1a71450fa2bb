namespace Roos.Uki;

/// <summary>
/// How far a boot has come. systemd-pcrphase extends PCR 11 with a word at each step; a path is the words so far with ':' between them.
/// Source: systemd-pcrphase.service(8), systemd-measure(1).
/// </summary>
public static class PcrPhases
{
    /// <summary>From the start of the initrd until the machine is ready: what systemd-measure predicts and signs where it is not told.</summary>
    public static IReadOnlyList<string> Default { get; } =
    [
        "enter-initrd",
        "enter-initrd:leave-initrd",
        "enter-initrd:leave-initrd:sysinit",
        "enter-initrd:leave-initrd:sysinit:ready",
    ];

    /// <summary>The paths without empty words, each once, in bytewise order, as systemd-measure takes them; "" is the path before the first word.</summary>
    public static IReadOnlyList<string> Normalise(IEnumerable<string> paths) =>
        [.. paths.Select(path => string.Join(':', Words(path))).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];

    internal static string[] Words(string path) => path.Split(':', StringSplitOptions.RemoveEmptyEntries);
}
