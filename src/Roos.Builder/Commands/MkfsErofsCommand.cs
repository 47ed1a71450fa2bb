using System.CommandLine;
using System.Globalization;
using Roos.Builder.Host;
using Roos.Builder.Workspaces;
using Roos.Core;
using Roos.Core.Bytes;
using Roos.Core.Compression;
using Roos.Core.Identity;
using Roos.Core.Tar;
using Roos.Core.Tree;
using Roos.Erofs;

namespace Roos.Builder.Commands;

/// <summary><c>roos mkfs.erofs</c>: EroFS images with the options of mkfs.erofs.</summary>
internal static class MkfsErofsCommand
{
    private const string Description =
        """
        Makes an EroFS image of a tar archive, or on Linux of a directory, with the option names of mkfs.erofs. The archive may
        be compressed (gzip, bzip2, xz, zstd: found by its content). The same source and options give the same bytes, whatever
        the number of workers.

        Unlike mkfs.erofs: clusters are 1 MiB and not 4 KiB where -C is not given; the level of zstd is 9 where none is given;
        the UUID is all zeros without -U; the time of the image is SOURCE_DATE_EPOCH, or 1970, without -T; files keep their
        own times with -T. Here -C is the cluster size; give --directory for another working directory.

        Examples:
          roos mkfs.erofs --tar=f root.erofs rootfs.tar
          roos mkfs.erofs -zzstd,level=15 -C65536 -T0 -U 6b9d7a1e-3f42-4c58-9a3b-0d2f5e8c1a77 --tar=f root.erofs rootfs.tar.zst
          roos mkfs.erofs -zzstd data.erofs folder/
        """;

    private static readonly Option<string?> Compression = new("--compress", "-z") { Description = "Compress with zstd", HelpName = "zstd[,level=N]" };

    private static readonly Option<long?> Cluster = new("--cluster-size", "-C") { Description = "Most compressed bytes of an extent: a power of two from 4096 to 1048576 (default)", HelpName = "BYTES" };

    private static readonly Option<string?> UuidOption = new("--uuid", "-U") { Description = "UUID of the volume", HelpName = "UUID" };

    private static readonly Option<long?> Time = new("--timestamp", "-T") { Description = "Time of the image, in seconds since 1970", HelpName = "SECONDS" };

    private static readonly Option<string?> Label = new("--label", "-L") { Description = "Label of the volume, at most 15 bytes", HelpName = "LABEL" };

    private static readonly Option<int> Workers = new("--workers") { Description = "Threads that compress; the image does not depend on it", HelpName = "N", DefaultValueFactory = _ => Environment.ProcessorCount };

    private static readonly Option<string?> Tar = new("--tar") { Description = "The source is a tar archive (f: the full image)", HelpName = "f" };

    private static readonly Argument<string> Out = new("OUT") { Description = "The image to write" };

    private static readonly Argument<string> Source = new("SOURCE") { Description = "The tar archive, or the directory without --tar" };

    public static Command Create()
    {
        var command = new Command("mkfs.erofs", Description) { Compression, Cluster, UuidOption, Time, Label, Workers, Tar, Out, Source };
        command.SetAction((parsed, cancellation) =>
        {
            Make(parsed, ReadOptions(parsed), cancellation);
            return Task.FromResult(Program.Done);
        });
        return command;
    }

    private static void Make(ParseResult parsed, ErofsOptions options, CancellationToken cancellation)
    {
        var output = Path.GetFullPath(parsed.GetRequiredValue(Out));
        var source = parsed.GetRequiredValue(Source);
        var isTar = parsed.GetResult(Tar) is not null;
        if (parsed.GetValue(Tar) is { } mode && mode != "f") throw new UsageException($"--tar= takes f only (an image with all data in it); found \"{mode}\"");
        if (!isTar && File.Exists(source)) throw new UsageException($"{source}: a tar archive as the source is given with --tar=f");

        var folder = Path.GetDirectoryName(output) ?? throw new UsageException($"{output}: this is no name for a file");
        if (!Directory.Exists(folder)) throw new RoosException($"{folder}: there is no such directory to write {Path.GetFileName(output)} into");
        // The file system's walk is done before the workspace is made, which may lie in the directory.
        var tree = isTar ? null : HostDirectory.ReadExact(source);
        using var workspace = Workspace.Create(folder);
        using var file = isTar ? FileSource.Open(source) : null;
        if (file is not null) tree = TarArchive.Read(CompressedInput.Open(file, workspace.CreateSpool, source, cancellation), cancellation: cancellation);
        using var plan = ErofsImage.Plan(tree!, options, workspace.CreateSpool, progress: null, cancellation);
        var written = workspace.PathOf("image");
        Workspace.WriteFile(written, plan, [], cancellation);
        Replace(written, output);
        if (!parsed.GetValue(GlobalOptions.Quiet)) Report(plan, output);
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

    private static ErofsOptions ReadOptions(ParseResult parsed)
    {
        var (compression, level) = ParseCompression(parsed.GetValue(Compression));
        var uuid = parsed.GetValue(UuidOption);
        if (!Uuid.TryParse(uuid ?? Uuid.Zero.ToString(), out var id)) throw new UsageException($"-U takes a UUID such as 6b9d7a1e-3f42-4c58-9a3b-0d2f5e8c1a77; found \"{uuid}\"");
        var cluster = parsed.GetValue(Cluster) ?? ErofsOptions.DefaultClusterSize;
        if (cluster is < 4096 or > 1 << 20 || !long.IsPow2(cluster)) throw new UsageException($"-C takes a power of two from 4096 to 1048576; found {cluster}");
        var workers = parsed.GetValue(Workers);
        if (workers is < 1 or > 1024) throw new UsageException($"--workers takes a number from 1 to 1024; found {workers}");
        return new ErofsOptions
        {
            Uuid = id,
            BuildTime = new Timestamp(parsed.GetValue(Time) ?? SourceDateEpoch(), 0),
            Compression = compression,
            Level = level,
            ClusterSize = (int)cluster,
            Workers = workers,
            VolumeLabel = parsed.GetValue(Label) ?? "",
        };
    }

    private static (ErofsCompression Compression, int? Level) ParseCompression(string? text)
    {
        if (text is null) return (ErofsCompression.None, null);
        var parts = text.Split(',');
        if (parts[0] != "zstd") throw new UsageException($"-z takes zstd, which is the compression that Roos writes; found \"{parts[0]}\"");
        int? level = null;
        foreach (var part in parts.Skip(1))
        {
            var digits = part.StartsWith("level=", StringComparison.Ordinal) ? part["level=".Length..] : part;
            if (!int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var value) || value is < 1 or > 22)
            {
                throw new UsageException($"-z takes zstd or zstd,level=N with N from 1 to 22; found \"{text}\"");
            }

            level = value;
        }

        return (ErofsCompression.Zstd, level);
    }

    private static long SourceDateEpoch()
    {
        var text = Environment.GetEnvironmentVariable("SOURCE_DATE_EPOCH");
        if (string.IsNullOrEmpty(text)) return 0;
        return long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var seconds)
            ? seconds
            : throw new UsageException($"SOURCE_DATE_EPOCH must be a number of seconds since 1970; found \"{text}\"");
    }
}
