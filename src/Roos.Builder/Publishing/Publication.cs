using System.Globalization;
using System.Security.Cryptography;
using Roos.Builder.Steps;
using Roos.Core;

namespace Roos.Builder.Publishing;

/// <summary>An image whose artifacts are published.</summary>
/// <param name="Id">ImageId=.</param>
/// <param name="Version">ImageVersion=.</param>
internal sealed record PublishedImage(string Id, string Version);

/// <summary>What publishing does.</summary>
/// <param name="Added">Artifacts that are copied; those that are there already are not among them.</param>
/// <param name="Removed">Files of versions that are given up.</param>
/// <param name="Versions">What is published when it is done, newest first, by image.</param>
/// <param name="ListChanges">Whether SHA256SUMS or its signature is written.</param>
internal sealed record PublicationResult(IReadOnlyList<Output> Added, IReadOnlyList<string> Removed, IReadOnlyDictionary<string, IReadOnlyList<string>> Versions, bool ListChanges);

/// <summary>
/// Copies the outputs of a build into a folder that machines get updates from. At no moment does SHA256SUMS name a file that is
/// not there whole; ended anywhere, it goes on where it was when it is run again. The order: artifacts, each under a temporary
/// name and renamed when its bytes are on the disk; SHA256SUMS.gpg and at once SHA256SUMS; then the files of old versions go.
/// </summary>
internal sealed class Publication
{
    /// <summary>The beginning of the names of files that are being copied.</summary>
    public const string TemporaryPrefix = ".roos-publish-";

    private readonly string _source, _target;
    private readonly DigestList _list, _built;
    private readonly byte[]? _before;
    private readonly List<Output> _added = [];
    private readonly List<string> _removed = [];

    private Publication(string source, string target)
    {
        (_source, _target) = (source, target);
        _built = DigestList.Find(source) ?? throw new RoosException($"{source}: there is no {OutputSet.Manifest} here, so nothing was built; run roos build first");
        _list = DigestList.Find(target) ?? new DigestList();
        _before = File.Exists(ListPath) ? File.ReadAllBytes(ListPath) : null;
    }

    private string ListPath => Path.Combine(_target, OutputSet.Manifest);

    private string SignaturePath => Path.Combine(_target, OutputSet.ManifestSignature);

    /// <summary>Publishes, or with <paramref name="isTrial"/> says what it would do.</summary>
    /// <param name="source">The output directory of the build.</param>
    /// <param name="target">The folder that is served.</param>
    /// <param name="images">The images of the build.</param>
    /// <param name="options">How.</param>
    /// <param name="sign">Makes the signature of SHA256SUMS; null where it is not signed.</param>
    /// <param name="isSigned">Whether a signature is that of the bytes; asked where there is one already.</param>
    /// <param name="isTrial">Nothing is changed.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="RoosException">Something is in the way; what is published is as it was.</exception>
    public static PublicationResult Run(
        string source, string target, IReadOnlyList<PublishedImage> images, PublicationOptions options, Func<byte[], byte[]>? sign, Func<byte[], byte[], bool> isSigned, bool isTrial, CancellationToken cancellation)
    {
        try
        {
            if (!Directory.Exists(target))
            {
                if (!options.Create) throw new RoosException($"{target}: there is no such folder (a web root that is not mounted?); --create makes it");
                if (!isTrial) Directory.CreateDirectory(target);
            }

            using var held = isTrial ? null : Hold(target);
            return new Publication(source, target).Run(images, options, sign, isSigned, isTrial, cancellation);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RoosException($"{target}: cannot be published to: {e.Message}", e);
        }
    }

    private PublicationResult Run(IReadOnlyList<PublishedImage> images, PublicationOptions options, Func<byte[], byte[]>? sign, Func<byte[], byte[], bool> isSigned, bool isTrial, CancellationToken cancellation)
    {
        if (sign is null && File.Exists(SignaturePath)) throw new RoosException($"{SignaturePath}: what is published here is signed, and this appliance has Sign=no: machines would refuse the unsigned list. Set Sign=yes, or remove the signature");
        foreach (var name in _list.Digests.Keys.Where(name => !File.Exists(Path.Combine(_target, name))))
            throw new RoosException($"{ListPath}: lists {name}, which is not in the folder; put it back, or take the line out");

        var versions = new SortedDictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        foreach (var image in images)
        {
            Add(image, options);
            versions.Add(image.Id, GiveUpOld(image, options.Keep));
        }

        CheckSpace();
        if (!isTrial) foreach (var artifact in _added) Copy(artifact, cancellation);
        var list = _list.ToBytes();
        var isSame = _before is not null && _before.AsSpan().SequenceEqual(list) && (sign is null || (File.Exists(SignaturePath) && isSigned(list, File.ReadAllBytes(SignaturePath))));
        if (!isTrial)
        {
            if (!isSame) WriteList(list, sign?.Invoke(list));
            foreach (var name in _removed) File.Delete(Path.Combine(_target, name));
        }

        return new PublicationResult(_added, _removed, versions, !isSame);
    }

    /// <summary>Puts the artifacts of an image on the list, and those that are not there on the way.</summary>
    private void Add(PublishedImage image, PublicationOptions options)
    {
        var artifacts = _built.Digests.Where(item => ArtifactVersion.Of(item.Key, image.Id) == image.Version && (options.WithDisks || item.Key != $"{image.Id}_{image.Version}.raw")).ToList();
        if (artifacts.Count == 0) throw new RoosException($"{_source}: has no artifacts of {image.Id} {image.Version}; run roos build first");

        var published = _list.Digests.Keys.Select(name => ArtifactVersion.Of(name, image.Id)).OfType<string>().Distinct().ToList();
        var newest = published.Order(VersionComparer.Instance).LastOrDefault();
        if (newest is not null && !options.AllowDowngrade && VersionComparer.Instance.Compare(image.Version, newest) < 0)
            throw new RoosException($"{image.Id} {image.Version} is older than {newest}, which is published already, so no machine would take it; raise ImageVersion= (roos bump), or give --allow-downgrade");
        if (published.FirstOrDefault(other => other != image.Version && VersionComparer.Instance.Compare(other, image.Version) == 0) is { } equal)
            throw new RoosException($"{image.Id} {image.Version} and {equal}, which is published already, are the same version to a machine; raise ImageVersion=");

        // Machines that have a version never fetch it again: it must not become another one.
        foreach (var (name, digest) in _list.Digests.Where(item => ArtifactVersion.Of(item.Key, image.Id) == image.Version))
        {
            if (!_built.Digests.TryGetValue(name, out var mine) || mine != digest)
                throw new RoosException($"{image.Id} {image.Version} is published already, with another content ({name} {(mine is null ? "is not in this build" : "has another digest")}): raise ImageVersion= (roos bump)");
        }

        foreach (var (name, digest) in artifacts)
        {
            var path = Path.Combine(_source, name);
            if (!File.Exists(path)) throw new RoosException($"{path} is in {OutputSet.Manifest} of the build and is not there; run roos build again");
            var there = Path.Combine(_target, name);
            if (!_list.Digests.ContainsKey(name))
            {
                if (!File.Exists(there)) _added.Add(new Output(name, new FileInfo(path).Length, digest));
                else if (Digest(there) != digest) throw new RoosException($"{there} is not listed in {OutputSet.Manifest} and is another file than the one to be published; move it away");
            }

            _list.Set(name, digest);
        }
    }

    private List<string> GiveUpOld(PublishedImage image, int? keep)
    {
        var versions = _list.Digests.Keys.Select(name => ArtifactVersion.Of(name, image.Id)).OfType<string>().Distinct().OrderDescending(VersionComparer.Instance).ToList();
        if (keep is not { } most) return versions;

        // The one that is being published stays, old or not.
        var kept = versions.Take(most).Append(image.Version).ToHashSet(StringComparer.Ordinal);
        foreach (var name in _list.Digests.Keys.Where(name => ArtifactVersion.Of(name, image.Id) is { } version && !kept.Contains(version)).ToList())
        {
            _list.Remove(name);
            _removed.Add(name);
        }

        return versions.FindAll(kept.Contains);
    }

    private void CheckSpace()
    {
        if (_added.Count == 0) return;
        var existing = _target;
        while (!Directory.Exists(existing)) existing = Path.GetDirectoryName(existing)!;
        var (wanted, free) = (_added.Sum(artifact => artifact.Length), new DriveInfo(existing).AvailableFreeSpace);
        if (wanted > free) throw new RoosException(string.Create(CultureInfo.InvariantCulture, $"{_target}: {wanted / 1e6:0} MB are to be copied, and {free / 1e6:0} MB are free; nothing was published. Old versions go with --keep, after the new one is there"));
    }

    private void Copy(Output artifact, CancellationToken cancellation)
    {
        var temporary = Path.Combine(_target, TemporaryPrefix + artifact.Name);
        try
        {
            CopyTo(temporary, artifact, cancellation);
            File.Move(temporary, Path.Combine(_target, artifact.Name), overwrite: false);
        }
        catch
        {
            // A full disk is not to stay full of it.
            File.Delete(temporary);
            throw;
        }
    }

    private void CopyTo(string temporary, Output artifact, CancellationToken cancellation)
    {
        using var source = new FileStream(Path.Combine(_source, artifact.Name), FileMode.Open, FileAccess.Read, FileShare.Read, 0, FileOptions.SequentialScan);
        using var target = new FileStream(temporary, FileMode.Create, FileAccess.Write, FileShare.None, 0);
        using var digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[1 << 20];
        int count;
        while ((count = source.Read(buffer)) > 0)
        {
            cancellation.ThrowIfCancellationRequested();
            digest.AppendData(buffer.AsSpan(0, count));
            target.Write(buffer.AsSpan(0, count));
        }

        if (Convert.ToHexStringLower(digest.GetHashAndReset()) != artifact.Digest) throw new RoosException($"{Path.Combine(_source, artifact.Name)} is not as it was built: its digest is not that of {OutputSet.Manifest}; run roos build again");
        target.Flush(flushToDisk: true);
    }

    /// <summary>
    /// systemd-pull asks for the list and its signature at the same time. Whoever gets one old and one new refuses both and comes
    /// back later; so both are complete before the first is renamed, and the list, which unsigned appliances go by, is last.
    /// </summary>
    private void WriteList(byte[] list, byte[]? signature)
    {
        if (signature is not null) Write(SignaturePath, signature);
        Write(ListPath, list);
        if (signature is not null) File.Move(Temporary(SignaturePath), SignaturePath, overwrite: true);
        File.Move(Temporary(ListPath), ListPath, overwrite: true);

        static void Write(string path, byte[] bytes)
        {
            using var stream = new FileStream(Temporary(path), FileMode.Create, FileAccess.Write, FileShare.None);
            stream.Write(bytes);
            stream.Flush(flushToDisk: true);
        }
    }

    private static string Temporary(string path) => Path.Combine(Path.GetDirectoryName(path)!, TemporaryPrefix + Path.GetFileName(path));

    private static string Digest(string path)
    {
        using var stream = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }

    /// <summary>One publication at a time; what an earlier one was copying when it was ended goes.</summary>
    private static FileStream Hold(string target)
    {
        FileStream held;
        try
        {
            held = new FileStream(Path.Combine(target, TemporaryPrefix + "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.DeleteOnClose);
        }
        catch (IOException e)
        {
            throw new RoosException($"{target}: another roos publish is at work here", e);
        }

        foreach (var left in Directory.GetFiles(target, TemporaryPrefix + "*").Where(path => !path.EndsWith(TemporaryPrefix + "lock", StringComparison.Ordinal))) File.Delete(left);
        return held;
    }
}

/// <summary>How is published.</summary>
internal sealed record PublicationOptions
{
    /// <summary>How many versions of an image stay; null for all.</summary>
    public int? Keep { get; init; }

    public bool AllowDowngrade { get; init; }

    /// <summary>Also whole disks, for new machines.</summary>
    public bool WithDisks { get; init; }

    /// <summary>Make the folder where it is not there.</summary>
    public bool Create { get; init; }
}
