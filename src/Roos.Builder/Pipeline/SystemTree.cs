using Roos.Builder.Configuration;
using Roos.Builder.Host;
using Roos.Builder.Steps;
using Roos.Builder.Terminal;
using Roos.Core;
using Roos.Core.Bytes;
using Roos.Core.Tree;

namespace Roos.Builder.Pipeline;

/// <summary>Makes the tree of a system out of the tree of its packages and the appliance's configuration: a row of pure steps.</summary>
internal sealed class SystemTree(ApplianceConfiguration appliance, PackageTrees packages, BuildProgress progress)
{
    private const string FallbackUser = "roos";

    /// <summary>The tree of the main image, complete but for the boot files; /var and the other mount points are empty in it, /boot has what the appliance brings for the ESP.</summary>
    public FileTree MakeRoot(FileTree installed, ImageConfiguration image, long sourceDateEpoch, CancellationToken cancellation)
    {
        var tree = BuildMachineTraces.Remove(installed);
        tree = AddExtraTrees(tree, image, sourceDateEpoch, cancellation);
        tree = AddAccess(tree, image);
        tree = SystemUsers.Apply(tree, sourceDateEpoch);
        tree = OsRelease.Apply(tree, image.ImageId.Value ?? "image", image.ImageVersion.Value);
        tree = LocalSettings.Apply(tree, image);
        tree = Presets.Apply(tree);
        tree = TmpFiles.Apply(tree);
        tree = ImageCleanup.Apply(tree, new ImageCleanupOptions { WithDocs = image.WithDocs.Value, SourceDateEpoch = sourceDateEpoch });
        return Finish(tree, image, sourceDateEpoch);
    }

    /// <summary>The tree of an initrd.</summary>
    public FileTree MakeInitrd(FileTree installed, ImageConfiguration image, long sourceDateEpoch, CancellationToken cancellation)
    {
        var tree = InitrdTree.Make(BuildMachineTraces.Remove(installed));
        tree = AddExtraTrees(tree, image, sourceDateEpoch, cancellation);
        tree = SystemUsers.Apply(tree, sourceDateEpoch);
        tree = Presets.Apply(tree);
        return Finish(tree, image, sourceDateEpoch);
    }

    private static FileTree Finish(FileTree tree, ImageConfiguration image, long sourceDateEpoch)
    {
        tree = Filter.Remove(tree, [.. image.RemoveFiles.Select(pattern => (ByteString)pattern.Value)]);
        return Normalise.ClampTimes(tree, new Timestamp(sourceDateEpoch, 0));
    }

    private FileTree AddExtraTrees(FileTree tree, ImageConfiguration image, long sourceDateEpoch, CancellationToken cancellation)
    {
        foreach (var extra in image.ExtraTrees)
        {
            if (!Path.Exists(extra.Source)) throw extra.Origin.Error($"ExtraTrees= names {extra.Source}, which is not there");
            var upper = Directory.Exists(extra.Source) ? ReadDirectory(extra.Source, sourceDateEpoch) : packages.ReadFile(extra.Source, cancellation);
            var target = TreePath.Normalise(extra.Target);
            if (!target.IsEmpty) upper = new FileTreeBuilder().Set(target, upper.Root).Build();
            try
            {
                tree = Overlay.Apply(tree, upper);
            }
            catch (RoosException e)
            {
                throw new UsageException($"{Path.GetRelativePath(appliance.Directory, extra.Source)}: {e.Message}");
            }
        }

        return tree;
    }

    private FileTree ReadDirectory(string path, long sourceDateEpoch)
    {
        var overlay = HostDirectory.ReadOverlay(path, new Timestamp(sourceDateEpoch, 0));
        if (overlay.ExecutableByBit.Count > 0)
        {
            var names = overlay.ExecutableByBit.Select(file => Path.GetRelativePath(appliance.Directory, file)).Order(StringComparer.Ordinal).ToList();
            var more = names.Count > 5 ? $" and {names.Count - 5} more" : "";
            progress.Warn($"executable by permission alone, so that a build on Windows makes another image: {string.Join(", ", names.Take(5))}{more} (take the permission away, or begin scripts with #!)");
        }

        return overlay.Tree;
    }

    private FileTree AddAccess(FileTree tree, ImageConfiguration image)
    {
        // Keys without a user would let nobody in: who gives keys and names no user gets the template's.
        var user = image.Variable("DEFAULT_USER") ?? new Setting<string>(appliance.AuthorizedKeys is null ? "" : FallbackUser, SettingOrigin.Default);
        if (user.Value.Length > 0) tree = DefaultUser.Apply(tree, user);

        if (appliance.AuthorizedKeys is { } keys)
        {
            using var file = FileSource.Open(keys);
            return AuthorizedKeys.Apply(tree, ByteSource.FromMemory(file.ToArray()));
        }

        if (tree.Find("etc/authorized_keys") is null)
        {
            progress.Warn("config/authorized_keys is not there: nobody will be able to log in to this image (put the public keys of its maintainers there)");
        }

        return tree;
    }
}
