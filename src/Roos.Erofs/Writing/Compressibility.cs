using Roos.Core.Bytes;

namespace Roos.Erofs.Writing;

/// <summary>Tells what need not be compressed, without compressing it.</summary>
internal static class Compressibility
{
    private const int SampleSize = 1024;

    /// <summary>
    /// Whether the bytes look like noise: in four samples every value is about as frequent as any other. Data that is
    /// compressed or encrypted is so, and hardly anything else.
    /// </summary>
    public static bool IsNoise(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < SampleSize) return false;
        for (var i = 0; i < 4; i++)
        {
            if (!IsFlat(bytes.Slice((bytes.Length - SampleSize) / 3 * i, SampleSize))) return false;
        }

        return true;
    }

    /// <summary>Whether a whole file looks like noise.</summary>
    public static bool IsNoise(ByteSource content)
    {
        if (content.Length < SampleSize) return false;
        Span<byte> buffer = stackalloc byte[SampleSize];
        var samples = content.Length == SampleSize ? 1 : content.Length <= 64 * SampleSize ? 2 : 4;
        for (var i = 1; i <= samples; i++)
        {
            // Not the very start: the headers of compressed files are no noise.
            content.Read((content.Length - SampleSize) * i / samples, buffer);
            if (!IsFlat(buffer)) return false;
        }

        return true;
    }

    /// <summary>
    /// The sum of the squares of the counts is near what n random bytes give: n + n(n-1)/256. It is more by a tenth where
    /// entropy coding would save about 2 %.
    /// </summary>
    private static bool IsFlat(ReadOnlySpan<byte> sample)
    {
        Span<int> counts = stackalloc int[256];
        counts.Clear();
        foreach (var value in sample) counts[value]++;
        long sum = 0;
        foreach (var count in counts) sum += (long)count * count;
        long n = sample.Length;
        var expected = n + n * (n - 1) / 256;
        return sum < expected + expected / 10;
    }
}
