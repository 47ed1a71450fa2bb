using System.CommandLine;
using Roos.Builder.Configuration;
using Roos.Builder.Packages;
using Roos.Builder.Pipeline;
using Roos.Builder.Signing;
using Roos.Builder.Terminal;
using Roos.Builder.Updates;

namespace Roos.Builder.Commands;

/// <summary><c>roos build</c>: the main job.</summary>
internal static class BuildCommand
{
    public static Command Create()
    {
        var rootfs = new Option<string?>("--rootfs") { HelpName = "TAR", Description = "Take the packages' tree from this tar (plain, gz, bz2, xz, zst) instead of installing packages" };
        var initrd = new Option<string?>("--initrd-rootfs") { HelpName = "TAR", Description = "The same for the initrd" };
        var provider = new Option<string>("--provider") { HelpName = "NAME", Description = "Who installs packages: auto, mmdebstrap, podman, docker", DefaultValueFactory = _ => "auto" };
        provider.AcceptOnlyFromAmong([.. PackageProviders.Names]);
        var container = new Option<string?>("--container-image") { HelpName = "IMAGE", Description = "The image that podman or docker runs, with mmdebstrap in it or apt to install it" };
        var only = new Option<string[]>("--image") { HelpName = "NAME", Description = "Build this disk image only: main, or one of mkosi.images/ (default: all of them; may be repeated)" };
        var workers = new Option<int?>("--workers") { HelpName = "N", Description = "Threads at work; the result does not depend on it (default: one per processor)" };
        var downgrade = new Option<bool>("--allow-downgrade") { Description = "Build a version that is older than one in the output directory, although machines update themselves from UPDATE_URL=" };
        var prepare = new Option<string?>("--prepare-signing") { HelpName = "DIR", Description = "Needs no private key: write the image without signatures and the digests to be signed into this new folder; roos attach-signatures DIR completes it" };
        var passPhrases = new PassPhraseOptions();
        var force = ForceOption.Create("Given twice (-ff), fetch the packages again although they are in the cache. Given once it does what a build does anyway: outputs are replaced");
        var command = new Command("build", """
            Build the appliance: packages, tree, EroFS, verity, UKI, disk.

            Examples:
              roos build
              roos -C my-appliance build --profile ab --image-version 7
              roos build --image kiosk              one of several images of the tree
              roos build -ff                        with the newest packages
              roos build --rootfs rootfs.tar.zst --initrd-rootfs initrd.tar.zst
              roos build --prepare-signing to-sign  signatures are made elsewhere: roos attach-signatures --help
              SYSTEMD_REPART_MKFS_OPTIONS_EROFS="-C65536 -E^fragments" roos build
                                                    another layout of EroFS: -C, -E, --max-extent-bytes
                                                    and --compress-hints of roos mkfs.erofs
            """)
        {
            only, rootfs, initrd, provider, container, workers, downgrade, prepare, force,
        };
        passPhrases.AddTo(command);
        ConfigurationOptions.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            var appliance = ApplianceConfiguration.Load(Directory.GetCurrentDirectory(), CommandLineOverrides.From(parsed));
            appliance.RequireSupported();
            var images = DiskImages(appliance, parsed.GetValue(only) ?? []);
            ApplianceChecks.Check(appliance, images);
            if (!parsed.GetValue(downgrade)) images.ForEach(image => BuildOrder.Check(image, BuildFolders.Output(appliance)));
            var count = parsed.GetValue(workers) ?? Environment.ProcessorCount;
            if (count is < 1 or > 1024) throw new UsageException($"--workers must be 1 to 1024; found {count}");
            var options = new BuildOptions
            {
                Rootfs = parsed.GetValue(rootfs),
                InitrdRootfs = parsed.GetValue(initrd),
                Provider = parsed.GetValue(provider)!,
                ContainerImage = parsed.GetValue(container),
                Refresh = ForceOption.Count(parsed, force) >= 2,
                Workers = count,
                ErofsLayout = MkfsErofsSettings.Layout(Environment.GetEnvironmentVariable),
                CacheDirectory = BuildFolders.Cache(appliance),
                OutputDirectory = BuildFolders.Output(appliance),
            };
            var folder = parsed.GetValue(prepare);
            if (folder is not null) PreparedFolder.RequireNew(folder);
            var keys = folder is null ? new KeyLoader(passPhrases.Of(parsed), cancellation) : null;
            var signing = images.Select(image => SigningSettings.Read(appliance, image, keys, DateTimeOffset.UtcNow)).ToList();
            if (folder is not null && images.Count > 1) throw new UsageException($"--prepare-signing prepares one image at a time, and this tree has {string.Join(", ", images.Select(image => image.Name))}; say which: --image {images[0].Name}");
            if (folder is not null && signing[0].Plan.IsEmpty) throw new UsageException("--prepare-signing: nothing of this image is to be signed; set SecureBoot=yes (and SecureBootCertificate=, or put the certificate into mkosi.crt)");
            var lines = await BuildProgress.Run(parsed.GetValue(GlobalOptions.Quiet), async progress =>
            {
                foreach (var note in appliance.Notes) progress.Note(note);
                foreach (var warning in keys?.Warnings ?? []) progress.Warn(warning);
                var pipelines = images.Zip(signing, (image, its) => (
                    new BuildPipeline(appliance, image, its.Plan, options, images.Count == 1 ? progress : new ImageProgress(progress, image.Name)),
                    (ISignatureSource)new KeySignatures(its.Signers))).ToList();
                if (folder is null)
                {
                    var outputs = await BuildPipeline.Run(pipelines, options, progress, cancellation);
                    return outputs.Select(output => AttachSignaturesCommand.Line(options.OutputDirectory, output));
                }

                await pipelines[0].Item1.PrepareSigning(folder, cancellation);
                return AttachSignaturesCommand.Attach(folder, options.OutputDirectory, progress, cancellation).Lines;
            });
            foreach (var line in lines) await Console.Out.WriteLineAsync(line);
            return Program.Done;
        });
        return command;
    }

    /// <summary>The disk images of the tree, those that <paramref name="names"/> names.</summary>
    private static List<ImageConfiguration> DiskImages(ApplianceConfiguration appliance, string[] names)
    {
        var disks = appliance.Images.Where(image => image.Format.Value == "disk").ToList();
        foreach (var name in names)
        {
            if (!disks.Exists(image => image.Name == name)) throw new UsageException($"--image {name}: there is no disk image of that name; there are: {string.Join(", ", disks.Select(image => image.Name))}");
        }

        var chosen = names.Length == 0 ? disks : [.. disks.Where(image => names.Contains(image.Name))];
        if (chosen.Count == 0) throw appliance.Main.Format.Origin.Error($"nothing to build: no image of this tree has Format=disk (the main image has {appliance.Main.Format.Value})");
        foreach (var pair in chosen.GroupBy(image => image.Output.Value, StringComparer.Ordinal).Where(group => group.Count() > 1))
        {
            var (first, second) = (pair.First(), pair.Last());
            throw second.Output.Origin.Error($"the images {first.Name} and {second.Name} would both be called {pair.Key}; give each an ImageId= or Output= of its own");
        }

        return chosen;
    }
}
