using Roos.Core.Tree;

namespace Roos.Fat;

/// <summary>FAT's date and time words. FAT has no time zone: Roos writes and reads UTC, as the kernel does with <c>tz=UTC</c>.</summary>
internal readonly record struct FatTime(ushort Date, ushort Time)
{
    private static readonly long Earliest = new DateTimeOffset(1980, 1, 1, 0, 0, 0, TimeSpan.Zero).ToUnixTimeSeconds();
    private static readonly long Latest = new DateTimeOffset(2107, 12, 31, 23, 59, 58, TimeSpan.Zero).ToUnixTimeSeconds();

    /// <summary>Rounded down to two seconds; times that FAT cannot hold become the nearest that it can.</summary>
    public static FatTime From(Timestamp time)
    {
        var at = DateTimeOffset.FromUnixTimeSeconds(Math.Clamp(time.Seconds, Earliest, Latest));
        return new FatTime(
            (ushort)(((at.Year - 1980) << 9) | (at.Month << 5) | at.Day),
            (ushort)((at.Hour << 11) | (at.Minute << 5) | (at.Second / 2)));
    }

    /// <summary>Fields outside their range (month 0, hour 31) count as their nearest valid value: a time is nothing to refuse a file for.</summary>
    public Timestamp ToTimestamp()
    {
        var year = 1980 + (Date >> 9);
        var month = Math.Clamp((Date >> 5) & 15, 1, 12);
        var day = Math.Clamp(Date & 31, 1, DateTime.DaysInMonth(year, month));
        var hour = Math.Min(Time >> 11, 23);
        var minute = Math.Min((Time >> 5) & 63, 59);
        var second = Math.Min((Time & 31) * 2, 58);
        return new Timestamp(new DateTimeOffset(year, month, day, hour, minute, second, TimeSpan.Zero).ToUnixTimeSeconds(), 0);
    }
}
