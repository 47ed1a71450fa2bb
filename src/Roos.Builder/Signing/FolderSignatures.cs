using Roos.Core;
using Roos.Core.Bytes;
using Roos.Signing;

namespace Roos.Builder.Signing;

/// <summary>
/// Signatures that somebody else puts into a folder: for every request a file NAME.digest with the 32 bytes is written, and
/// NAME.sig is what comes back.
/// </summary>
internal sealed class FolderSignatures(string folder) : ISignatureSource
{
    private const int MaximumLength = 64 << 10;

    private readonly List<SigningRequest> _answered = [];

    /// <summary>Requests whose signatures were there.</summary>
    public IReadOnlyList<SigningRequest> Answered => _answered;

    public IReadOnlyList<byte[]> Sign(IReadOnlyList<SigningRequest> requests, CancellationToken cancellation)
    {
        var wanted = requests.Where(request => !File.Exists(SignaturePath(request))).ToList();
        _answered.AddRange(requests.Except(wanted));
        if (wanted.Count > 0) throw new SignaturesWantedException(wanted);
        return [.. requests.Select(Read)];
    }

    /// <summary>Where the digest of a request is written.</summary>
    public string DigestPath(SigningRequest request) => Path.Combine(folder, request.Name + ".digest");

    /// <summary>Where its signature is expected.</summary>
    public string SignaturePath(SigningRequest request) => Path.Combine(folder, request.Name + ".sig");

    private byte[] Read(SigningRequest request)
    {
        using var file = FileSource.Open(SignaturePath(request));
        return file.Length <= MaximumLength ? file.ToArray() : throw new RoosException($"{file.Path}: {file.Length} bytes are too many for a signature");
    }
}
