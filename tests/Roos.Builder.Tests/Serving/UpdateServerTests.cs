using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Roos.Builder.Commands;
using Roos.Builder.Serving;
using Roos.Builder.Tests.Configuration;
using Roos.Core;

namespace Roos.Builder.Tests.Serving;

/// <summary>What a client of <c>roos serve</c> gets, over real connections of the loopback.</summary>
public sealed class UpdateServerTests : IAsyncLifetime
{
    private static readonly string Digest = new('a', 64);

    private readonly TestTree _tree = new(
        ("www/roos_1.efi", "0123456789"), ("www/roos_0.9.efi", "old"), ("www/empty.raw", ""), ("www/.hidden", "no"), ("www/folder/inner.raw", "no"), ("secret", "no"),
        ("www/SHA256SUMS", $"{Digest} *<b>.raw\n{Digest} *roos_0.9.efi\n{Digest} *roos_1.efi\n"));

    private readonly ConcurrentQueue<string> _log = new();
    private readonly HttpClient _client = new(new SocketsHttpHandler { AllowAutoRedirect = false });
    private UpdateServer? _server;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private Uri Address => _server!.Address;

    private ServeOptions Options => new() { Folder = Path.Combine(_tree.Root, "www"), Listen = new IPEndPoint(IPAddress.Loopback, 0), Log = _log.Enqueue };

    public async ValueTask InitializeAsync() => _server = await UpdateServer.Start(Options, Cancellation);

    public async ValueTask DisposeAsync()
    {
        await _server!.DisposeAsync();
        _client.Dispose();
        _tree.Dispose();
    }

    [Fact]
    public async Task A_file_has_its_length_its_type_and_a_tag()
    {
        using var answer = await Get("roos_1.efi");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("0123456789", await answer.Content.ReadAsStringAsync(Cancellation));
        Assert.Equal(10, answer.Content.Headers.ContentLength);
        Assert.Equal("application/octet-stream", answer.Content.Headers.ContentType!.ToString());
        Assert.NotNull(answer.Headers.ETag);
        Assert.False(answer.Headers.ETag.IsWeak);
        Assert.Equal("bytes", Assert.Single(answer.Headers.AcceptRanges));

        using var list = await Get("SHA256SUMS");
        Assert.Equal("text/plain; charset=utf-8", list.Content.Headers.ContentType!.ToString());
        Assert.True(list.Headers.CacheControl!.NoCache);
    }

    [Theory]
    [InlineData(2, 4, "234", "bytes 2-4/10")]
    [InlineData(8, null, "89", "bytes 8-9/10")]
    [InlineData(null, 3, "789", "bytes 7-9/10")]
    [InlineData(8, 100, "89", "bytes 8-9/10")]
    public async Task A_range_is_a_part(int? from, int? to, string expected, string range)
    {
        using var answer = await Get("roos_1.efi", request => request.Headers.Range = new RangeHeaderValue(from, to));
        Assert.Equal(HttpStatusCode.PartialContent, answer.StatusCode);
        Assert.Equal(expected, await answer.Content.ReadAsStringAsync(Cancellation));
        Assert.Equal(range, answer.Content.Headers.ContentRange!.ToString());
    }

    [Fact]
    public async Task A_range_behind_the_end_is_refused()
    {
        using var answer = await Get("roos_1.efi", request => request.Headers.Range = new RangeHeaderValue(10, null));
        Assert.Equal(HttpStatusCode.RequestedRangeNotSatisfiable, answer.StatusCode);
        Assert.Equal("bytes */10", answer.Content.Headers.ContentRange!.ToString());
    }

    [Fact]
    public async Task A_range_of_a_file_that_was_replaced_is_the_whole_file()
    {
        using var first = await Get("roos_1.efi");
        File.WriteAllText(Path.Combine(_tree.Root, "www/roos_1.efi"), "abcdefghij");
        File.SetLastWriteTimeUtc(Path.Combine(_tree.Root, "www/roos_1.efi"), DateTime.UnixEpoch);
        using var second = await Get("roos_1.efi", request =>
        {
            request.Headers.Range = new RangeHeaderValue(5, null);
            request.Headers.IfRange = new RangeConditionHeaderValue(first.Headers.ETag!);
        });
        Assert.Equal(HttpStatusCode.OK, second.StatusCode);
        Assert.Equal("abcdefghij", await second.Content.ReadAsStringAsync(Cancellation));
    }

    [Fact]
    public async Task What_a_client_has_is_not_sent_again()
    {
        using var first = await Get("SHA256SUMS");
        using var second = await Get("SHA256SUMS", request => request.Headers.IfNoneMatch.Add(first.Headers.ETag!));
        Assert.Equal(HttpStatusCode.NotModified, second.StatusCode);

        // Another list of the same length and time is another list.
        var path = Path.Combine(_tree.Root, "www/SHA256SUMS");
        var time = File.GetLastWriteTimeUtc(path);
        File.WriteAllText(path, File.ReadAllText(path).Replace('a', 'b'));
        File.SetLastWriteTimeUtc(path, time);
        using var third = await Get("SHA256SUMS", request => request.Headers.IfNoneMatch.Add(first.Headers.ETag!));
        Assert.Equal(HttpStatusCode.OK, third.StatusCode);
    }

    [Fact]
    public async Task HEAD_is_GET_without_the_bytes()
    {
        using var request = new HttpRequestMessage(HttpMethod.Head, new Uri(Address, "roos_1.efi"));
        using var answer = await _client.SendAsync(request, Cancellation);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(10, answer.Content.Headers.ContentLength);
        Assert.Empty(await answer.Content.ReadAsByteArrayAsync(Cancellation));
    }

    [Fact]
    public async Task An_empty_file_is_a_file()
    {
        using var answer = await Get("empty.raw");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(0, answer.Content.Headers.ContentLength);
    }

    [Theory]
    [InlineData("POST")]
    [InlineData("PUT")]
    [InlineData("DELETE")]
    public async Task Nothing_can_be_written(string method)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(Address, "roos_1.efi"));
        using var answer = await _client.SendAsync(request, Cancellation);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, answer.StatusCode);
        Assert.Equal(["GET", "HEAD"], answer.Content.Headers.Allow);
    }

    /// <summary>As sent: a client library would tidy the path up.</summary>
    [Theory]
    [InlineData("/../secret")]
    [InlineData("/%2e%2e/secret")]
    [InlineData("/..%2fsecret")]
    [InlineData("/..%5csecret")]
    [InlineData("/folder/../../secret")]
    [InlineData("//secret")]
    [InlineData("/folder/inner.raw")]
    [InlineData("/folder")]
    [InlineData("/.hidden")]
    [InlineData("/link")]
    [InlineData("/dangling")]
    [InlineData("/roos_1.efi/")]
    [InlineData("/roos_1.efi%00.raw")]
    [InlineData("/./secret")]
    [InlineData("/nothing")]
    public async Task What_is_not_a_file_of_the_folder_is_not_there(string target)
    {
        if (!OperatingSystem.IsWindows())
        {
            File.CreateSymbolicLink(Path.Combine(_tree.Root, "www/link"), "../secret");
            File.CreateSymbolicLink(Path.Combine(_tree.Root, "www/dangling"), "nowhere");
        }

        var answer = await Raw($"GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        Assert.Matches("^HTTP/1.1 40[04] ", answer);
        Assert.DoesNotContain("\r\n\r\nno", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_link_within_the_folder_is_followed()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "symbolic links need privileges on Windows");
        File.CreateSymbolicLink(Path.Combine(_tree.Root, "www/latest.efi"), "roos_1.efi");
        Assert.Equal("0123456789", await _client.GetStringAsync(new Uri(Address, "latest.efi"), Cancellation));
    }

    [Fact]
    public async Task A_named_pipe_does_not_hold_anybody_up()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "there are no named pipes in folders on Windows");
        using (var make = Process.Start("mkfifo", [Path.Combine(_tree.Root, "www/pipe.raw"), Path.Combine(_tree.Root, "www/SHA256SUMS.gpg")])) await make.WaitForExitAsync(Cancellation);
        foreach (var name in new[] { "pipe.raw", "SHA256SUMS.gpg" })
        {
            using var answer = await Get(name);
            Assert.Empty(await answer.Content.ReadAsByteArrayAsync(Cancellation));
        }
    }

    [Fact]
    public async Task The_page_lists_versions_with_the_newest_first()
    {
        using var answer = await Get("");
        var page = await answer.Content.ReadAsStringAsync(Cancellation);
        Assert.Equal("text/html; charset=utf-8", answer.Content.Headers.ContentType!.ToString());
        Assert.Matches("(?s)<h2>roos 1</h2>.*<h2>roos 0.9</h2>.*<h2>Other files</h2>", page);
        Assert.Contains("<a href=\"roos_1.efi\">roos_1.efi</a></td><td class=\"size\">10</td><td class=\"digest\">" + Digest, page, StringComparison.Ordinal);

        // A name is text, and a file that is listed and gone is said to be.
        Assert.Contains("<a href=\"%3Cb%3E.raw\">&lt;b&gt;.raw</a></td><td class=\"size\">missing</td>", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<b>", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_page_says_when_the_list_is_broken_or_missing()
    {
        var list = Path.Combine(_tree.Root, "www/SHA256SUMS");
        File.WriteAllText(list, "<nonsense>\n");
        Assert.Contains("SHA256SUMS:1: a line is a SHA-256 digest", await _client.GetStringAsync(Address, Cancellation), StringComparison.Ordinal);
        File.Delete(list);
        Assert.Contains("Nothing is published here yet", await _client.GetStringAsync(Address, Cancellation), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_answer_is_a_line_of_the_log()
    {
        using (await Get("roos_1.efi", request => request.Headers.Range = new RangeHeaderValue(2, 4))) { }
        await Raw("GET /a\"b\\ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        await Eventually(() => _log.Count >= 2);
        Assert.Contains(_log, line => line.EndsWith("] \"GET /roos_1.efi HTTP/1.1\" 206 3", StringComparison.Ordinal) && line.StartsWith("127.0.0.1 - - [", StringComparison.Ordinal));
        Assert.Contains(_log, line => line.Contains("\"GET /a\\x22b\\x5C HTTP/1.1\" 404 ", StringComparison.Ordinal));
    }

    [Fact]
    public void A_log_line_cannot_be_forged() => Assert.Equal("/a\\x0A127.0.0.1 \\x22\\x1B[2J\\xE9", AccessLog.Printable("/a\n127.0.0.1 \"\u001b[2J\u00e9"));

    /// <summary>200 at once, each its own part; together the file.</summary>
    [Fact]
    public async Task Many_ranges_at_a_time_are_all_right()
    {
        const int count = 200, part = 50_001;
        var bytes = new byte[count * part];
        new Random(1).NextBytes(bytes);
        await File.WriteAllBytesAsync(Path.Combine(_tree.Root, "www/large.raw"), bytes, Cancellation);
        var parts = await Task.WhenAll(Enumerable.Range(0, count).Select(async i =>
        {
            using var answer = await Get("large.raw", request => request.Headers.Range = new RangeHeaderValue((long)i * part, ((i + 1L) * part) - 1));
            return await answer.Content.ReadAsByteArrayAsync(Cancellation);
        }));
        Assert.Equal(SHA256.HashData(bytes), SHA256.HashData(parts.SelectMany(one => one).ToArray()));
    }

    [Fact]
    public async Task A_file_that_is_replaced_while_it_is_sent_is_sent_as_it_was()
    {
        var path = Path.Combine(_tree.Root, "www/large.raw");
        var bytes = new byte[32 << 20];
        new Random(1).NextBytes(bytes);
        await File.WriteAllBytesAsync(path, bytes, Cancellation);
        using var answer = await _client.GetAsync(new Uri(Address, "large.raw"), HttpCompletionOption.ResponseHeadersRead, Cancellation);

        // As roos publish replaces: by another file of that name.
        Assert.SkipWhen(OperatingSystem.IsWindows(), "an open file cannot be replaced on Windows");
        await File.WriteAllBytesAsync(path + ".new", [1, 2, 3], Cancellation);
        File.Move(path + ".new", path, overwrite: true);
        Assert.Equal(SHA256.HashData(bytes), SHA256.HashData(await answer.Content.ReadAsByteArrayAsync(Cancellation)));
    }

    [Fact]
    public async Task There_are_no_more_connections_than_allowed_and_none_is_idle_for_ever()
    {
        await using var server = await UpdateServer.Start(Options with { MostConnections = 2, IdleLimit = TimeSpan.FromSeconds(1) }, Cancellation);
        using var one = await Connect(server);
        using var two = await Connect(server);
        await Eventually(async () =>
        {
            using var three = await Connect(server);
            return (await Read(three)).Length == 0;
        });

        // The two say nothing; the server hangs up, and others have a turn.
        Assert.Matches("^(HTTP/1.1 408 |$)", await Read(one));
        Assert.Matches("^(HTTP/1.1 408 |$)", await Read(two));
        await Eventually(async () =>
        {
            try
            {
                return await _client.GetStringAsync(new Uri(server.Address, "roos_1.efi"), Cancellation) == "0123456789";
            }
            catch (HttpRequestException)
            {
                return false; // a connection is not counted any more a moment after it has ended
            }
        });
    }

    [Fact]
    public async Task With_a_certificate_it_speaks_TLS()
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        using var usable = X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), null);
        await using var server = await UpdateServer.Start(Options with { Certificates = [usable] }, Cancellation);
        Assert.Equal("https", server.Address.Scheme);
        var seen = "";
        using var client = new HttpClient(new HttpClientHandler
        {
            ServerCertificateCustomValidationCallback = (_, presented, _, _) =>
            {
                seen = presented!.Thumbprint;
                return true;
            },
        });
        Assert.Equal("0123456789", await client.GetStringAsync(new Uri(server.Address, "roos_1.efi"), Cancellation));
        Assert.Equal(certificate.Thumbprint, seen);
    }

    [Fact]
    public async Task A_port_that_is_taken_is_told()
    {
        var error = await Assert.ThrowsAsync<RoosException>(() => UpdateServer.Start(Options with { Listen = new IPEndPoint(IPAddress.Loopback, Address.Port) }, Cancellation));
        Assert.Contains("--listen gives another", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("127.0.0.1:80", "127.0.0.1:80")]
    [InlineData("localhost:8080", "127.0.0.1:8080")]
    [InlineData("[::1]:0", "[::1]:0")]
    public void Where_to_listen(string text, string expected) => Assert.Equal(expected, ServeCommand.ReadEndPoint(text).ToString());

    [Theory]
    [InlineData("8080")]
    [InlineData(":8080")]
    [InlineData("127.0.0.1")]
    [InlineData("127.0.0.1:")]
    [InlineData("127.0.0.1:65536")]
    [InlineData("127.0.0.1:-1")]
    [InlineData("::1:8080")]
    [InlineData("example.org:80")]
    public void Not_where_to_listen(string text) => Assert.Contains($"found \"{text}\"", Assert.Throws<UsageException>(() => ServeCommand.ReadEndPoint(text)).Message, StringComparison.Ordinal);

    private async Task<HttpResponseMessage> Get(string name, Action<HttpRequestMessage>? change = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(Address, name));
        change?.Invoke(request);
        return await _client.SendAsync(request, Cancellation);
    }

    private async Task<string> Raw(string request)
    {
        using var connection = await Connect(_server!);
        await connection.GetStream().WriteAsync(Encoding.Latin1.GetBytes(request), Cancellation);
        return await Read(connection);
    }

    private static async Task<TcpClient> Connect(UpdateServer server)
    {
        var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, server.Address.Port, Cancellation);
        return client;
    }

    /// <summary>What comes until the other end hangs up.</summary>
    private static async Task<string> Read(TcpClient connection)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        var all = new MemoryStream();
        try
        {
            await connection.GetStream().CopyToAsync(all, limit.Token);
        }
        catch (IOException)
        {
            // It hung up without a good-bye.
        }

        return Encoding.Latin1.GetString(all.ToArray());
    }

    private static Task Eventually(Func<bool> condition) => Eventually(() => Task.FromResult(condition()));

    private static async Task Eventually(Func<Task<bool>> condition)
    {
        for (var tries = 0; !await condition(); tries++)
        {
            Assert.True(tries < 300, "it did not happen within 30 seconds");
            await Task.Delay(100, Cancellation);
        }
    }
}
