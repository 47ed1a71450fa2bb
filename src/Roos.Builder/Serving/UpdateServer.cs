using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Net.Http.Headers;
using Roos.Core;

namespace Roos.Builder.Serving;

/// <summary>
/// The files of one folder over HTTP, for machines that update themselves from it, and a page about them for people. Whatever is not a file right in that
/// folder is not there: other folders, hidden files, links that lead out of it.
/// </summary>
internal sealed class UpdateServer : IAsyncDisposable
{
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(5);

    private readonly WebApplication _application;

    private UpdateServer(WebApplication application) => _application = application;

    /// <summary>Where it can be reached, with a slash at the end.</summary>
    public Uri Address => new(_application.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.First().TrimEnd('/') + "/");

    /// <summary>Begins to serve.</summary>
    /// <exception cref="RoosException">Something else listens there, or nothing may.</exception>
    public static async Task<UpdateServer> Start(ServeOptions options, CancellationToken cancellation)
    {
        // Neither settings files nor environment variables: a server started here does what its command line says.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(server =>
        {
            server.AddServerHeader = false;
            server.Limits.MaxConcurrentConnections = options.MostConnections;
            server.Limits.KeepAliveTimeout = options.IdleLimit;
            server.Limits.RequestHeadersTimeout = options.IdleLimit;
            server.Limits.MaxRequestBodySize = 0;
            server.Limits.MaxRequestHeadersTotalSize = 1 << 14;
            server.Listen(options.Listen, listener =>
            {
                if (options.Certificates is { Count: > 0 } certificates)
                {
                    listener.UseHttps(https =>
                    {
                        https.ServerCertificate = certificates[0];
                        https.ServerCertificateChain = certificates;
                        https.HandshakeTimeout = options.IdleLimit;
                    });
                }
            });
        });
        builder.Services.AddLogging();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = EndLimit);
        var application = builder.Build();
        var folder = new ServedFolder(options.Folder);
        application.Run(async context =>
        {
            var counter = new FileBody(context.Features.GetRequiredFeature<IHttpResponseBodyFeature>());
            context.Features.Set<IHttpResponseBodyFeature>(counter);
            try
            {
                await Answer(context, folder).ConfigureAwait(false);
            }
            catch (Exception e) when (e is OperationCanceledException or IOException && context.RequestAborted.IsCancellationRequested)
            {
                // Whoever asked has hung up.
            }
            finally
            {
                options.Log(AccessLog.Line(context, counter.Written, DateTimeOffset.Now));
            }
        });
        try
        {
            await application.StartAsync(cancellation).ConfigureAwait(false);
            return new UpdateServer(application);
        }
        catch (Exception e) when (e is IOException or System.Net.Sockets.SocketException)
        {
            await application.DisposeAsync().ConfigureAwait(false);
            throw new RoosException($"{options.Listen}: cannot listen there: {e.GetBaseException().Message}; --listen gives another address and port", e);
        }
    }

    /// <summary>Ends it; downloads have five seconds to finish.</summary>
    public async ValueTask DisposeAsync()
    {
        await _application.StopAsync().ConfigureAwait(false);
        await _application.DisposeAsync().ConfigureAwait(false);
    }

    private static async Task Answer(HttpContext context, ServedFolder folder)
    {
        var (request, response) = (context.Request, context.Response);
        response.Headers.XContentTypeOptions = "nosniff";
        if (!HttpMethods.IsGet(request.Method) && !HttpMethods.IsHead(request.Method))
        {
            response.Headers.Allow = "GET, HEAD";
            await Say(context, StatusCodes.Status405MethodNotAllowed, "files are read here, with GET or HEAD").ConfigureAwait(false);
            return;
        }

        var path = request.Path.Value ?? "";
        if (path == "/")
        {
            response.Headers.ContentSecurityPolicy = "default-src 'none'; style-src 'unsafe-inline'";
            response.Headers.CacheControl = "no-cache";
            await Results.Text(IndexPage.Of(folder), "text/html; charset=utf-8").ExecuteAsync(context).ConfigureAwait(false);
            return;
        }

        if (folder.Find(path[1..]) is not { } file)
        {
            await Say(context, StatusCodes.Status404NotFound, "there is no such file").ConfigureAwait(false);
            return;
        }

        // A list that a proxy has kept would hide a new version.
        if (file.IsList) response.Headers.CacheControl = "no-cache";

        // The framework's own answer knows ranges, conditions and HEAD.
        await Results.File(file.Path, file.ContentType, lastModified: file.Modified, entityTag: new EntityTagHeaderValue(file.EntityTag), enableRangeProcessing: true)
            .ExecuteAsync(context).ConfigureAwait(false);
    }

    private static Task Say(HttpContext context, int status, string sentence) =>
        Results.Text(string.Create(CultureInfo.InvariantCulture, $"{status}: {sentence}\n"), "text/plain; charset=utf-8", statusCode: status).ExecuteAsync(context);
}
