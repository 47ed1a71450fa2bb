using System.Buffers.Binary;
using Roos.Core.Bytes;

namespace Roos.Verity.Tests;

/// <summary>Data whose every block differs and that anyone can make again: the pinned hashes were taken from veritysetup 2.6.1 over it.</summary>
internal static class Pattern
{
    public static byte[] Salt { get; } = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];

    public static byte[] Blocks(int count)
    {
        var result = new byte[count * 4096];
        for (var block = 0; block < count; block++)
        {
            var bytes = result.AsSpan(block * 4096, 4096);
            for (var i = 0; i < 4088; i++) bytes[i] = unchecked((byte)((i * 131) + (i >> 8) + (block * 17)));
            BinaryPrimitives.WriteInt64LittleEndian(bytes[4088..], block);
        }

        return result;
    }

    public static ByteSource Source(byte[] bytes) => ByteSource.FromMemory(bytes);

    public static VerityTree Tree(byte[] data, int workers = 1, byte[]? salt = null)
    {
        var sink = new VeritySink(new VerityOptions { Salt = salt ?? Salt, Uuid = Core.Identity.Uuid.Parse("11111111-2222-4333-8444-555555555555"), Workers = workers });
        sink.Write(data);
        return sink.Complete();
    }
}
