using System.CommandLine;
using System.Text;
using Roos.Builder.Signing;
using Roos.Builder.Verification;
using Roos.Core;
using Roos.Core.Bytes;
using Roos.Signing;
using Roos.Signing.OpenPgp;

namespace Roos.Builder.Commands;

/// <summary><c>roos verify IMAGE</c>: the chain of trust from firmware to every block, offline.</summary>
internal static class VerifyCommand
{
    private const string Description =
        """
        Follow the chain of trust through a disk image (or a UKI), as a machine does when it starts: partition table, ESP, keys to
        be enrolled, signatures of boot loader, UKI and kernel, root hash in every command line, signed PCR policies, signature of
        the root hash, every block of hash tree and data, every file, SHA256SUMS. One line says what was checked and what came
        out; exit status 1 where a link is broken, and the first one is named.

        Without --certificate everything but signatures is checked.

        Examples:
          roos verify mkosi.output/roos_0.1.raw --certificate mkosi.crt
          roos verify roos_0.1.raw --certificate mkosi.crt --pcr-key pcr.pub --openpgp-key roos.gpg
          roos verify roos_0.1.efi --certificate mkosi.crt
          roos verify /dev/sda --certificate mkosi.crt --json
        """;

    public static Command Create()
    {
        var image = new Argument<string>("IMAGE") { Description = "The disk image, or a UKI" };
        var certificate = Option("--certificate", "Who must have signed, PEM or DER: what firmware will trust");
        var verity = Option("--verity-certificate", "Who must have signed root hashes, where that is another");
        var pcr = Option("--pcr-key", "The public key that PCR policies must be signed with, PEM; the UKI's own if not given");
        var openPgp = Option("--openpgp-key", "The OpenPGP key or keyring that must have signed SHA256SUMS beside IMAGE");
        var json = new Option<bool>("--json") { Description = "Print JSON" };
        var workers = new Option<string?>("--workers") { Description = "Threads that hash (default: one per processor)", HelpName = "N" };
        var command = new Command("verify", Description) { image, certificate, verity, pcr, openPgp, json, workers };
        command.SetAction((parsed, cancellation) =>
        {
            var secureBoot = parsed.GetValue(certificate) is { } path ? KeyFiles.LoadCertificate(path) : null;
            var trust = new TrustAnchors
            {
                SecureBoot = secureBoot,
                Verity = parsed.GetValue(verity) is { } other ? KeyFiles.LoadCertificate(other) : secureBoot,
                Pcr = parsed.GetValue(pcr) is { } key ? RsaPublicKey.ReadPem(Encoding.Latin1.GetString(KeyFiles.Read(key, "public key")), key) : null,
                OpenPgp = parsed.GetValue(openPgp) is { } keyring ? OpenPgpKey.Read(KeyFiles.Read(keyring, "OpenPGP key"), keyring) : null,
            };
            var count = (int)(NumberOption.Integer("--workers", parsed.GetValue(workers), 1, 1024) ?? Environment.ProcessorCount);
            using var source = FileSource.Open(parsed.GetRequiredValue(image));
            Verify(source, trust, count, parsed.GetValue(json), cancellation);
            return Task.FromResult(Program.Done);
        });
        return command;
    }

    private static void Verify(FileSource source, TrustAnchors trust, int workers, bool json, CancellationToken cancellation)
    {
        var report = ImageVerification.Run(source.Path, source, trust, workers, json ? null : line => Console.Out.Write(VerificationFormat.Text(line)), cancellation);
        if (json) Console.Out.Write(VerificationFormat.Json(source.Path, report));
        if (report.FirstBroken is { } broken) throw new RoosException(VerificationFormat.Failure(source.Path, broken));
        if (!json) Console.Out.Write(VerificationFormat.Verdict(source.Path, report));
        if (!report.SignaturesChecked) Console.Error.WriteLine($"roos: warning: {VerificationFormat.SignaturesNotChecked}");
    }

    private static Option<string?> Option(string name, string description) => new(name) { Description = description, HelpName = "FILE" };
}
