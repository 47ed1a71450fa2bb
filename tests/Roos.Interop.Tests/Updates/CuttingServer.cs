using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Roos.Interop.Tests.Updates;

/// <summary>Serves the files of a folder, but for one hangs up in the middle.</summary>
internal sealed class CuttingServer : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _end = new();
    private readonly Task _work;
    private readonly string _folder, _cut;

    public CuttingServer(string folder, string cut)
    {
        (_folder, _cut) = (folder, cut);
        _listener.Start();
        Address = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}");
        _work = Task.Run(Work);
    }

    public string Address { get; }

    public void Dispose()
    {
        _end.Cancel();
        _work.GetAwaiter().GetResult();
        _listener.Dispose();
        _end.Dispose();
    }

    private async Task Work()
    {
        try
        {
            while (true)
            {
                using var client = await _listener.AcceptTcpClientAsync(_end.Token);
                using var reader = new StreamReader(client.GetStream());
                var name = (await reader.ReadLineAsync(_end.Token) ?? "").Split(' ')[1].TrimStart('/');
                while (await reader.ReadLineAsync(_end.Token) is { Length: > 0 }) { }
                var path = Path.Combine(_folder, name);
                if (!File.Exists(path))
                {
                    await client.GetStream().WriteAsync("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"u8.ToArray(), _end.Token);
                    continue;
                }

                var content = await File.ReadAllBytesAsync(path, _end.Token);
                await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"HTTP/1.1 200 OK\r\nContent-Length: {content.Length}\r\nConnection: close\r\n\r\n")), _end.Token);
                await client.GetStream().WriteAsync(name == _cut ? content.AsMemory(0, content.Length / 2) : content, _end.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // That is how it ends.
        }
    }
}
