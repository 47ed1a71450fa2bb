using System.Buffers;
using System.Collections.Concurrent;
using Roos.Core.Bytes;

namespace Roos.Erofs.Writing;

/// <summary>
/// Compresses units on several threads and joins the results in the order of the units, so that nothing depends on which
/// thread was first. Holds a few units per worker, whatever the size of the files.
/// </summary>
internal sealed class ParallelCompression(ErofsOptions options) : IDisposable
{
    /// <summary>As much as several of the largest units, so that no worker waits for another one's.</summary>
    private const long BytesPerWorker = 3 * CompressionRun.MaximumLength;

    private readonly ConcurrentBag<UnitCompressor> _idle = [];

    /// <summary>Compresses each of <paramref name="units"/> into <paramref name="spool"/> and hands over the extents of each owner.</summary>
    public void Run(IEnumerable<CompressionUnit> units, Spool spool, Action<InodePlan, CompressedContent> done, IProgress<long>? progress, CancellationToken cancellation)
    {
        var join = new Join(options.Deduplicate, spool, done, progress);
        if (options.Workers == 1)
        {
            foreach (var unit in units)
            {
                cancellation.ThrowIfCancellationRequested();
                join.Add(unit, Compress(unit));
            }

            return;
        }

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var scheduler = new ConcurrentExclusiveSchedulerPair(TaskScheduler.Default, options.Workers).ConcurrentScheduler;
        var pending = new Queue<(CompressionUnit Unit, Task<UnitResult> Task)>();
        long pendingBytes = 0;
        try
        {
            foreach (var unit in units)
            {
                pending.Enqueue((unit, Task.Factory.StartNew(() => Compress(unit), stop.Token, TaskCreationOptions.None, scheduler)));
                pendingBytes += unit.Length;
                while (pendingBytes > options.Workers * BytesPerWorker) JoinOldest();
            }

            while (pending.Count > 0) JoinOldest();
        }
        finally
        {
            // After an error or a cancellation: no task may still use a compressor when they are disposed.
            stop.Cancel();
            while (pending.TryDequeue(out var left)) left.Task.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default).Wait(CancellationToken.None);
        }

        void JoinOldest()
        {
            // It stays in the queue until it is done, for the queue says what is to be waited for after an error.
            var (unit, task) = pending.Peek();
            var result = Wait(task, cancellation);
            pending.Dequeue();
            pendingBytes -= unit.Length;
            join.Add(unit, result);
        }
    }

    public void Dispose()
    {
        while (_idle.TryTake(out var compressor)) compressor.Dispose();
    }

    private static UnitResult Wait(Task<UnitResult> task, CancellationToken cancellation)
    {
        try
        {
            return task.GetAwaiter().GetResult();
        }
        catch (OperationCanceledException)
        {
            cancellation.ThrowIfCancellationRequested();
            throw;
        }
    }

    private UnitResult Compress(CompressionUnit unit)
    {
        if (!_idle.TryTake(out var compressor)) compressor = new UnitCompressor(options);
        try
        {
            return compressor.Compress(unit);
        }
        finally
        {
            _idle.Add(compressor);
        }
    }

    /// <summary>Takes results in order and puts the extents of each owner together.</summary>
    private sealed class Join(bool deduplicate, Spool spool, Action<InodePlan, CompressedContent> done, IProgress<long>? progress)
    {
        private readonly Dictionary<CompressionRun, (IReadOnlyList<Extent> Extents, long Block)> _parts = new(ReferenceEqualityComparer.Instance);
        private List<Extent> _extents = [];
        private long _block;
        private long _spoolOffset;
        private long _bytes;

        public void Add(CompressionUnit unit, UnitResult result)
        {
            var at = spool.Append(result.Stored.AsSpan(0, result.StoredLength));
            if (result.IsRented) ArrayPool<byte>.Shared.Return(result.Stored);
            progress?.Report(_bytes += unit.Length);
            for (var i = 0; i < unit.Runs.Count; i++)
            {
                var run = unit.Runs[i];
                if (_extents.Count == 0) (_spoolOffset, _block) = (at, 0);
                if (run.Same is null)
                {
                    if (deduplicate) _parts.Add(run, (result.Extents[i], _block));
                    _extents.AddRange(result.Extents[i]);
                    foreach (var extent in result.Extents[i]) (at, _block) = (at + extent.Stored, _block + extent.Blocks);
                }
                else
                {
                    var (extents, block) = _parts[run.Same];
                    foreach (var extent in extents)
                    {
                        _extents.Add(extent with { Origin = run.Same.Owner, OriginBlock = block });
                        block += extent.Blocks;
                    }
                }

                if (!run.IsLast) continue;
                _extents.TrimExcess();
                done(run.Owner, new CompressedContent(_extents, _spoolOffset));
                _extents = [];
            }
        }
    }
}
