using System.Globalization;
using Roos.Core;

namespace Roos.Builder.Packages;

/// <summary>
/// mmdebstrap in a container of docker or podman: works without privileges, and on machines that are not Debian. The container gives the
/// tar on its standard output and is gone afterwards; nothing of the host is shown to it.
/// </summary>
/// <param name="engine">The command line program: docker or podman.</param>
/// <param name="image">The image: Debian, with or without mmdebstrap in it.</param>
public sealed class ContainerProvider(string engine, string image) : IPackageProvider
{
    public const string DefaultImage = "docker.io/library/debian:trixie";

    /// <summary>Ends the container's own work when it cannot be had: no index, no package.</summary>
    private const string Script =
        "if ! command -v mmdebstrap >/dev/null; then "
        + "{ apt-get -qq update --error-on=any && DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes --no-install-recommends mmdebstrap; } >&2 || exit 1; "
        + "fi; exec mmdebstrap \"$@\"";

    private static int _containers;

    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(10);

    public string Name => Path.GetFileNameWithoutExtension(engine);

    /// <summary>Why an engine cannot be used, in its own words; null where it answers. docker is often only a client, without an engine behind it.</summary>
    internal static async Task<string?> FindObstacle(string engine, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(AnswerLimit);
        try
        {
            var result = await ToolProcess.Run(engine, ["info"], new Dictionary<string, string>(), Stream.Null, null, limit.Token);
            if (result.ExitCode == 0) return null;
            return (result.Messages.LastOrDefault(line => line.Trim().Length > 0) ?? $"exit status {result.ExitCode}").Trim();
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return $"no answer within {AnswerLimit.TotalSeconds:0} seconds";
        }
    }

    public async Task<string> Identify(CancellationToken cancellation)
    {
        // An image that changed under its name is another one. An image that is not here yet is fetched now.
        var id = await Inspect(cancellation);
        if (id is null)
        {
            var result = await ToolProcess.Run(engine, ["pull", "--quiet", image], new Dictionary<string, string>(), Stream.Null, null, cancellation);
            id = result.ExitCode == 0 ? await Inspect(cancellation) : throw Failed($"the image {image} cannot be had", result);
        }

        return $"container {id}";
    }

    public Task Check(PackageRequest request, CancellationToken cancellation) => Run(request, simulate: true, Stream.Null, _ => { }, cancellation);

    public Task Fetch(PackageRequest request, Stream destination, Action<string> report, CancellationToken cancellation) => Run(request, simulate: false, destination, report, cancellation);

    private async Task Run(PackageRequest request, bool simulate, Stream destination, Action<string> report, CancellationToken cancellation)
    {
        request.Check();
        var name = string.Create(CultureInfo.InvariantCulture, $"roos-{Environment.ProcessId}-{Interlocked.Increment(ref _containers)}");
        List<string> arguments = ["run", "--rm", "--name", name];
        foreach (var (key, value) in MmdebstrapCommand.Environment(request)) arguments.AddRange(["--env", $"{key}={value}"]);
        arguments.AddRange([image, "/bin/sh", "-c", Script, "mmdebstrap", .. MmdebstrapCommand.Arguments(request, "root", simulate)]);
        try
        {
            var result = await ToolProcess.Run(engine, arguments, new Dictionary<string, string>(), destination,
                line => { if (MmdebstrapCommand.IsMilestone(line)) report(line[3..]); }, cancellation);
            if (result.ExitCode is 125 or 126 or 127) throw Failed("the container cannot be started", result);
            if (result.ExitCode != 0) throw MmdebstrapCommand.Failed(Name, request, result);
        }
        catch (OperationCanceledException)
        {
            // The client has ended; the container would go on.
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
            try
            {
                await ToolProcess.Run(engine, ["rm", "--force", name], new Dictionary<string, string>(), Stream.Null, null, limit.Token);
            }
            catch (Exception e) when (e is OperationCanceledException or RoosException)
            {
                // The engine does not answer. The user wanted to stop, and stops.
            }

            throw;
        }
    }

    private async Task<string?> Inspect(CancellationToken cancellation) =>
        await ToolProcess.Ask(engine, ["image", "inspect", "--format", "{{.Id}}", image], cancellation);

    private RoosException Failed(string what, ToolResult result)
    {
        var said = result.Messages.LastOrDefault(line => line.Contains("rror", StringComparison.Ordinal)) ?? result.Messages.LastOrDefault(line => line.Length > 0) ?? "it said nothing";
        return new RoosException($"{Name}: {what} ({said.Trim()}); see that \"{Name} run --rm {image} true\" works, or name another image with --container-image");
    }
}
