using System.Buffers.Binary;
using Roos.Erofs.Format;

namespace Roos.Erofs.Writing;

/// <summary>
/// All there is of a file that is wholly in the packed inode: 8 bytes where the header of an index would be, with the offset
/// and, in the highest bit, what they are (Z_EROFS_FRAGMENT_INODE_BIT).
/// </summary>
internal static class PackedHeader
{
    /// <summary>Bytes after an inode and xattrs of <paramref name="headSize"/> bytes.</summary>
    public static int Measure(int headSize) => (int)ErofsFormat.AlignUp(headSize, RawMapHeader.Size) - headSize + RawMapHeader.Size;

    public static void Write(long offset, Span<byte> destination)
    {
        destination.Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(destination[^RawMapHeader.Size..], (ulong)offset | 1UL << 63);
    }
}
