using ZstdSharp.Unsafe;

namespace Roos.Erofs.Writing;

/// <summary>What a level means.</summary>
internal static class ZstdParameters
{
    public static ZSTD_compressionParameters For(int level, int windowLog)
    {
        var parameters = Methods.ZSTD_getCParams(level, 0, 0);
        parameters.windowLog = (uint)windowLog;
        parameters.hashLog = Math.Min(parameters.hashLog, (uint)windowLog + 1);
        parameters.chainLog = Math.Min(parameters.chainLog, (uint)windowLog + 1);
        return parameters;
    }
}
