using System.CommandLine;
using System.Globalization;
using Roos.Builder.Configuration;
using Roos.Builder.Extensions;
using Roos.Builder.Host;
using Roos.Builder.Pipeline;
using Roos.Builder.Signing;
using Roos.Builder.Terminal;
using Roos.Builder.Workspaces;
using Roos.Core.Identity;
using Roos.Core.Tree;

namespace Roos.Builder.Commands;

/// <summary><c>roos extension</c>: system and configuration extensions.</summary>
internal static class ExtensionCommand
{
    public static Command Create() => new("extension", "Build system extensions (sysext: /usr, /opt) and configuration extensions (confext: /etc).") { CreateBuild() };

    private static Command CreateBuild()
    {
        var names = new Argument<string[]>("NAME") { Description = "Build these only, as NAME or FOLDER/NAME (default: all)", Arity = ArgumentArity.ZeroOrMore };
        var workers = new Option<int?>("--workers") { HelpName = "N", Description = "Threads at work; the result does not depend on it (default: one per processor)" };
        var passPhrases = new PassPhraseOptions();
        var command = new Command("build", """
            Build the extensions of the appliance: each folder of extensions/ is a sysext with files for /usr and /opt, each folder of
            confexts/ a confext with files for /etc. Each becomes a disk image with an EroFS, its hash tree, and the signature of its root
            hash where the appliance has a key (Verity=).

            An extension is tied to this version of the image (ImageVersion=) by its release file, which is written unless it is there.

            Examples:
              roos extension build
              roos extension build metrics confexts/site
              roos extension build && scp mkosi.output/extensions/metrics.raw machine:/var/lib/extensions/
            """)
        {
            names, workers,
        };
        passPhrases.AddTo(command);
        ConfigurationOptions.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            var appliance = ApplianceConfiguration.Load(Directory.GetCurrentDirectory(), CommandLineOverrides.From(parsed));
            var found = Find(appliance.Directory, parsed.GetValue(names) ?? []);
            var count = parsed.GetValue(workers) ?? Environment.ProcessorCount;
            if (count is < 1 or > 1024) throw new UsageException($"--workers must be 1 to 1024; found {count}");
            var image = appliance.Main;
            var keys = new KeyLoader(passPhrases.Of(parsed), cancellation);
            var signing = SigningSettings.ReadVerity(appliance, image, keys, DateTimeOffset.UtcNow);
            var output = BuildFolders.Output(appliance);
            var lines = await BuildProgress.Run(parsed.GetValue(GlobalOptions.Quiet), progress => Task.FromResult(Build(found, appliance, signing, keys, count, output, progress, cancellation)));
            foreach (var line in lines) await Console.Out.WriteLineAsync(line);
            return Program.Done;
        });
        return command;
    }

    private static List<string> Build(
        IReadOnlyList<(ExtensionKind Kind, string Name)> extensions, ApplianceConfiguration appliance, SigningSettings signing, KeyLoader keys, int workers, string output, BuildProgress progress, CancellationToken cancellation)
    {
        var image = appliance.Main;
        foreach (var warning in keys.Warnings) progress.Warn(warning);
        if (signing.Plan.Verity is null) progress.Warn("there is no key, so that the extensions are not signed: a machine that wants signed ones ignores them (roos genkey makes a key)");
        var identity = new BuildIdentity(BuildClock.Of(image, progress), image.Seed.Value);
        var host = new ExtensionHost(image.Distribution.Value, image.ImageVersion.Value ?? "", image.Architecture.Value);
        var options = new ExtensionImage.Options { Identity = identity, Architecture = image.Architecture.Value, Workers = workers, Layout = MkfsErofsSettings.Layout(Environment.GetEnvironmentVariable) };

        // Mistakes of all before the work of one.
        var trees = extensions.Select(item => (item.Kind, item.Name, Tree: ReadTree(item.Kind, item.Name, appliance.Directory, host, identity, progress))).ToList();
        using var workspace = Workspace.Create(output);
        using var cache = new CompressionCacheFolder(BuildFolders.Cache(appliance), CompressionCacheFolder.DefaultMaximumLength, progress.Warn);
        var made = new List<(string From, string To, byte[] RootHash)>();
        foreach (var (kind, name, tree) in trees)
        {
            using var own = Workspace.Create(output);
            var (disk, rootHash) = ExtensionImage.Make(kind, name, tree, signing.Plan, new KeySignatures(signing.Signers), options, own, cache, progress, cancellation);
            var file = $"{kind.Name}-{name}.raw";
            workspace.Materialize(file, disk, [], cancellation);
            made.Add((workspace.PathOf(file), Path.Combine(output, kind.Folder, name + ".raw"), rootHash));
        }

        var lines = new List<string>();
        foreach (var (from, to, rootHash) in made)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(to)!);
            File.Move(from, to, overwrite: true);
            lines.Add(string.Create(CultureInfo.InvariantCulture, $"{Convert.ToHexStringLower(rootHash)[..16]}… {new FileInfo(to).Length,14:N0}  {Path.GetRelativePath(Directory.GetCurrentDirectory(), to)}"));
        }

        return lines;
    }

    private static FileTree ReadTree(ExtensionKind kind, string name, string directory, ExtensionHost host, BuildIdentity identity, BuildProgress progress)
    {
        var place = $"{kind.Folder}/{name}";
        var overlay = HostDirectory.ReadOverlay(Path.Combine(directory, kind.Folder, name), identity.Clock);
        foreach (var file in overlay.ExecutableByBit) progress.Warn($"{Path.GetRelativePath(directory, file)} is executable by permission alone, so that a build on Windows makes another image (take the permission away, or begin scripts with #!)");
        return ExtensionTree.Complete(kind, name, overlay.Tree, host, identity.Clock, place);
    }

    /// <summary>The extensions of a tree, those that are named.</summary>
    internal static IReadOnlyList<(ExtensionKind Kind, string Name)> Find(string directory, IReadOnlyList<string> names)
    {
        var all = new List<(ExtensionKind Kind, string Name)>();
        foreach (var kind in ExtensionKind.All)
        {
            var folder = new DirectoryInfo(Path.Combine(directory, kind.Folder));
            if (folder.Exists) all.AddRange(folder.EnumerateDirectories().Select(item => item.Name).Order(StringComparer.Ordinal).Select(name => (kind, name)));
        }

        if (all.Count == 0) throw new UsageException($"{directory}: there are no extensions; a folder extensions/NAME with usr/ or opt/ is a sysext, a folder confexts/NAME with etc/ a confext");
        if (names.Count == 0) return all;
        var result = new List<(ExtensionKind, string)>();
        foreach (var name in names)
        {
            var matches = all.FindAll(item => name == item.Name || name.TrimEnd('/') == $"{item.Kind.Folder}/{item.Name}");
            if (matches.Count == 0) throw new UsageException($"{name}: there is no extension of that name{NearestName.Suggest(name, all.Select(item => item.Name))}; there are {string.Join(", ", all.Select(item => $"{item.Kind.Folder}/{item.Name}"))}");
            if (matches.Count > 1) throw new UsageException($"{name} is the name of two extensions; say which: {string.Join(" or ", matches.Select(item => $"{item.Kind.Folder}/{item.Name}"))}");
            if (!result.Contains(matches[0])) result.Add(matches[0]);
        }

        return result;
    }
}
