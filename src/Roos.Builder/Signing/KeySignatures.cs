using Roos.Signing;

namespace Roos.Builder.Signing;

/// <summary>Signatures by keys that are at hand: files, or commands that reach them.</summary>
internal sealed class KeySignatures(IReadOnlyDictionary<SigningRole, ISigner> signers) : ISignatureSource
{
    public IReadOnlyList<byte[]> Sign(IReadOnlyList<SigningRequest> requests, CancellationToken cancellation) =>
        [.. requests.Select(request => signers[request.Role].Sign(request, cancellation))];
}
