using Roos.Core;

namespace Roos.Builder.Packages;

/// <summary>mmdebstrap on this host: as root, or without by user namespaces (it chooses).</summary>
public sealed class MmdebstrapProvider : IPackageProvider
{
    private readonly string _program;

    /// <exception cref="RoosException">mmdebstrap is not installed.</exception>
    public MmdebstrapProvider()
        : this(ToolProcess.Find("mmdebstrap") ?? throw new RoosException("mmdebstrap is not installed: install it with \"apt-get install mmdebstrap\", or use podman or docker (--provider)"))
    {
    }

    internal MmdebstrapProvider(string program) => _program = program;

    public string Name => "mmdebstrap";

    public async Task<string> Identify(CancellationToken cancellation) =>
        await ToolProcess.Ask(_program, ["--version"], cancellation) ?? throw new RoosException($"{_program} --version failed: reinstall mmdebstrap, or use podman or docker (--provider)");

    public async Task Check(PackageRequest request, CancellationToken cancellation)
    {
        CheckHost(request);
        var result = await ToolProcess.Run(_program, MmdebstrapCommand.Arguments(request, "auto", simulate: true), MmdebstrapCommand.Environment(request), Stream.Null, null, cancellation);
        if (result.ExitCode != 0) throw MmdebstrapCommand.Failed(Name, request, result);
    }

    public async Task Fetch(PackageRequest request, Stream destination, Action<string> report, CancellationToken cancellation)
    {
        CheckHost(request);
        var result = await ToolProcess.Run(_program, MmdebstrapCommand.Arguments(request, "auto"), MmdebstrapCommand.Environment(request), destination,
            line => { if (MmdebstrapCommand.IsMilestone(line)) report(line[3..]); }, cancellation);
        if (result.ExitCode != 0) throw MmdebstrapCommand.Failed(Name, request, result);
    }

    private static void CheckHost(PackageRequest request)
    {
        request.Check();
        CheckKeyring();
        if (!Environment.IsPrivilegedProcess && ToolProcess.Find("newuidmap") is null)
        {
            throw new RoosException("mmdebstrap without root needs newuidmap for user namespaces: install the package uidmap, or run as root, or use podman (--provider podman)");
        }
    }

    private static void CheckKeyring()
    {
        string[] folders = ["/usr/share/keyrings", "/etc/apt/trusted.gpg.d"];
        var found = folders.Where(Directory.Exists).SelectMany(folder => Directory.EnumerateFiles(folder, "debian-archive*")).Any();
        if (!found) throw new RoosException("Debian's archive keys are not on this machine: install the package debian-archive-keyring, or use podman or docker (--provider)");
    }
}
