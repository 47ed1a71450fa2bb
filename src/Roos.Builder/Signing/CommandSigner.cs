using System.Diagnostics;
using Roos.Core;
using Roos.Signing;

namespace Roos.Builder.Signing;

/// <summary>
/// A command that has a key at its disposal (a smart card, an HSM, a key service): it gets the digest, 32 bytes, on standard input and
/// writes the signature to standard output. What is signed is in its environment.
/// </summary>
internal sealed class CommandSigner(string command, TimeSpan limit) : ISigner
{
    /// <summary>How long a person may need to touch a token.</summary>
    public static readonly TimeSpan DefaultLimit = TimeSpan.FromMinutes(2);

    private const int MaximumOutput = 64 << 10;

    public byte[] Sign(SigningRequest request, CancellationToken cancellation = default)
    {
        var words = System.CommandLine.Parsing.CommandLineParser.SplitCommandLine(command).ToArray();
        var start = new ProcessStartInfo(words[0], words[1..]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        start.Environment["ROOS_SIGN_NAME"] = request.Name;
        start.Environment["ROOS_SIGN_DESCRIPTION"] = request.Description;
        start.Environment["ROOS_SIGN_ROLE"] = NameOf(request.Role);
        start.Environment["ROOS_SIGN_ALGORITHM"] = "RSASSA-PKCS1-v1_5-SHA256";
        start.Environment["ROOS_SIGN_DIGEST"] = Convert.ToHexStringLower(request.Digest.AsSpan());
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        stop.CancelAfter(limit);
        return Run(start, request, stop.Token, cancellation).GetAwaiter().GetResult();
    }

    /// <summary>As settings and file names have it.</summary>
    internal static string NameOf(SigningRole role) => role switch
    {
        SigningRole.SecureBoot => "secure-boot",
        SigningRole.Verity => "verity",
        SigningRole.Pcr => "pcr",
        SigningRole.OpenPgp => "openpgp",
        _ => throw new ArgumentOutOfRangeException(nameof(role), role, null),
    };

    private async Task<byte[]> Run(ProcessStartInfo start, SigningRequest request, CancellationToken stop, CancellationToken cancellation)
    {
        using var process = Begin(start, request);
        try
        {
            var error = Read(process.StandardError.BaseStream, isSignature: false, stop);
            var output = Read(process.StandardOutput.BaseStream, isSignature: true, stop);
            try
            {
                await process.StandardInput.BaseStream.WriteAsync(request.Digest.ToArray(), stop).ConfigureAwait(false);
                process.StandardInput.Close();
            }
            catch (IOException)
            {
                // It did not want to read: its exit status tells.
            }

            var signature = await output.ConfigureAwait(false);
            var words = System.Text.Encoding.UTF8.GetString(await error.ConfigureAwait(false)).Trim();
            await process.WaitForExitAsync(stop).ConfigureAwait(false);
            if (process.ExitCode != 0) throw Failed(request, $"ended with exit status {process.ExitCode}{(words.Length > 0 ? $": {LastLine(words)}" : "")}");
            return signature;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw Failed(request, $"gave no signature within {limit.TotalSeconds:0} seconds");
        }
        finally
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }
    }

    private Process Begin(ProcessStartInfo start, SigningRequest request)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (Exception e) when (e is System.ComponentModel.Win32Exception or IOException or InvalidOperationException)
        {
            throw Failed(request, $"cannot be started: {e.Message}");
        }
    }

    /// <summary>Of what is said to a person the beginning is enough.</summary>
    private async Task<byte[]> Read(Stream stream, bool isSignature, CancellationToken cancellation)
    {
        using var result = new MemoryStream();
        var buffer = new byte[4096];
        int count;
        while ((count = await stream.ReadAsync(buffer, cancellation).ConfigureAwait(false)) > 0)
        {
            if (result.Length + count > MaximumOutput && !isSignature) continue;
            if (result.Length + count > MaximumOutput) throw new RoosException($"the signer command \"{command}\" wrote more than {MaximumOutput} bytes, and a signature has some hundreds");
            await result.WriteAsync(buffer.AsMemory(0, count), cancellation).ConfigureAwait(false);
        }

        return result.ToArray();
    }

    private RoosException Failed(SigningRequest request, string what) => new($"the signer command \"{command}\" for {request.Name} ({request.Description}) {what}");

    private static string LastLine(string text) => text[(text.LastIndexOf('\n') + 1)..].Trim();
}
