using System.Globalization;
using System.Runtime.CompilerServices;

namespace Roos.Fuzz;

/// <summary>
/// <c>instrument FILE</c> makes an assembly count its branches; <c>erofs CORPUS FINDINGS --seconds N | --cases N [--seed N]</c>
/// fuzzes the reader; <c>try FILE...</c> runs single images.
/// </summary>
internal static class Program
{
    private static int Main(string[] arguments)
    {
        switch (arguments)
        {
            case ["instrument", var path]:
                foreach (var _ in SharpFuzz.Fuzzer.Instrument(path, _ => true, SharpFuzz.Options.Value)) continue;
                return 0;
            case ["erofs", var corpus, var findings, var unit and ("--seconds" or "--cases"), var limit, .. var rest]:
                var seed = rest is ["--seed", var text] ? int.Parse(text, CultureInfo.InvariantCulture) : 1;
                return Fuzz(corpus, findings, unit == "--cases", long.Parse(limit, CultureInfo.InvariantCulture), seed);
            case ["try", .. var images]:
                return Try(images);
            default:
                Console.Error.WriteLine("see fuzz/run");
                return 2;
        }
    }

    // Not inlined: instrumenting must not load what it changes.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Fuzz(string corpus, string findings, bool isCases, long limit, int seed)
    {
        var images = Directory.GetFiles(corpus, "*.erofs").Order(StringComparer.Ordinal).Select(File.ReadAllBytes).ToList();
        var loop = new FuzzLoop(images, seed, findings);
        return loop.Run(isCases ? limit : long.MaxValue, isCases ? TimeSpan.MaxValue : TimeSpan.FromSeconds(limit)) ? 0 : 1;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Try(string[] images)
    {
        _ = new Coverage();
        foreach (var image in images) Console.WriteLine($"{image}: {(ErofsCase.IsSound(File.ReadAllBytes(image)) ? "sound" : "damaged")}");
        return 0;
    }
}
