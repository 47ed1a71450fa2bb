namespace Roos.Core.Bytes;

/// <summary>
/// Bytes that are planned: their number is exact before the first one is written, and writing can be repeated with
/// equal bytes. Implementations read no clock, no environment and no randomness, and never seek.
/// </summary>
public interface IImage
{
    /// <summary>Exact length in bytes.</summary>
    long Length { get; }

    /// <summary>Writes exactly <see cref="Length"/> bytes, forward only.</summary>
    void WriteTo(ImageSink sink, CancellationToken cancellation = default);
}

/// <summary>An <see cref="IImage"/> of bytes that exist.</summary>
public sealed class SourceImage(ByteSource source) : IImage
{
    public long Length => source.Length;

    public void WriteTo(ImageSink sink, CancellationToken cancellation = default) => source.CopyTo(sink, cancellation);
}

public static class ImageExtensions
{
    /// <summary>Writes the image to a stream (zeros are written out unless the stream can seek past its end).</summary>
    public static void WriteTo(this IImage image, Stream stream, CancellationToken cancellation = default)
    {
        var sink = new StreamSink(stream);
        image.WriteTo(sink, cancellation);
        sink.Complete();
    }

    /// <summary>The whole image in memory; for small things and tests.</summary>
    public static byte[] ToArray(this IImage image)
    {
        using var stream = new MemoryStream();
        image.WriteTo(stream);
        return stream.ToArray();
    }
}
