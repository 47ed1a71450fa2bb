using System.IO.Pipelines;
using Microsoft.AspNetCore.Http.Features;

namespace Roos.Builder.Serving;

/// <summary>Sends files in larger pieces than the framework does (16 KiB), and counts what was sent.</summary>
internal sealed class FileBody(IHttpResponseBodyFeature inner) : IHttpResponseBodyFeature
{
    private const int PieceLength = 1 << 17;

    /// <summary>Bytes of files that were handed on to the connection.</summary>
    public long Written { get; private set; }

    public Stream Stream => inner.Stream;

    public PipeWriter Writer => inner.Writer;

    public Task CompleteAsync() => inner.CompleteAsync();

    public void DisableBuffering() => inner.DisableBuffering();

    public Task StartAsync(CancellationToken cancellationToken = default) => inner.StartAsync(cancellationToken);

    public async Task SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken = default)
    {
        var end = offset + (count ?? (new FileInfo(path).Length - offset));
        await inner.StartAsync(cancellationToken).ConfigureAwait(false);

        // Named pipes and devices have no length: they are never opened, which could take for ever.
        if (offset == end) return;
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        while (offset < end)
        {
            var memory = inner.Writer.GetMemory((int)Math.Min(PieceLength, end - offset));
            memory = memory[..(int)Math.Min(memory.Length, end - offset)];

            // From the page cache mostly: cheaper at once than by way of another thread.
            var read = RandomAccess.Read(file, memory.Span, offset);
            if (read == 0) throw new IOException($"{path} has become shorter");
            inner.Writer.Advance(read);
            offset += read;
            Written += read;
            if ((await inner.Writer.FlushAsync(cancellationToken).ConfigureAwait(false)).IsCompleted) return;
        }
    }
}
