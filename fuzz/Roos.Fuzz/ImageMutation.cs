using System.Buffers.Binary;
using System.Numerics;

namespace Roos.Fuzz;

/// <summary>
/// Changes images of EroFS at places where structure is: fields of all sizes, whole inode slots, pieces of other images.
/// The same random numbers give the same changes. It shares no code with the reader.
/// </summary>
internal static class ImageMutation
{
    private const int Superblock = 1024, SuperblockEnd = Superblock + 192, Block = 4096, Slot = 32;

    private static readonly ulong[] Interesting =
        [0, 1, 2, 3, 4, 7, 8, 12, 16, 31, 32, 63, 64, 127, 128, 255, 2047, 2048, 2049, 4094, 4095, 4096, 4097, 0x7fff, 0x8000, 0xffff, 0xfffff, 0x100000, 0x7fffffff, 0x80000000, 0xffffffff, 0x7fffffffffffffff, 0x8000000000000000, ulong.MaxValue];

    /// <summary>A changed copy of an image.</summary>
    /// <param name="original">The image.</param>
    /// <param name="other">An image that pieces are taken from.</param>
    /// <param name="random">Where all decisions come from.</param>
    /// <param name="maximumLength">Bytes of the copy at most.</param>
    public static byte[] Apply(ReadOnlySpan<byte> original, ReadOnlySpan<byte> other, Random random, int maximumLength)
    {
        var image = original.ToArray();
        for (var changes = 1 << random.Next(4); changes > 0; changes--)
        {
            switch (random.Next(16))
            {
                case 0:
                    image = Resize(image, random, maximumLength);
                    break;
                case 1:
                    Copy(image, image, Slot, random);
                    break;
                case 2:
                    Copy(other, image, Slot * (1 << random.Next(4)), random);
                    break;
                default:
                    ChangeField(image, random);
                    break;
            }
        }

        if (random.Next(64) != 0) Seal(image);
        return image;
    }

    /// <summary>Makes the superblock's checksum right (CRC-32C without inversion), so that what is behind it is reached.</summary>
    public static void Seal(Span<byte> image)
    {
        if (image.Length < Block) return;
        image.Slice(Superblock + 4, 4).Clear();
        var crc = uint.MaxValue;
        foreach (var b in image[Superblock..Block]) crc = BitOperations.Crc32C(crc, b);
        BinaryPrimitives.WriteUInt32LittleEndian(image[(Superblock + 4)..], crc);
    }

    private static void ChangeField(Span<byte> image, Random random)
    {
        var size = 1 << random.Next(4);
        var at = Place(image, random) & -size;
        if (at > image.Length - size) return;
        var field = image.Slice(at, size);
        Span<byte> bytes = stackalloc byte[8];
        bytes.Clear();
        field.CopyTo(bytes);
        var value = BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        value = unchecked(random.Next(6) switch
        {
            0 => value ^ 1UL << random.Next(size * 8),
            1 => value + (ulong)random.Next(1, 17),
            2 => value - (ulong)random.Next(1, 17),
            3 => Interesting[random.Next(Interesting.Length)],
            4 => (ulong)random.NextInt64(),
            _ => Read(image, Place(image, random) & -size, size),
        });
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        bytes[..size].CopyTo(field);
    }

    private static ulong Read(ReadOnlySpan<byte> image, int at, int size)
    {
        Span<byte> bytes = stackalloc byte[8];
        bytes.Clear();
        if (at <= image.Length - size) image.Slice(at, size).CopyTo(bytes);
        return BinaryPrimitives.ReadUInt64LittleEndian(bytes);
    }

    private static void Copy(ReadOnlySpan<byte> from, Span<byte> to, int count, Random random)
    {
        int source = Place(from, random) & -Slot, target = Place(to, random) & -Slot;
        if (source <= from.Length - count && target <= to.Length - count) from.Slice(source, count).CopyTo(to[target..]);
    }

    /// <summary>Seldom the superblock, sometimes anywhere, mostly near bytes that are not zero in a block of metadata.</summary>
    private static int Place(ReadOnlySpan<byte> image, Random random)
    {
        if (image.Length <= SuperblockEnd) return random.Next(Math.Max(image.Length, 1));
        var kind = random.Next(16);
        if (kind == 0) return random.Next(Superblock, SuperblockEnd);
        if (kind == 1) return random.Next(image.Length);

        // The root directory is in the first block of metadata; the inode of fragments is where the superblock says.
        var slot = kind < 4 ? Read(image, Superblock + 96, 8) : Read(image, Superblock + 14, 2);
        var start = (long)Read(image, Superblock + 40, 4) * Block + (long)(slot & 0xffffff) * Slot;
        var at = Math.Max(start / Block * Block, SuperblockEnd) + random.Next(kind < 12 ? Block : 3 * Block);
        if (at >= image.Length) return random.Next(image.Length);
        for (var tries = 0; tries < 64 && image[(int)at] == 0 && at + 1 < image.Length; tries++) at++;
        return (int)at;
    }

    private static byte[] Resize(byte[] image, Random random, int maximumLength)
    {
        var length = random.Next(3) == 0 ? random.Next(image.Length + 1) : (random.Next(image.Length + (2 * Block)) + Block - 1) / Block * Block;
        if (length > SuperblockEnd && length <= maximumLength) Array.Resize(ref image, length);
        // The superblock knows of it, mostly.
        if (image.Length >= Block && random.Next(4) != 0) BinaryPrimitives.WriteUInt32LittleEndian(image.AsSpan(Superblock + 36), (uint)(image.Length / Block));
        return image;
    }
}
