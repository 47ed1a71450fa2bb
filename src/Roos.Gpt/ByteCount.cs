using System.Globalization;

namespace Roos.Gpt;

/// <summary>Sizes as people and repart.d write them.</summary>
public static class ByteCount
{
    /// <summary>Such as <c>1.5 GiB</c>: powers of 1024, at most one decimal, rounded down.</summary>
    public static string Text(long bytes)
    {
        string[] units = ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
        var unit = 0;
        var tenths = (decimal)bytes * 10;
        for (; tenths >= 10240; unit++) tenths /= 1024;
        return string.Create(CultureInfo.InvariantCulture, $"{Math.Floor(tenths) / 10:0.#} {units[unit]}");
    }
}
