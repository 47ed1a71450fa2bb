using System.CommandLine;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Roos.Builder.Configuration;
using Roos.Builder.Serving;

namespace Roos.Builder.Commands;

/// <summary><c>roos serve</c>: a web server for updates.</summary>
internal static class ServeCommand
{
    private const string DefaultListen = "127.0.0.1:8080";

    private const string Text = """
        Serve the files of DIR over HTTP, for machines that fetch updates, with a page for people at /. It is made for trying updates
        out and for small networks; any web server that serves plain files does the same.

        Files right in DIR are served, but for hidden ones and links that lead out of it; folders in it are not. Each answer is a
        line on standard output, in the Common Log Format. It ends with Ctrl-C.

        A machine of roos vm finds this computer at 10.0.2.2: UPDATE_URL=http://10.0.2.2:8080

        Examples:
          roos serve                                          # the output of this tree, at http://127.0.0.1:8080/
          roos serve /srv/www/roos --listen 192.168.1.5:80
          roos serve /srv/www/roos --listen 0.0.0.0:443 --certificate server.pem --private-key server.key
        """;

    public static Command Create()
    {
        var directory = new Argument<string?>("DIR") { Description = "The folder (default: what roos build of this tree writes to)", Arity = ArgumentArity.ZeroOrOne };
        var listen = new Option<string?>("--listen") { HelpName = "ADDRESS:PORT", Description = $"Where it listens; port 0 is a free one (default: {DefaultListen})" };
        var certificate = new Option<string?>("--certificate") { HelpName = "FILE", Description = "Serve HTTPS with this certificate (PEM, the ones that signed it behind it)" };
        var key = new Option<string?>("--private-key") { HelpName = "FILE", Description = "The certificate's key (PEM)" };
        var most = new Option<string?>("--max-connections") { HelpName = "N", Description = "Connections at a time; more are closed at once (default: 1024)" };
        var command = new Command("serve", Text) { directory, listen, certificate, key, most };
        command.SetAction(async (parsed, cancellation) =>
        {
            var folder = parsed.GetValue(directory) ?? BuildFolders.Output(ApplianceConfiguration.Load(Directory.GetCurrentDirectory()));
            if (!Directory.Exists(folder)) throw new UsageException($"{folder}: there is no such folder; roos build makes the one of a tree");
            var certificates = ReadCertificates(parsed.GetValue(certificate), parsed.GetValue(key));
            var isQuiet = parsed.GetValue(GlobalOptions.Quiet);
            var options = new ServeOptions
            {
                Folder = folder,
                Listen = ReadEndPoint(parsed.GetValue(listen) ?? DefaultListen),
                Certificates = certificates,
                MostConnections = (int)(NumberOption.Integer("--max-connections", parsed.GetValue(most), 1, 1 << 20) ?? 1024),
                Log = isQuiet ? _ => { } : Console.Out.WriteLine,
            };
            await using var server = await UpdateServer.Start(options, cancellation);
            await Console.Error.WriteLineAsync($"Serving {Path.GetFullPath(folder)} at {server.Address} (Ctrl-C ends it)".AsMemory(), cancellation);
            try
            {
                await Task.Delay(Timeout.Infinite, cancellation);
            }
            catch (OperationCanceledException)
            {
                // That is how it ends.
            }

            return Program.Done;
        });
        return command;
    }

    /// <summary>An address and a port, as <c>127.0.0.1:8080</c> or <c>[::1]:8080</c>; <c>localhost</c> is 127.0.0.1.</summary>
    internal static IPEndPoint ReadEndPoint(string text)
    {
        var colon = text.LastIndexOf(':');
        var address = colon < 0 ? "" : text[..colon] == "localhost" ? "127.0.0.1" : text[..colon];
        var isBracketed = address.StartsWith('[') && address.EndsWith(']');
        if (colon > 0 && (isBracketed || !address.Contains(':', StringComparison.Ordinal)) && IPAddress.TryParse(isBracketed ? address[1..^1] : address, out var ip) && ip.ToString().Contains(':', StringComparison.Ordinal) == isBracketed
            && int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port <= IPEndPoint.MaxPort)
        {
            return new IPEndPoint(ip, port);
        }

        throw new UsageException($"--listen takes an address and a port, such as 127.0.0.1:8080 or [::]:8080; found \"{text}\"");
    }

    private static X509Certificate2Collection? ReadCertificates(string? certificate, string? key)
    {
        if (certificate is null && key is null) return null;
        if (certificate is null || key is null) throw new UsageException("--certificate and --private-key belong together");
        foreach (var file in new[] { certificate, key }) if (!File.Exists(file)) throw new UsageException($"{file}: there is no such file");
        try
        {
            using var read = X509Certificate2.CreateFromPemFile(certificate, key);
            var result = new X509Certificate2Collection();
            result.ImportFromPemFile(certificate);

            // Windows wants the key in a store of its own before TLS can use it.
            result[0] = X509CertificateLoader.LoadPkcs12(read.Export(X509ContentType.Pkcs12), null);
            return result;
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            throw new UsageException($"{certificate} and {key} are no certificate and its unencrypted key in PEM: {e.Message}");
        }
    }
}
