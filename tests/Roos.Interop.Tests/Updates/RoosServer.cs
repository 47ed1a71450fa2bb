using System.Diagnostics;
using System.Text.RegularExpressions;
using Roos.Testing;

namespace Roos.Interop.Tests.Updates;

/// <summary><c>roos serve</c> on a free port of the loopback, until it is disposed.</summary>
internal sealed class RoosServer : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly Process _process;

    public RoosServer(string folder)
    {
        _process = RoosProgram.Start("serve", folder, "--listen", "127.0.0.1:0");
        var line = _process.StandardError.ReadLineAsync().WaitAsync(Limit).GetAwaiter().GetResult();
        var address = Regex.Match(line ?? "", "http://127.0.0.1:[0-9]+/");
        Assert.True(address.Success, $"roos serve said: {line}");
        Address = address.Value;

        // Or its log would fill the pipe.
        _process.BeginOutputReadLine();
    }

    public string Address { get; }

    public void Dispose()
    {
        _process.Kill(entireProcessTree: true);
        _process.WaitForExit(Limit);
        _process.Dispose();
    }
}
