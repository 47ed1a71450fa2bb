using System.Globalization;
using System.Security.Cryptography;
using Roos.Builder.Publishing;
using Roos.Core;

namespace Roos.Builder.Serving;

/// <summary>A file that is served.</summary>
/// <param name="Path">Where it is.</param>
/// <param name="ContentType">Its media type.</param>
/// <param name="Modified">When it was written.</param>
/// <param name="EntityTag">In quotes: another one for other bytes.</param>
/// <param name="IsList">Whether it is the list of files or its signature, which change while the others only come and go.</param>
internal sealed record ServedFile(string Path, string ContentType, DateTimeOffset Modified, string EntityTag, bool IsList);

/// <summary>The folder of an <see cref="UpdateServer"/>: what is asked for is found here, or not at all.</summary>
internal sealed class ServedFolder(string path)
{
    private const int LongestList = 4 << 20;

    private readonly string _root = System.IO.Path.GetFullPath(path);

    /// <summary>What SHA256SUMS lists; empty where there is none.</summary>
    /// <exception cref="RoosException">It is broken.</exception>
    public IReadOnlyDictionary<string, string> Digests => DigestList.Find(_root)?.Digests ?? new Dictionary<string, string>();

    /// <summary>A file right in the folder; null for anything else.</summary>
    public ServedFile? Find(string name)
    {
        var isList = name is OutputSet.Manifest or OutputSet.ManifestSignature;
        if ((!isList && !OutputSet.IsName(name)) || name.StartsWith('.')) return null;

        // One of those that are there, rather than what the name makes of a path: file systems take more names for a file than its own.
        var file = new DirectoryInfo(_root).EnumerateFiles().FirstOrDefault(file => file.Name == name);
        if (file is null) return null;
        var path = file.FullName;
        if (file.LinkTarget is not null)
        {
            // A link to a file that is served under its own name; one that leads anywhere else would be a hole.
            var target = file.ResolveLinkTarget(returnFinalTarget: true) as FileInfo;
            if (target is not { Exists: true } || System.IO.Path.GetDirectoryName(target.FullName) != RealRoot()) return null;
            file = target;
        }

        // The list may be replaced by one of the same length within a tick of the clock: its tag is its digest.
        var tag = isList && file.Length is > 0 and <= LongestList
            ? Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path)))[..32]
            : string.Create(CultureInfo.InvariantCulture, $"{file.LastWriteTimeUtc.Ticks:x}-{file.Length:x}");
        return new ServedFile(path, ContentType(name), file.LastWriteTimeUtc, $"\"{tag}\"", isList);
    }

    /// <summary>The bytes of a file that <see cref="Find"/> finds.</summary>
    public long? LengthOf(string name) => Find(name) is { } file ? new FileInfo(file.Path).Length : null;

    private static string ContentType(string name) => System.IO.Path.GetExtension(name) switch
    {
        _ when name == OutputSet.Manifest => "text/plain; charset=utf-8",
        ".gpg" => "application/pgp-signature",
        ".manifest" or ".json" => "application/json",
        ".roothash" or ".txt" or ".conf" => "text/plain; charset=utf-8",
        ".xz" => "application/x-xz",
        _ => "application/octet-stream",
    };

    private string RealRoot() => new DirectoryInfo(_root).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? _root;
}
