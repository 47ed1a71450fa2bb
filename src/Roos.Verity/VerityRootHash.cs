using System.Buffers;
using Roos.Core.Bytes;

namespace Roos.Verity;

/// <summary>The root hash of an image, in one line: for tests and scripts that want to know whether an image is the one that was signed.</summary>
/// <example>
/// <code>
/// using var image = File.OpenRead("root.raw");
/// byte[] rootHash = VerityRootHash.Compute(image, Convert.FromHexString(salt));
/// Console.WriteLine(Convert.ToHexStringLower(rootHash));
/// </code>
/// prints what <c>veritysetup format --salt=SALT root.raw hashes</c> calls the root hash.
/// </example>
public static class VerityRootHash
{
    /// <param name="data">Read to its end from where it is; a multiple of 4096 bytes and not empty.</param>
    /// <param name="salt">0 to 256 bytes; the superblock of the hash device holds it.</param>
    /// <param name="workers">Threads that hash; the result does not depend on it.</param>
    /// <returns>32 bytes.</returns>
    /// <exception cref="Roos.Core.RoosException">The data is empty or no whole number of blocks, or the salt is too long.</exception>
    public static byte[] Compute(Stream data, ReadOnlySpan<byte> salt, int workers = 1)
    {
        var sink = new VeritySink(new VerityOptions { Salt = salt.ToArray(), Workers = workers });
        var buffer = ArrayPool<byte>.Shared.Rent(1 << 17);
        try
        {
            for (int count; (count = data.Read(buffer)) > 0;) sink.Write(buffer.AsSpan(0, count));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        return sink.Complete().RootHash;
    }

    /// <inheritdoc cref="Compute(Stream, ReadOnlySpan{byte}, int)"/>
    public static byte[] Compute(ByteSource data, ReadOnlySpan<byte> salt, int workers = 1) =>
        VerityTree.Of(data, new VerityOptions { Salt = salt.ToArray(), Workers = workers }).RootHash;

    /// <inheritdoc cref="Compute(Stream, ReadOnlySpan{byte}, int)"/>
    public static byte[] Compute(IImage data, ReadOnlySpan<byte> salt, int workers = 1)
    {
        var sink = new VeritySink(new VerityOptions { Salt = salt.ToArray(), Workers = workers });
        data.WriteTo(sink);
        return sink.Complete().RootHash;
    }
}
