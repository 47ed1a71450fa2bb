using System.CommandLine;
using Roos.Builder.Configuration;
using Roos.Builder.Packages;
using Roos.Builder.Pipeline;
using Roos.Builder.Signing;
using Roos.Builder.Terminal;

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
        var workers = new Option<int?>("--workers") { HelpName = "N", Description = "Threads at work; the result does not depend on it (default: one per processor)" };
        var prepare = new Option<string?>("--prepare-signing") { HelpName = "DIR", Description = "Needs no private key: write the image without signatures and the digests to be signed into this new folder; roos attach-signatures DIR completes it" };
        var passPhrases = new PassPhraseOptions();
        var force = ForceOption.Create("Given twice (-ff), fetch the packages again although they are in the cache. Given once it does what a build does anyway: outputs are replaced");
        var command = new Command("build", """
            Build the appliance: packages, tree, EroFS, verity, UKI, disk.

            Examples:
              roos build
              roos -C my-appliance build --profile ab --image-version 7
              roos build -ff                        with the newest packages
              roos build --rootfs rootfs.tar.zst --initrd-rootfs initrd.tar.zst
              roos build --prepare-signing to-sign  signatures are made elsewhere: roos attach-signatures --help
              SYSTEMD_REPART_MKFS_OPTIONS_EROFS="-C65536 -E^fragments" roos build
                                                    another layout of EroFS: -C, -E, --max-extent-bytes
                                                    and --compress-hints of roos mkfs.erofs
            """)
        {
            rootfs, initrd, provider, container, workers, prepare, force,
        };
        passPhrases.AddTo(command);
        ConfigurationOptions.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            var appliance = ApplianceConfiguration.Load(Directory.GetCurrentDirectory(), CommandLineOverrides.From(parsed));
            appliance.RequireSupported();
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
            var signing = SigningSettings.Read(appliance, keys, DateTimeOffset.UtcNow);
            if (folder is not null && signing.Plan.IsEmpty) throw new UsageException("--prepare-signing: nothing of this image is to be signed; set SecureBoot=yes (and SecureBootCertificate=, or put the certificate into mkosi.crt)");
            var lines = await BuildProgress.Run(parsed.GetValue(GlobalOptions.Quiet), async progress =>
            {
                foreach (var note in appliance.Notes) progress.Note(note);
                foreach (var warning in keys?.Warnings ?? []) progress.Warn(warning);
                var pipeline = new BuildPipeline(appliance, signing.Plan, options, progress);
                if (folder is null)
                {
                    var outputs = await pipeline.Run(new KeySignatures(signing.Signers), cancellation);
                    return outputs.Select(output => AttachSignaturesCommand.Line(options.OutputDirectory, output));
                }

                await pipeline.PrepareSigning(folder, cancellation);
                return AttachSignaturesCommand.Attach(folder, options.OutputDirectory, progress, cancellation).Lines;
            });
            foreach (var line in lines) await Console.Out.WriteLineAsync(line);
            return Program.Done;
        });
        return command;
    }
}
