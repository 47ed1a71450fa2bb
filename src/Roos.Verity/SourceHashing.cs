using System.Runtime.CompilerServices;
using Roos.Core.Bytes;

namespace Roos.Verity;

/// <summary>The leaves of the tree over bytes that exist: workers take batches of them in turn.</summary>
internal static class SourceHashing
{
    private const int BatchLength = VeritySink.BatchLength;
    private const int ReadLength = 1 << 18; // stays in the processor's cache until it is hashed
    private const int Alignment = 64;

    /// <summary>The digests of every block, a chunk for each batch.</summary>
    /// <param name="data">A whole number of blocks.</param>
    /// <param name="hasher">Digests blocks.</param>
    /// <param name="workers">Threads, at least 1.</param>
    /// <param name="cancellation">Ends it early.</param>
    public static List<byte[]> Leaves(ByteSource data, BlockHasher hasher, int workers, CancellationToken cancellation)
    {
        var chunks = new byte[checked((int)((data.Length + BatchLength - 1) / BatchLength))][];
        var next = -1;
        void Work()
        {
            try
            {
                var buffer = NewBuffer();
                for (int batch; (batch = Interlocked.Increment(ref next)) < chunks.Length;)
                {
                    cancellation.ThrowIfCancellationRequested();
                    var start = (long)batch * BatchLength;
                    chunks[batch] = Hash(data.Slice(start, Math.Min(BatchLength, data.Length - start)), hasher, buffer.Span);
                }
            }
            catch
            {
                Volatile.Write(ref next, chunks.Length); // the others need not go on
                throw;
            }
        }

        var tasks = new Task[Math.Min(workers, chunks.Length) - 1];
        for (var i = 0; i < tasks.Length; i++) tasks[i] = Task.Run(Work, CancellationToken.None);
        try
        {
            Work();
        }
        finally
        {
            Task.WhenAll(tasks).GetAwaiter().GetResult();
        }

        return [.. chunks];
    }

    /// <summary>Begins at a multiple of 64, where the kernel copies a quarter faster.</summary>
    private static Memory<byte> NewBuffer()
    {
        var room = GC.AllocateUninitializedArray<byte>(ReadLength + Alignment, pinned: true);
        var address = Unsafe.ByteOffset(ref Unsafe.NullRef<byte>(), ref room[0]);
        return room.AsMemory((int)(-address & (Alignment - 1)), ReadLength);
    }

    private static byte[] Hash(ByteSource batch, BlockHasher hasher, Span<byte> buffer)
    {
        var digests = new byte[batch.Length / VerityGeometry.BlockSize * VerityGeometry.DigestSize];
        var room = digests.AsSpan();
        for (long at = 0; at < batch.Length; at += buffer.Length)
        {
            var piece = buffer[..(int)Math.Min(buffer.Length, batch.Length - at)];
            batch.Read(at, piece);
            var length = piece.Length / VerityGeometry.BlockSize * VerityGeometry.DigestSize;
            hasher.Hash(piece, room[..length]);
            room = room[length..];
        }

        return digests;
    }
}
