using Roos.Builder.Configuration;
using Roos.Builder.Terminal;

namespace Roos.Builder.Pipeline;

/// <summary>The one place where a build gets its time: from the configuration or the environment, never from the machine's clock.</summary>
internal static class BuildClock
{
    /// <summary>
    /// 2025-08-09, the day trixie was released: what a build uses where neither SourceDateEpoch= nor SOURCE_DATE_EPOCH says anything. A clock
    /// without battery starts at the image's time, and certificates should not look as if they came from the future.
    /// </summary>
    private const long Default = 1754697600;

    public static long Of(ImageConfiguration image, BuildProgress progress)
    {
        if (image.SourceDateEpoch.Value is { } value) return value;
        progress.Note($"no file of the image is younger than 2025-08-09 (SourceDateEpoch={Default}): set SourceDateEpoch= in mkosi.conf to the day of a release");
        return Default;
    }
}
