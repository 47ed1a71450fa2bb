using System.Buffers;
using System.Collections.Concurrent;
using Roos.Core.Bytes;

namespace Roos.Erofs.Writing;

/// <summary>
/// Compresses files on several threads and joins the results in the order of the files, so that nothing depends on which
/// thread was first. Holds a few units per worker, whatever the size of the files.
/// </summary>
internal sealed class ParallelCompression(ErofsOptions options) : IDisposable
{
    private readonly ConcurrentBag<ClusterCompressor> _idle = [];

    /// <summary>Compresses each of <paramref name="files"/> into <paramref name="spool"/> and hands over its extents.</summary>
    public void Run(IEnumerable<InodePlan> files, Spool spool, Action<InodePlan, CompressedContent> done, IProgress<long>? progress, CancellationToken cancellation)
    {
        var join = new Join(spool, done, progress);
        if (options.Workers == 1)
        {
            foreach (var unit in Units(files))
            {
                cancellation.ThrowIfCancellationRequested();
                join.Add(Compress(unit));
            }

            return;
        }

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var scheduler = new ConcurrentExclusiveSchedulerPair(TaskScheduler.Default, options.Workers).ConcurrentScheduler;
        var pending = new Queue<Task<Result>>();
        try
        {
            foreach (var unit in Units(files))
            {
                pending.Enqueue(Task.Factory.StartNew(() => Compress(unit), stop.Token, TaskCreationOptions.None, scheduler));
                if (pending.Count >= options.Workers * 4) join.Add(Wait(pending.Dequeue(), cancellation));
            }

            while (pending.TryDequeue(out var task)) join.Add(Wait(task, cancellation));
        }
        finally
        {
            // After an error or a cancellation: no task may still use a compressor when they are disposed.
            stop.Cancel();
            while (pending.TryDequeue(out var task)) task.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default).Wait(CancellationToken.None);
        }
    }

    public void Dispose()
    {
        while (_idle.TryTake(out var compressor)) compressor.Dispose();
    }

    private static Result Wait(Task<Result> task, CancellationToken cancellation)
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

    private static IEnumerable<Unit> Units(IEnumerable<InodePlan> files)
    {
        foreach (var file in files)
        {
            for (long offset = 0; offset < file.Size; offset += ClusterCompressor.UnitSize)
            {
                yield return new Unit(file, offset, (int)Math.Min(ClusterCompressor.UnitSize, file.Size - offset));
            }
        }
    }

    private Result Compress(Unit unit)
    {
        if (!_idle.TryTake(out var compressor)) compressor = new ClusterCompressor(options);
        var output = ArrayPool<byte>.Shared.Rent(unit.Length);
        try
        {
            var content = ((Core.Tree.RegularFile)unit.File.Node).Content;
            return new Result(unit, compressor.Compress(content, unit.Offset, unit.Length, output), output);
        }
        finally
        {
            _idle.Add(compressor);
        }
    }

    private readonly record struct Unit(InodePlan File, long Offset, int Length);

    private readonly record struct Result(Unit Unit, List<Extent> Extents, byte[] Output);

    /// <summary>Takes results in order and puts files together.</summary>
    private sealed class Join(Spool spool, Action<InodePlan, CompressedContent> done, IProgress<long>? progress)
    {
        private List<Extent> _extents = [];
        private long _spoolOffset;
        private long _bytes;

        public void Add(Result result)
        {
            if (result.Unit.Offset == 0) (_extents, _spoolOffset) = (result.Extents, spool.Length);
            else _extents.AddRange(result.Extents);
            var stored = 0;
            foreach (var extent in result.Extents) stored += extent.Stored;
            spool.Append(result.Output.AsSpan(0, stored));
            ArrayPool<byte>.Shared.Return(result.Output);
            progress?.Report(_bytes += result.Unit.Length);
            if (result.Unit.Offset + result.Unit.Length < result.Unit.File.Size) return;
            _extents.TrimExcess();
            done(result.Unit.File, new CompressedContent(_extents, _spoolOffset));
        }
    }
}
