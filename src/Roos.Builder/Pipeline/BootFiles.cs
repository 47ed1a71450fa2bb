using System.Globalization;
using System.Text;
using Roos.Builder.Boot;
using Roos.Builder.Configuration;
using Roos.Builder.Terminal;
using Roos.Builder.Workspaces;
using Roos.Core;
using Roos.Core.Bytes;
using Roos.Core.Identity;
using Roos.Core.Tree;
using Roos.Initrd;
using Roos.Initrd.Compression;
using Roos.Initrd.Cpio;
using Roos.Initrd.Modules;

namespace Roos.Builder.Pipeline;

/// <summary>The initrd and the other parts of the unified kernel image.</summary>
internal sealed class BootFiles(ImageConfiguration image, BuildIdentity identity, Kernel kernel, int workers, Workspace workspace, BuildProgress progress) : IDisposable
{
    private readonly List<Spool> _spools = [];

    /// <summary>The joined initrds, as in the UKI. There once <see cref="MakeParts"/> has run.</summary>
    public ByteSource Initrd { get; private set; } = ByteSource.Empty;

    /// <summary>The UKI's file name, in the ESP and among the outputs.</summary>
    private static string UkiName(ImageConfiguration image) => (image.UnifiedKernelImageFormat.Value ?? image.Output.Value) + ".efi";

    /// <param name="root">The image's tree: stub, os-release, modules, firmware and microcode are taken from it.</param>
    /// <param name="initrds">Trees of initrds with the level each is compressed with, in the order in which the kernel unpacks them; the kernel's modules come last.</param>
    /// <param name="rootHashArgument"><c>roothash=…</c>, first on the command line; null where nothing is verity-protected.</param>
    /// <param name="cancellation">Ends it.</param>
    public PreparedUki MakeParts(FileTree root, IReadOnlyList<(FileTree Tree, int Level)> initrds, string? rootHashArgument, CancellationToken cancellation)
    {
        var archives = new List<ByteSource>();
        using (var step = progress.Begin("Initrd"))
        {
            foreach (var (tree, level) in initrds) archives.Add(Compress(tree, level, cancellation));
            if (image.KernelModulesInitrd.Value) archives.Add(Compress(SelectModules(root, cancellation), ZstdSegment.DefaultLevel, cancellation));
            Initrd = Join(archives);
            step.Result = string.Create(CultureInfo.InvariantCulture, $"{Initrd.Length / 1e6:0.0} MB");
        }

        var microcode = Microcode.Plan(root, identity.Clock);
        var commandLine = string.Join(' ', image.KernelCommandLine.Select(argument => argument.Value).Prepend(rootHashArgument).Where(argument => !string.IsNullOrEmpty(argument)));
        return new PreparedUki
        {
            FileName = UkiName(image),
            Stub = EfiStub.Find(root, image.Architecture.Value),
            Linux = kernel.Image,
            Initrds = archives,
            Microcode = microcode is null ? null : ByteSource.FromMemory(microcode.ToArray()),
            OsRelease = Text(root, "usr/lib/os-release"),
            CommandLine = commandLine,
            KernelVersion = kernel.Version,
            Profiles = [.. image.UkiProfiles.Select(profile => (profile.Field("ID")!, profile.Field("TITLE"), string.Join(' ', profile.CommandLine.Select(argument => argument.Value).Prepend(commandLine))))],
        };
    }

    public void Dispose()
    {
        foreach (var spool in _spools) spool.Dispose();
    }

    private static string Text(FileTree tree, string path) =>
        tree.FindFile(path) is { } file ? Encoding.UTF8.GetString(file.Content.ToArray()) : throw new RoosException($"/{path} must be in the tree and is not");

    /// <summary>The kernel wants each archive of a joined initrd to begin at a multiple of four bytes.</summary>
    private static ByteSource Join(List<ByteSource> archives)
    {
        if (archives.Count == 0) return ByteSource.Empty;
        return ByteSource.Concat([.. archives.SelectMany(archive => new[] { archive, ByteSource.Zeros((4 - (archive.Length % 4)) % 4) })]);
    }

    private FileTree SelectModules(FileTree root, CancellationToken cancellation)
    {
        var patterns = image.KernelInitrdModules.Select(pattern => pattern.Value).ToList();
        var selection = KernelModules.Select(root, kernel.Version, patterns, workers, cancellation);
        if (selection.UnmatchedPatterns.Count > 0) progress.Note($"KernelInitrdModules= names modules that this kernel does not have: {string.Join(", ", selection.UnmatchedPatterns)}");
        foreach (var missing in selection.MissingDependencies) progress.Warn($"the kernel's modules are not complete: {missing}");
        return selection.Tree;
    }

    private Spool Compress(FileTree tree, int level, CancellationToken cancellation)
    {
        var spool = ZstdSegment.Compress(CpioImage.Plan(tree, identity.Clock), level, workers, workspace.CreateSpool, cancellation);
        _spools.Add(spool);
        return spool;
    }
}
