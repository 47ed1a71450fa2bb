using System.Diagnostics;

namespace Roos.Fuzz;

/// <summary>
/// Coverage-guided fuzzing in one process: changes images, keeps those that reach new branches, stops at the first case
/// that fails. The same seed and corpus give the same cases.
/// </summary>
internal sealed class FuzzLoop(IReadOnlyList<byte[]> corpus, int seed, string findings)
{
    private const int MaximumLength = 1 << 17, FreshEntries = 64;

    // Far above what any case needs: an image of 128 KiB can claim 256 MiB of contents, which are read extent by extent.
    private const long MaximumAllocation = 1L << 30;

    private readonly Random _random = new(seed);
    private readonly Coverage _coverage = new();
    private readonly List<byte[]> _queue = [];
    private byte[] _current = [];

    /// <summary>Runs until one of the limits; false where a case failed.</summary>
    public bool Run(long cases, TimeSpan time)
    {
        using var watch = new Watch(reason => Save(reason, _current));
        var clock = Stopwatch.StartNew();
        long done = 0, sound = 0, slowest = 0, reported = 0, largest = 0;
        for (; done < cases && clock.Elapsed < time; done++)
        {
            _current = done < corpus.Count ? corpus[(int)done] : ImageMutation.Apply(Pick(), Pick(), _random, MaximumLength);
            watch.Restart();
            var begin = Environment.CpuUsage.TotalTime; // not the clock: other programs may want the machine
            var allocated = GC.GetAllocatedBytesForCurrentThread();
            _coverage.Clear();
            try
            {
                if (ErofsCase.IsSound(_current)) sound++;
                else if (done < corpus.Count) throw new InvalidOperationException("an image of the corpus is damaged");
            }
#pragma warning disable CA1031 // any exception is a finding
            catch (Exception e)
#pragma warning restore CA1031
            {
                Save(e.ToString(), _current);
                return false;
            }

            allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
            largest = Math.Max(largest, allocated);
            slowest = Math.Max(slowest, (long)(Environment.CpuUsage.TotalTime - begin).TotalMilliseconds);
            if (allocated > MaximumAllocation)
            {
                Save($"a case allocated {allocated} bytes", _current);
                return false;
            }

            if (_coverage.Add() || done < corpus.Count) _queue.Add(_current);
            if (clock.ElapsedMilliseconds - reported < 10_000) continue;
            reported = clock.ElapsedMilliseconds;
            Report(done + 1, sound, slowest, largest, clock.Elapsed);
        }

        Report(done, sound, slowest, largest, clock.Elapsed);
        return true;
    }

    /// <summary>Half of the time one of those that were found last.</summary>
    private byte[] Pick() => _queue[_random.Next(2) == 0 ? _random.Next(_queue.Count) : _queue.Count - 1 - _random.Next(Math.Min(_queue.Count, FreshEntries))];

    private void Report(long done, long sound, long slowest, long largest, TimeSpan time) =>
        Console.WriteLine($"{time.TotalSeconds:0} s: {done} cases, {done / time.TotalSeconds:0}/s, {sound} sound, {_queue.Count} kept, coverage {_coverage.Seen}, slowest {slowest} ms, most allocated {largest >> 10} KiB");

    private void Save(string reason, byte[] image)
    {
        var path = Path.Combine(findings, $"{Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(image))[..16]}.erofs");
        File.WriteAllBytes(path, image);
        Console.WriteLine($"FAILED: {path}\n{reason}");
    }
}
