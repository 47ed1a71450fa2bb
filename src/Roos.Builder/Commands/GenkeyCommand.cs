using System.CommandLine;
using System.Globalization;
using System.Security.Cryptography;
using Roos.Builder.Signing;

namespace Roos.Builder.Commands;

/// <summary><c>roos genkey</c>: makes the keys of an appliance.</summary>
internal static class GenkeyCommand
{
    private const string Text = """
        Make the keys that an appliance is signed with, in the appliance's tree:

          mkosi.key      private RSA key for what firmware starts and for root hashes; keep it secret, and keep a copy of it
          mkosi.crt      its certificate (PEM)
          mkosi.der      the same certificate, for firmware menus (DER)
          mkosi.esl      the same certificate, for firmware menus and tools that take EFI signature lists
          mkosi.pcr.key, mkosi.pcr.pub    with --pcr: the key that signs what PCR 11 will be
          mkosi.pgp.key, mkosi.pgp.pub    with --openpgp: the key that signs SHA256SUMS

        Private files are readable by their owner alone (0600). Nothing is overwritten without --force. The certificate is valid from
        the beginning of the day (UTC), or of the day of SOURCE_DATE_EPOCH.

        Examples:
          roos -C my-appliance genkey
          roos genkey --bits 4096 --common-name "Example Corp. Secure Boot 2026" --pcr --openpgp
          roos genkey --passphrase                      # asks for a pass phrase, and encrypts the private keys with it
          roos genkey --pcr --no-secure-boot            # a PCR key beside the keys that are there
        """;

    public static Command Create()
    {
        var bits = new Option<int>("--bits") { Description = "Length of the RSA keys: 2048, 3072 or 4096. All firmware takes 2048, some takes no more", HelpName = "N", DefaultValueFactory = _ => 2048 };
        var name = new Option<string?>("--common-name") { Description = "Whom the certificate names; without it \"Roos Secure Boot\" and the day", HelpName = "NAME" };
        var days = new Option<int>("--valid-days") { Description = "For how long the certificate is valid", HelpName = "N", DefaultValueFactory = _ => 3650 };
        var noSecureBoot = new Option<bool>("--no-secure-boot") { Description = "Leave the Secure Boot key alone: make those of --pcr and --openpgp only" };
        var pcr = new Option<bool>("--pcr") { Description = "Make a key for PCR 11 as well" };
        var openPgp = new Option<bool>("--openpgp") { Description = "Make an OpenPGP key as well" };
        var userId = new Option<string?>("--user-id") { Description = "Who uses the OpenPGP key, as \"Name <address>\"; without it \"Roos updates\" and the day", HelpName = "ID" };
        var force = ForceOption.Create("Replace keys that are there, for good: machines that trust them take no update signed by others");
        var file = new Option<string?>("--passphrase-file") { Description = "Encrypt the private keys with the first line of FILE", HelpName = "FILE" };
        var variable = new Option<string?>("--passphrase-env") { Description = "Encrypt the private keys with what the environment variable NAME holds", HelpName = "NAME" };
        var ask = new Option<bool>("--passphrase") { Description = "Encrypt the private keys with a pass phrase that is asked for, twice" };
        var command = new Command("genkey", Text) { bits, name, days, noSecureBoot, pcr, openPgp, userId, file, variable, ask, force };
        command.SetAction((parsed, cancellation) =>
        {
            var request = new KeyRequest
            {
                Bits = parsed.GetValue(bits) is var length and (2048 or 3072 or 4096) ? length : throw new UsageException($"--bits takes 2048, 3072 or 4096; found {parsed.GetValue(bits)}"),
                Day = Today(),
                CommonName = parsed.GetValue(name),
                ValidDays = parsed.GetValue(days),
                SecureBoot = !parsed.GetValue(noSecureBoot),
                Pcr = parsed.GetValue(pcr),
                OpenPgp = parsed.GetValue(openPgp),
                UserId = parsed.GetValue(userId),
            };
            var passPhrases = PassPhraseOptions(parsed.GetValue(file), parsed.GetValue(variable), parsed.GetValue(ask));
            using var random = RandomNumberGenerator.Create();
            Generate(request, passPhrases, ForceOption.Count(parsed, force) > 0, parsed.GetValue(GlobalOptions.Quiet), random, cancellation);
            return Task.FromResult(Program.Done);
        });
        return command;
    }

    private static void Generate(KeyRequest request, PassPhrases? passPhrases, bool replace, bool isQuiet, RandomNumberGenerator random, CancellationToken cancellation)
    {
        const string folder = ""; // that of the process, which -C has changed
        request.Check();

        // Asked first, refused first: making keys takes a while.
        KeyFilesWriter.CheckPlaces(folder, request.FileNames, replace);
        var passPhrase = passPhrases?.GetNew(request.FileNames[0], cancellation);
        var keys = GeneratedKeys.Make(request, passPhrase, random, cancellation);
        KeyFilesWriter.Write(folder, keys.Files, replace);
        Console.Out.Write(keys.Summary());
        if (!isQuiet) Console.Out.Write(keys.NextSteps());
    }

    private static PassPhrases? PassPhraseOptions(string? file, string? variable, bool ask)
    {
        if ((file is null ? 0 : 1) + (variable is null ? 0 : 1) + (ask ? 1 : 0) > 1) throw new UsageException("give one of --passphrase-file, --passphrase-env and --passphrase: a key has one pass phrase");
        if (file is not null) return PassPhrases.FromFile(file);
        return variable is not null ? PassPhrases.FromEnvironment(variable) : ask ? PassPhrases.Asked : null;
    }

    private static DateTimeOffset Today()
    {
        var text = Environment.GetEnvironmentVariable("SOURCE_DATE_EPOCH");
        if (string.IsNullOrEmpty(text)) return new DateTimeOffset(DateTime.UtcNow.Date, TimeSpan.Zero);
        const long most = 250_000_000_000; // the year 9892: certificates end with 9999
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds <= most
            ? new DateTimeOffset(DateTimeOffset.FromUnixTimeSeconds(seconds).Date, TimeSpan.Zero)
            : throw new UsageException($"SOURCE_DATE_EPOCH must be a whole number of seconds since 1970; found \"{text}\"");
    }
}
