using System.Text;
using Roos.Builder.Workspaces;
using Roos.Core;
using Roos.Core.Bytes;

namespace Roos.Builder.Publishing;

/// <summary>An output that is complete.</summary>
/// <param name="Name">Its file name in the output directory.</param>
/// <param name="Length">Bytes, holes included.</param>
/// <param name="Digest">SHA-256, lower-case hex.</param>
public sealed record Output(string Name, long Length, string Digest);

/// <summary>
/// The outputs of a build: made in the workspace, moved into the output directory together when all are complete, SHA256SUMS last.
/// Until <see cref="Commit"/> the directory is as it was.
/// </summary>
public sealed class OutputSet(Workspace workspace, string directory)
{
    /// <summary>The file with the digest of every output, as sha256sum writes it; in byte order of names.</summary>
    public const string Manifest = "SHA256SUMS";

    /// <summary>The detached OpenPGP signature of <see cref="Manifest"/>, binary.</summary>
    public const string ManifestSignature = Manifest + ".gpg";

    private readonly SortedDictionary<string, Output> _outputs = new(StringComparer.Ordinal);

    private byte[]? _signature;

    /// <summary>What has been made so far, by name.</summary>
    public IReadOnlyCollection<Output> Outputs => _outputs.Values;

    /// <summary>Writes an output and returns it as bytes that exist. <paramref name="also"/> sees the same bytes go by.</summary>
    public ByteSource Add(string name, IImage image, IReadOnlyList<ImageSink> also, CancellationToken cancellation)
    {
        if (!IsName(name)) throw new RoosException($"\"{name}\" cannot be the name of an output");
        if (_outputs.ContainsKey(name)) throw new RoosException($"two outputs would have the name {name}; make Output= or SplitName= differ");
        using var digest = new Sha256Sink();
        var source = workspace.Materialize(name, image, [.. also, digest], cancellation);
        _outputs.Add(name, new Output(name, image.Length, Convert.ToHexStringLower(digest.GetDigest())));
        return source;
    }

    public ByteSource Add(string name, string text, CancellationToken cancellation) =>
        Add(name, new SourceImage(ByteSource.FromMemory(Encoding.UTF8.GetBytes(text))), [], cancellation);

    /// <summary>True for what can be the name of an output: a file name without folders.</summary>
    internal static bool IsName(string name) => name is not (Manifest or ManifestSignature or "" or "." or "..") && name.AsSpan().IndexOfAny("/\\\0\n") < 0;

    /// <summary>Moves everything into the output directory. The sources that <see cref="Add(string, IImage, IReadOnlyList{ImageSink}, CancellationToken)"/> returned stay readable.</summary>
    public void Commit()
    {
        try
        {
            File.WriteAllBytes(workspace.PathOf(Manifest), ManifestText());
            if (_signature is not null) File.WriteAllBytes(workspace.PathOf(ManifestSignature), _signature);
            Directory.CreateDirectory(directory);
            foreach (var name in _outputs.Keys) Move(name);
            if (_signature is not null) Move(ManifestSignature);
            else File.Delete(Path.Combine(directory, ManifestSignature)); // an earlier build's would belong to nothing
            Move(Manifest);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RoosException($"{directory}: the outputs are complete but cannot be moved there: {e.Message}", e);
        }
    }

    /// <summary>What SHA256SUMS will hold: UTF-8.</summary>
    public byte[] ManifestText() => Encoding.UTF8.GetBytes(string.Concat(_outputs.Values.Select(output => $"{output.Digest} *{output.Name}\n")));

    /// <summary>Gives the signature of <see cref="ManifestText"/>, after which nothing can be added.</summary>
    public void SignManifest(byte[] signature) => _signature = signature;

    private void Move(string name) => File.Move(workspace.PathOf(name), Path.Combine(directory, name), overwrite: true);
}
