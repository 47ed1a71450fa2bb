using System.CommandLine;
using System.Globalization;
using Roos.Builder.Pipeline;
using Roos.Builder.Publishing;
using Roos.Builder.Signing;
using Roos.Builder.Terminal;
using Roos.Builder.Workspaces;

namespace Roos.Builder.Commands;

/// <summary><c>roos attach-signatures</c>: completes an image that <c>roos build --prepare-signing</c> has prepared.</summary>
internal static class AttachSignaturesCommand
{
    /// <summary>Exit status where more signatures are wanted: signatures of signatures wait for each other.</summary>
    public const int MoreAreWanted = 3;

    public static Command Create()
    {
        var folder = new Argument<string>("DIR") { Description = "The folder that roos build --prepare-signing has made" };
        var output = new Option<string>("--output-directory", "-O") { HelpName = "DIR", Description = "Where the image goes", DefaultValueFactory = _ => "mkosi.output" };
        var command = new Command("attach-signatures", """
            Complete a prepared image with signatures that were made elsewhere.

            For each DIR/signatures/NAME.digest (32 bytes, SHA-256) put NAME.sig beside it: the RSASSA-PKCS1-v1_5
            signature of that digest. DIR/signatures/requests.json says what each is and whose key is wanted.
            Signatures that cover other signatures are asked for when those are there, so the command is run up to
            four times; exit status 3 says that more are wanted, 0 that the image is complete.

            Examples:
              roos build --prepare-signing to-sign
              for d in to-sign/signatures/*.digest; do
                openssl pkeyutl -sign -inkey mkosi.key -pkeyopt digest:sha256 -in $d -out ${d%.digest}.sig
              done
              roos attach-signatures to-sign
            """)
        {
            folder, output,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            var result = await BuildProgress.Run(parsed.GetValue(GlobalOptions.Quiet), progress =>
                Task.FromResult(Attach(parsed.GetRequiredValue(folder), Path.GetFullPath(parsed.GetValue(output)!), progress, cancellation)));
            foreach (var line in result.Lines) await Console.Out.WriteLineAsync(line);
            return result.IsComplete ? Program.Done : MoreAreWanted;
        });
        return command;
    }

    /// <summary>Completes the image, or writes down what is wanted.</summary>
    /// <returns>What to tell the user.</returns>
    public static (bool IsComplete, IReadOnlyList<string> Lines) Attach(string folder, string outputDirectory, BuildProgress progress, CancellationToken cancellation)
    {
        using var prepared = PreparedFolder.Open(folder, cancellation);
        var signatures = new FolderSignatures(prepared.SignatureFolder);
        using var workspace = Workspace.Create(outputDirectory);
        try
        {
            var outputs = ImageAssembly.Complete([(prepared.Image, signatures)], workspace, outputDirectory, progress, cancellation);
            prepared.WriteRequests(signatures, []);
            return (true, [.. outputs.Select(output => Line(outputDirectory, output))]);
        }
        catch (SignaturesWantedException wanted)
        {
            prepared.WriteRequests(signatures, wanted.Requests);
            return (false,
            [
                $"{wanted.Requests.Count} {(wanted.Requests.Count == 1 ? "signature is" : "signatures are")} wanted in {prepared.SignatureFolder}:",
                .. wanted.Requests.Select(request => $"  {request.Name}.digest -> {request.Name}.sig   {CommandSigner.NameOf(request.Role)} key, {request.Description}"),
                $"Then: roos attach-signatures {folder}",
            ]);
        }
    }

    /// <summary>An output in the list that ends a build.</summary>
    public static string Line(string directory, Output output)
    {
        var path = Path.GetRelativePath(Directory.GetCurrentDirectory(), Path.Combine(directory, output.Name));
        return string.Create(CultureInfo.InvariantCulture, $"{output.Digest[..16]}…  {output.Length,13:N0}  {path}");
    }
}
