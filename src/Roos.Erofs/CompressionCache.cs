namespace Roos.Erofs;

/// <summary>
/// A place that remembers results of compression by the digest of what went in, so that a later image need not compress the
/// same again. Called from several threads at once. It may forget anything at any time and need not be trusted: every value
/// has its own digest, which is checked by the writer before a byte of it is used.
/// </summary>
public abstract class CompressionCache
{
    /// <summary>What was stored under <paramref name="key"/>, 32 bytes; null where nothing is, or where it cannot be read.</summary>
    public abstract byte[]? TryRead(ReadOnlySpan<byte> key);

    /// <summary>Stores a value; what is under the key already may stay. Failing to store is no error.</summary>
    public abstract void Write(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value);
}
