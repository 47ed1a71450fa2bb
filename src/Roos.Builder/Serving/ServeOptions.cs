using System.Net;
using System.Security.Cryptography.X509Certificates;

namespace Roos.Builder.Serving;

/// <summary>What <see cref="UpdateServer"/> serves, and where.</summary>
internal sealed record ServeOptions
{
    /// <summary>The folder whose files are served; those of folders in it are not.</summary>
    public required string Folder { get; init; }

    /// <summary>Where it listens; port 0 is a free one.</summary>
    public required IPEndPoint Listen { get; init; }

    /// <summary>The first has its private key, and those that signed it may follow: HTTPS instead of HTTP.</summary>
    public X509Certificate2Collection? Certificates { get; init; }

    /// <summary>Connections at a time; one more is closed at once.</summary>
    public int MostConnections { get; init; } = 1024;

    /// <summary>How long a connection may be idle between two requests, and how long it may take to send one.</summary>
    public TimeSpan IdleLimit { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Gets a line of the Common Log Format for every answer; called by many threads.</summary>
    public Action<string> Log { get; init; } = _ => { };
}
