using System.Runtime.InteropServices;
using Roos.Core;
using Roos.Core.Bytes;

namespace Roos.Erofs.Reading;

/// <summary>The bytes of an image; reading beyond them means that the image is damaged.</summary>
internal sealed class ImageBytes(ByteSource source, long length)
{
    public long Length { get; } = length;

    /// <exception cref="DamagedInputException">The range is not within the image; <paramref name="what"/> says what it would be.</exception>
    public void Check(long offset, long count, string what)
    {
        if (offset < 0 || count < 0 || offset > Length - count) throw new DamagedInputException($"damaged EroFS image: {what} would be {count} bytes at offset {offset}, beyond the image's {Length} bytes");
    }

    public void Read(long offset, Span<byte> destination, string what)
    {
        Check(offset, destination.Length, what);
        source.Read(offset, destination);
    }

    public T Read<T>(long offset, string what)
        where T : unmanaged
    {
        var value = default(T);
        Read(offset, MemoryMarshal.AsBytes(new Span<T>(ref value)), what);
        return value;
    }

    public ByteSource Slice(long offset, long count, string what)
    {
        Check(offset, count, what);
        return source.Slice(offset, count);
    }
}
