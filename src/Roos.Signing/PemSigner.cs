namespace Roos.Signing;

/// <summary>Signs with a key at hand.</summary>
public sealed class PemSigner(PrivateKey key) : ISigner
{
    public byte[] Sign(SigningRequest request, CancellationToken cancellation = default)
    {
        cancellation.ThrowIfCancellationRequested();
        return key.Sign(request.Digest.AsSpan());
    }
}
