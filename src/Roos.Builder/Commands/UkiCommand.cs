using System.CommandLine;
using System.Globalization;
using Roos.Builder.Inspection;
using Roos.Builder.Signing;
using Roos.Builder.Workspaces;
using Roos.Core;
using Roos.Core.Bytes;
using Roos.Signing;
using Roos.Uki;

namespace Roos.Builder.Commands;

/// <summary><c>roos uki sign|unsign|verify|digest</c>: Authenticode signatures of UKIs and of any other EFI program.</summary>
internal static class UkiCommand
{
    private const string Description =
        """
        Makes UKIs, signs EFI programs for Secure Boot (UKIs, kernels, systemd-boot), takes signatures away and checks them. The
        same key gives the same bytes each time.

        Examples:
          roos uki sign roos_0.1.efi --key mkosi.key --certificate mkosi.crt
          roos uki sign vmlinuz --key mkosi.key --certificate mkosi.crt --append --output vmlinuz.signed
          roos uki verify roos_0.1.efi --certificate mkosi.crt
          roos uki unsign roos_0.1.efi --output unsigned.efi
          roos uki digest roos_0.1.efi
        """;

    private static readonly Argument<string> EfiProgram = new("FILE") { Description = "The EFI program" };

    private static readonly Option<string?> Output = new("--output", "-o") { Description = "Where the result goes; FILE itself is replaced if not given", HelpName = "FILE" };

    public static Command Create() => new("uki", Description) { UkiBuildCommand.Create(), UkiAddonCommand.Create(), Sign(), Unsign(), Verify(), Digest() };

    private static Command Sign()
    {
        var key = new Option<string>("--key") { Description = "The private key, PEM", HelpName = "FILE", Required = true };
        var certificate = CertificateOption("Its certificate, PEM or DER");
        var append = new Option<bool>("--append") { Description = "Keep the signatures that FILE has; otherwise they are replaced" };
        var passPhrases = new PassPhraseOptions();
        var command = new Command("sign", "Sign FILE") { EfiProgram, key, certificate, Output, append };
        passPhrases.AddTo(command);
        command.SetAction((parsed, cancellation) =>
        {
            var keys = new KeyLoader(passPhrases.Of(parsed), cancellation);
            var signer = ProgramSigner.Read(keys, parsed.GetRequiredValue(key), parsed.GetRequiredValue(certificate));
            Warn(parsed, keys);
            Change(parsed, (source, name) => parsed.GetValue(append) ? signer.AllSignatures(source, name) : [signer.Sign(source, name)], cancellation);
            return Task.FromResult(Builder.Program.Done);
        });
        return command;
    }

    private static Command Unsign()
    {
        var index = new Option<int?>("--index") { Description = "Which one to take away, counted from 0; all of them if not given", HelpName = "N" };
        var command = new Command("unsign", "Take signatures away from FILE; what roos signed is then what it was before") { EfiProgram, index, Output };
        command.SetAction((parsed, cancellation) =>
        {
            Change(parsed, (source, name) =>
            {
                var signatures = CertificateTable.Read(source, name).ToList();
                if (parsed.GetValue(index) is not { } which) return [];
                if (which < 0 || which >= signatures.Count) throw new RoosException($"{name}: there is no signature {which}; the file has {signatures.Count}, counted from 0");
                signatures.RemoveAt(which);
                return signatures;
            }, cancellation);
            return Task.FromResult(Builder.Program.Done);
        });
        return command;
    }

    private static Command Verify()
    {
        var certificate = CertificateOption("Who must have signed, or vouch for who did; PEM or DER");
        var command = new Command("verify", "Check that FILE is signed; exit status 1 where no signature is good") { EfiProgram, certificate };
        command.SetAction(parsed =>
        {
            var trusted = KeyFiles.LoadCertificate(parsed.GetRequiredValue(certificate));
            using var source = FileSource.Open(parsed.GetRequiredValue(EfiProgram));
            var verdicts = Verdicts(source, trusted);
            foreach (var (text, _) in verdicts) Console.Out.Write(FindingFormat.Clean(text) + "\n");
            if (verdicts.Count == 0) throw new RoosException($"{source.Path}: is not signed");
            if (!verdicts.Any(verdict => verdict.IsGood)) throw new RoosException($"{source.Path}: no signature of {trusted.Subject} is good");
            return Builder.Program.Done;
        });
        return command;
    }

    private static Command Digest()
    {
        var command = new Command("digest", "Print the SHA-256 digest that signatures of FILE are over, the same whether it is signed or not") { EfiProgram };
        command.SetAction(parsed =>
        {
            using var source = FileSource.Open(parsed.GetRequiredValue(EfiProgram));
            Console.Out.Write(Convert.ToHexStringLower(PeDigest.Sha256(source, source.Path)) + "\n");
        });
        return command;
    }

    private static List<(string Text, bool IsGood)> Verdicts(FileSource source, Certificate trusted)
    {
        var digest = PeDigest.Sha256(source, source.Path);
        var result = new List<(string Text, bool IsGood)>();
        foreach (var der in CertificateTable.Read(source, source.Path))
        {
            var (signer, reason) = Verdict(der, digest, trusted);
            result.Add((string.Create(CultureInfo.InvariantCulture, $"signature {result.Count}{signer}: {(reason is null ? "good" : "not good: " + reason)}"), reason is null));
        }

        return result;
    }

    private static (string Signer, string? Reason) Verdict(byte[] der, byte[] digest, Certificate trusted)
    {
        try
        {
            var signature = AuthenticodeSignature.Read(der);
            return (signature.Signer is { } signer ? " by " + signer.Subject : "", signature.Verify(digest, trusted));
        }
        catch (DamagedInputException e)
        {
            return ("", e.Message); // the next one may be good
        }
    }

    /// <summary>Writes FILE with other signatures.</summary>
    private static void Change(ParseResult parsed, Func<ByteSource, string, IReadOnlyList<byte[]>> change, CancellationToken cancellation)
    {
        var path = parsed.GetRequiredValue(EfiProgram);
        using var source = FileSource.Open(path);
        Replace(parsed.GetValue(Output) ?? path, SignedPe.Plan(source, change(source, path), path), cancellation, source);
    }

    /// <summary>The file appears under its name when it is complete.</summary>
    /// <param name="path">The file.</param>
    /// <param name="image">Its bytes.</param>
    /// <param name="cancellation">Leaves what was there.</param>
    /// <param name="like">The file that it may take the place of: it is closed before, and whoever made it executable has it so again.</param>
    internal static void Replace(string path, IImage image, CancellationToken cancellation, FileSource? like = null)
    {
        using var workspace = Workspace.Create(Path.GetDirectoryName(Path.GetFullPath(path))!);
        var complete = workspace.PathOf("program");
        Workspace.WriteFile(complete, image, [], cancellation);
        like?.Dispose();
        if (like is not null && !OperatingSystem.IsWindows()) File.SetUnixFileMode(complete, File.GetUnixFileMode(like.Path));
        File.Move(complete, path, overwrite: true);
    }

    private static Option<string> CertificateOption(string description) => new("--certificate") { Description = description, HelpName = "FILE", Required = true };

    internal static void Warn(ParseResult parsed, KeyLoader keys)
    {
        if (parsed.GetValue(GlobalOptions.Quiet)) return;
        foreach (var warning in keys.Warnings) Console.Error.WriteLine("roos: warning: " + warning);
    }
}
