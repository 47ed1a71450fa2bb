using System.Net;
using System.Net.Sockets;

namespace Roos.EndToEnd.Tests;

/// <summary>A name server on this machine's loopback that knows one name: <see cref="Name"/>. Guests reach it at 10.0.2.2.</summary>
internal sealed class NameServer : IDisposable
{
    public const string Name = "updates.example.org", Address = "192.0.2.33";

    private readonly UdpClient _socket;

    public NameServer(int port)
    {
        _socket = new UdpClient(new IPEndPoint(IPAddress.Loopback, port));
        Task.Run(Serve);
    }

    public static int FreePort()
    {
        using var socket = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.Client.LocalEndPoint!).Port;
    }

    public void Dispose() => _socket.Dispose();

    private async Task Serve()
    {
        try
        {
            while (true)
            {
                var query = await _socket.ReceiveAsync();
                if (Answer(query.Buffer) is { } answer) await _socket.SendAsync(answer, query.RemoteEndPoint);
            }
        }
        catch (Exception e) when (e is ObjectDisposedException or SocketException)
        {
            // The test is over.
        }
    }

    /// <summary>An authoritative answer (RFC 1035) with the question and, where an address of the name is asked for, one record.</summary>
    private static byte[]? Answer(byte[] query)
    {
        var end = Array.IndexOf(query, (byte)0, Math.Min(12, query.Length)) + 5;
        if (end < 17 || end > query.Length) return null;
        var question = query[12..end];
        byte[] wanted = [7, .. "updates"u8, 7, .. "example"u8, 3, .. "org"u8, 0, 0, 1, 0, 1];
        var found = System.Text.Encoding.ASCII.GetString(question).Equals(System.Text.Encoding.ASCII.GetString(wanted), StringComparison.OrdinalIgnoreCase);
        byte[] record = found ? [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, .. IPAddress.Parse(Address).GetAddressBytes()] : [];
        return [query[0], query[1], 0x85, 0x80, 0, 1, 0, (byte)(found ? 1 : 0), 0, 0, 0, 0, .. question, .. record];
    }
}
