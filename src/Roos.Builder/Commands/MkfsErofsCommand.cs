using System.CommandLine;
using System.Globalization;
using Roos.Builder.Host;
using Roos.Builder.Workspaces;
using Roos.Core;
using Roos.Core.Bytes;
using Roos.Core.Compression;
using Roos.Core.Tar;
using Roos.Erofs;
using Roos.Verity;

namespace Roos.Builder.Commands;

/// <summary><c>roos mkfs.erofs</c>: EroFS images with the options of mkfs.erofs.</summary>
internal static class MkfsErofsCommand
{
    private const string Description =
        """
        Makes an EroFS image of a tar archive, or on Linux of a directory, with the option names of mkfs.erofs. The archive may
        be compressed (gzip, bzip2, xz, zstd: found by its content). The same source and options give the same bytes, whatever
        the number of workers.

        Unlike mkfs.erofs: clusters are 1 MiB and not 4 KiB where -C is not given; small files are packed together where -E is
        not given (-E^fragments leaves them by themselves); the level of zstd is 9 where none is given;
        the UUID is all zeros without -U; the time of the image is SOURCE_DATE_EPOCH, or 1970, without -T, and files keep
        their own times then. Here -C is the cluster size; give --directory for another working directory.

        What the options cost and bring (sizes: a minimal Debian tree at level 9):
          -z zstd,level=N   The higher the level, the smaller the image and the longer the build: level 3 takes half of the
                            time of 9 for 8 % more, level 15 twice the time for 3 % less. Reading costs the same.
          -C BYTES          The larger the cluster, the smaller the image, and the more is read and decompressed for one
                            small read: 256K are 2 % larger than 1M, 64K 15 %, 16K 31 %, 4K 83 % (extents begin at
                            multiples of 4 KiB, which hardly fill such clusters).
          -E fragments      Small files and the ends of large ones are compressed together: 24 % less, for the same
                            work. To read a small file, its neighbours are decompressed with it. Linux 6.1.
          -E all-fragments  The same for whole files of every size: no smaller on a Debian tree, and slower to read at
                            random places. Linux 6.1.
          -E ztailpacking   The end of a file is kept beside its inode: no block of its own to store and to read: 5 %
                            less without fragments, nothing with them. Linux 5.17.
          -E dedupe         Equal parts of 1 MiB of large files are stored once; needs the long index. Brings nothing on a
                            Debian tree. Files that are equal as a whole are stored once without it, too. Linux 6.1.
          -E legacy-compress
                            The long index, 8 bytes for each 4 KiB instead of 2: larger, and no faster.
          --max-extent-bytes=N
                            Less to decompress for a small read, for a larger image: 8M are 1 % smaller than the default
                            of 2M, 1M is 3 % larger.
          --compress-hints=FILE
                            Clusters of single files: small ones for what is read at boot, 0 for what is compressed already.
          -T SECONDS        Files that have the time of the image have short inodes: a smaller image.
          --cache=DIR       What was compressed once is not compressed again, for up to 2 GiB of disk. The image is the same.
          --hash-tree=FILE  The hash tree of dm-verity is made while the image is written, which is not read again for it.

        Examples:
          roos mkfs.erofs --tar=f root.erofs rootfs.tar
          roos mkfs.erofs -zzstd,level=15 -Efragments -T0 -U 6b9d7a1e-3f42-4c58-9a3b-0d2f5e8c1a77 --tar=f root.erofs rootfs.tar.zst
          roos mkfs.erofs -zzstd -C64K -Efragments,ztailpacking --compress-hints=hints.txt --tar=f root.erofs rootfs.tar
          roos mkfs.erofs -zzstd --hash-tree=root-verity.raw --salt=06ee1724 --tar=f root.raw rootfs.tar
          roos mkfs.erofs -zzstd --all-root data.erofs folder/
        """;

    private static readonly Option<string?> Tar = new("--tar") { Description = "The source is a tar archive (f: the full image)", HelpName = "f" };

    private static readonly Argument<string> Out = new("OUT") { Description = "The image to write" };

    private static readonly Argument<string> Source = new("SOURCE") { Description = "The tar archive, or the directory without --tar" };

    public static Command Create()
    {
        var command = new Command("mkfs.erofs", Description) { Tar, Out, Source };
        MkfsErofsSettings.AddOptionsTo(command);
        command.SetAction((parsed, cancellation) =>
        {
            Make(parsed, MkfsErofsSettings.Read(parsed), cancellation);
            return Task.FromResult(Program.Done);
        });
        return command;
    }

    private static void Make(ParseResult parsed, MkfsErofsSettings settings, CancellationToken cancellation)
    {
        var output = Path.GetFullPath(parsed.GetRequiredValue(Out));
        var source = parsed.GetRequiredValue(Source);
        var isTar = parsed.GetResult(Tar) is not null;
        if (parsed.GetValue(Tar) is { } mode && mode != "f") throw new UsageException($"--tar= takes f only (an image with all data in it); found \"{mode}\"");
        if (!isTar && File.Exists(source)) throw new UsageException($"{source}: a tar archive as the source is given with --tar=f");
        if (isTar && output == Path.GetFullPath(source)) throw new UsageException($"{source}: the image cannot be written over its source");
        var folder = FolderOf(output);
        if (settings.HashTree is { } hashTree)
        {
            if (hashTree == output || (isTar && hashTree == Path.GetFullPath(source))) throw new UsageException($"--hash-tree needs a file of its own; found \"{hashTree}\", which is given twice");
            FolderOf(hashTree);
        }

        // The file system's walk is done before the workspace is made, which may lie in the directory.
        var tree = isTar ? null : HostDirectory.ReadExact(source);
        using var workspace = Workspace.Create(folder);
        using var file = isTar ? FileSource.Open(source) : null;
        if (file is not null) tree = TarArchive.Read(CompressedInput.Open(file, workspace.CreateSpool, source, cancellation), cancellation: cancellation);
        tree = settings.Metadata.Apply(tree!);
        using var cache = settings.Cache is null ? null : new CompressionCacheFolder(settings.Cache, CompressionCacheFolder.DefaultMaximumLength, warning => Console.Error.WriteLine($"roos: {warning}"));
        using var plan = ErofsImage.Plan(tree, settings.Erofs with { Cache = cache }, workspace.CreateSpool, progress: null, cancellation);
        var written = workspace.PathOf("image");
        var hashing = settings.HashTree is null ? null : new VeritySink(settings.Verity);
        Workspace.WriteFile(written, plan, hashing is null ? [] : [hashing], cancellation);
        var hashes = hashing?.Complete();
        if (hashes is not null) VerityCommand.Replace(settings.HashTree!, hashes.HashDevice);
        Replace(written, output);
        if (!parsed.GetValue(GlobalOptions.Quiet)) Report(plan, output);
        if (hashes is not null) Console.Out.WriteLine($"Root hash:      \t{hashes.RootHashText}");
    }

    /// <summary>Where the output will be. It is moved there when it is complete, so a device would lose its name to it.</summary>
    private static string FolderOf(string output)
    {
        if (OperatingSystem.IsLinux() && File.Exists(output) && !LinuxPath.IsRegularFile(output))
        {
            throw new UsageException($"{output}: is a device or the like: write a file and copy it there");
        }

        var folder = Path.GetDirectoryName(output) ?? throw new UsageException($"{output}: this is no name for a file");
        return Directory.Exists(folder) ? folder : throw new UsageException($"{folder}: there is no such directory to write {Path.GetFileName(output)} into");
    }

    private static void Replace(string written, string output)
    {
        try
        {
            File.Move(written, output, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RoosException($"{output}: cannot be written: {e.Message}", e);
        }
    }

    private static void Report(ErofsPlan plan, string output)
    {
        Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{output}: {plan.Length} bytes, {plan.Inodes} inodes, {plan.FileBytes} bytes of files"));
        if (plan.CompressedFiles == 0) return;
        Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{plan.CompressedFiles} files compressed from {plan.CompressedFileBytes} to {plan.CompressedBytes} bytes"));
    }
}
