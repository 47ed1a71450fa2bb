using Roos.Core;
using Roos.Signing;

namespace Roos.Builder.Signing;

/// <summary>Where signatures come from: keys that are at hand, or a folder that somebody with the keys fills.</summary>
internal interface ISignatureSource
{
    /// <summary>One signature for each request, in their order.</summary>
    /// <exception cref="SignaturesWantedException">They have to be made elsewhere first.</exception>
    IReadOnlyList<byte[]> Sign(IReadOnlyList<SigningRequest> requests, CancellationToken cancellation);
}

/// <summary>Not an error: the requests are written down, and the work goes on when they are answered.</summary>
internal sealed class SignaturesWantedException(IReadOnlyList<SigningRequest> requests) : Exception
{
    public IReadOnlyList<SigningRequest> Requests { get; } = requests;
}

/// <summary>
/// Signatures that do not depend on each other, asked for together: who signs by hand is asked as few times as possible.
/// Whatever made them, they are checked before they are used.
/// </summary>
internal sealed class SignatureRound(SigningPlan plan, ISignatureSource source)
{
    private readonly List<(SigningRequest Request, ToBeSigned Structure)> _items = [];

    public void Add(string name, string description, SigningRole role, ToBeSigned structure) =>
        _items.Add((new SigningRequest(name, description, role, structure.Digest), structure));

    /// <summary>The completed structures by name.</summary>
    /// <exception cref="RoosException">A signature is not what it should be.</exception>
    public IReadOnlyDictionary<string, byte[]> Complete(CancellationToken cancellation)
    {
        var result = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        if (_items.Count == 0) return result;
        var signatures = source.Sign([.. _items.Select(item => item.Request)], cancellation);
        foreach (var ((request, structure), signature) in _items.Zip(signatures))
        {
            var key = plan.KeyOf(request.Role);
            if (signature.Length != key.SignatureLength) throw new RoosException($"the signature of {request.Name} ({request.Description}) must have {key.SignatureLength} bytes, as the modulus of the {request.Role} key; found {signature.Length}");
            if (!key.Verify(request.Digest.AsSpan(), signature))
            {
                throw new RoosException(
                    $"the signature of {request.Name} ({request.Description}) does not belong to it: it was made with another key than the {request.Role} certificate names, or for another build. "
                    + $"It must be RSASSA-PKCS1-v1_5 with SHA-256 over the digest {Convert.ToHexStringLower(request.Digest.AsSpan())}");
            }

            result.Add(request.Name, structure.Complete(signature));
        }

        return result;
    }
}
