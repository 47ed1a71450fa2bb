using Roos.Builder.Configuration;
using Roos.Builder.Packages;
using Roos.Builder.Workspaces;
using Roos.Core.Bytes;
using Roos.Core.Compression;
using Roos.Core.Tar;
using Roos.Core.Tree;

namespace Roos.Builder.Pipeline;

/// <summary>The trees that packages make: from a provider through the cache, or from a tar that the user gives. The tars stay open as long as this lives.</summary>
internal sealed class PackageTrees(PackageSource source, Workspace workspace) : IDisposable
{
    private readonly List<IDisposable> _open = [];

    /// <summary>The tree of the packages of an image, as they were installed.</summary>
    public async Task<FileTree> Get(ImageConfiguration image, long sourceDateEpoch, string? ready, string option, CancellationToken cancellation)
    {
        var title = image.Name == "main" ? "Packages" : $"Packages of {image.Name}";
        if (ready is not null) return Read(RootfsFile.Open(ready, option), cancellation);
        return Read(await source.Get(image, sourceDateEpoch, title, cancellation), cancellation);
    }

    /// <summary>The tree in a tar of the user's (an ExtraTrees= that is a file, say).</summary>
    public FileTree ReadFile(string path, CancellationToken cancellation) => Read(FileSource.Open(path), cancellation);

    public void Dispose()
    {
        foreach (var one in _open) one.Dispose();
    }

    private FileTree Read(FileSource file, CancellationToken cancellation)
    {
        _open.Add(file);
        var tar = CompressedInput.Open(file, workspace.CreateSpool, file.Path, cancellation);
        if (tar is IDisposable spool && !ReferenceEquals(tar, file)) _open.Add(spool);
        return TarArchive.Read(tar, new TarReadOptions { Name = file.Path }, cancellation);
    }
}
