using Roos.Builder.Configuration;
using Roos.Builder.Packages;
using Roos.Builder.Terminal;
using Roos.Core.Bytes;

namespace Roos.Builder.Pipeline;

/// <summary>Gets the packages of images from a provider, through the cache.</summary>
internal sealed class PackageSource(BuildOptions options, BuildProgress progress)
{
    private IPackageProvider? _provider;

    private PackageCache Cache => new(Path.Combine(options.CacheDirectory, Commands.BuildFolders.PackageTars));

    /// <summary>The tar with the packages of an image, as they were installed.</summary>
    public async Task<FileSource> Get(ImageConfiguration image, long sourceDateEpoch, string title, CancellationToken cancellation) =>
        await Cache.Get(Request(image, sourceDateEpoch), await Provider(cancellation), options.Refresh, title, progress, cancellation);

    /// <summary>Sees that the archive has the packages of images that would have to be fetched, before anything is.</summary>
    /// <exception cref="UsageException">It does not have one; the place that asks for it.</exception>
    public async Task RequireAvailable(IReadOnlyList<ImageConfiguration> images, long sourceDateEpoch, CancellationToken cancellation)
    {
        if (images.Count == 0) return;
        var provider = await Provider(cancellation);
        var wanted = new List<(ImageConfiguration Image, PackageRequest Request)>();
        foreach (var image in images)
        {
            var request = Request(image, sourceDateEpoch);
            request.Check();
            if (options.Refresh || !await Cache.Has(request, provider, cancellation)) wanted.Add((image, request));
        }

        if (wanted.Count == 0) return;
        using var step = progress.Begin("Package index");
        await Task.WhenAll(wanted.Select(async item =>
        {
            try
            {
                await provider.Check(item.Request, cancellation);
            }
            catch (MissingPackagesException e) when (item.Image.Packages.FirstOrDefault(package => e.Packages.Contains(package.Value)) is { } package)
            {
                throw package.Origin.Error($"{item.Request.Distribution} {item.Request.Release} has no package {package.Value}, which image {item.Image.Name} asks for");
            }
        }));
        step.Result = "has all packages";
    }

    private async Task<IPackageProvider> Provider(CancellationToken cancellation) =>
        _provider ??= await PackageProviders.Choose(options.Provider, options.ContainerImage, progress, cancellation);

    private static PackageRequest Request(ImageConfiguration image, long sourceDateEpoch) => new()
    {
        Distribution = image.Distribution.Value,
        Release = image.Release.Value ?? "trixie",
        Architecture = image.Architecture.Value,
        Packages = [.. image.Packages.Select(package => package.Value)],
        WithRecommends = image.WithRecommends.Value,
        WithDocs = image.WithDocs.Value,
        Mirror = image.Mirror.Value,
        SourceDateEpoch = sourceDateEpoch,
    };
}
