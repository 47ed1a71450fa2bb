using Roos.Core.Bytes;
using SharpCompress.Compressors.Xz;

namespace Roos.Core.Compression;

/// <summary>xz streams one after another, with padding between them (xz-file-format 2.2).</summary>
internal static class XzInput
{
    public static void Decompress(ByteSource source, Spool spool, CancellationToken cancellation)
    {
        using var input = new BufferedStream(source.OpenRead(), 1 << 17);
        while (input.Position < source.Length)
        {
            using (var stream = new XZStream(new Borrowed(input))) CompressedInput.Copy(stream, spool, cancellation);
            SkipPadding(input);
        }
    }

    /// <summary>Streams may be followed by zeros, in fours.</summary>
    private static void SkipPadding(Stream input)
    {
        var count = 0;
        int next;
        while ((next = input.ReadByte()) == 0) count++;
        if (next >= 0) input.Position--;
        if (count % 4 != 0) throw new InvalidDataException("the padding after an xz stream is not a multiple of four bytes");
    }

    /// <summary>Keeps the input open when the library closes it.</summary>
    private sealed class Borrowed(Stream inner) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => true;

        public override bool CanWrite => false;

        public override long Length => inner.Length;

        public override long Position
        {
            get => inner.Position;
            set => inner.Position = value;
        }

        public override int Read(Span<byte> buffer) => inner.Read(buffer);

        public override int Read(byte[] buffer, int offset, int count) => inner.Read(buffer, offset, count);

        public override int ReadByte() => inner.ReadByte();

        public override long Seek(long offset, SeekOrigin origin) => inner.Seek(offset, origin);

        public override void Flush()
        {
        }

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
