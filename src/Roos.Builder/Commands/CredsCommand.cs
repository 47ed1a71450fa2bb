using System.CommandLine;
using System.Globalization;
using System.Security.Cryptography;
using Roos.Builder.Boot;
using Roos.Builder.Signing;
using Roos.Core;
using Roos.Core.Bytes;
using Roos.Core.Identity;
using Roos.Core.Tree;
using Roos.Signing.Credentials;

namespace Roos.Builder.Commands;

/// <summary><c>roos creds</c>: credentials, made on another machine than the one that is to use them.</summary>
internal static class CredsCommand
{
    /// <summary>In the ESP, for every UKI that is started from it: systemd-stub(7).</summary>
    private const string Folder = "loader/credentials";

    private const string Suffix = ".cred";

    public static Command Create() => new("creds", """
        Make and read credentials in systemd's format (systemd-creds) away from the machine that uses them.

        A credential that a TPM seals can be made on its machine alone; run there:
          sudo systemd-creds encrypt --with-key=tpm2 --name=NAME FILE /boot/loader/credentials/NAME.cred
        """)
    {
        CreateEncrypt(), CreateDecrypt(), CreateSecret(), CreateInstall(),
    };

    private static Command CreateEncrypt()
    {
        var input = new Argument<string>("INPUT") { Description = "The value; - reads it from standard input" };
        var output = new Argument<string>("OUTPUT") { Description = "The credential; - writes it to standard output" };
        var name = new Option<string?>("--name") { HelpName = "NAME", Description = "The name it must be found under (default: OUTPUT's without .cred; an empty one is any)" };
        var key = new Option<string?>("--with-key") { HelpName = "KEY", Description = "host: the key of one machine. null: none, so that everybody can read it and make another" };
        key.AcceptOnlyFromAmong("host", "null");
        var secret = new Option<string?>("--host-secret") { HelpName = "FILE", Description = "The machine's /var/lib/systemd/credential.secret; makes --with-key=host the default" };
        var expiry = new Option<string?>("--not-after") { HelpName = "TIME", Description = "From when on the machine refuses it, as 2027-01-31 or 2027-01-31T12:00:00Z" };
        var command = new Command("encrypt", """
            Encrypt a credential for a machine whose host key is at hand, or with no key at all.

            With no key it is a container and no secret: a machine with a TPM and Secure Boot refuses it. The same input gives the same bytes.

            Examples:
              roos creds encrypt --host-secret credential.secret 10-site.network network.network.10-site.cred
              roos creds encrypt --with-key=null motd.txt login.motd.cred
            """)
        {
            input, output, name, key, secret, expiry,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            var (from, to) = (parsed.GetRequiredValue(input), parsed.GetRequiredValue(output));
            var chosen = await ReadKey(parsed.GetValue(key), parsed.GetValue(secret), null);
            var credential = new EncryptedCredential
            {
                Name = Name(parsed.GetValue(name), to),
                Expiry = parsed.GetValue(expiry) is { } text ? ReadTime(text) : null,
                Value = await Read(from, EncryptedCredential.MaximumValue, cancellation),
            };
            if (ReferenceEquals(chosen, CredentialKey.Null)) await Console.Error.WriteLineAsync("roos: warning: there is no key in it: everybody can read this credential and make another".AsMemory(), cancellation);
            await Write(to, System.Text.Encoding.ASCII.GetBytes(credential.Encrypt(chosen)), isPrivate: false, cancellation);
            return Program.Done;
        });
        return command;
    }

    private static Command CreateDecrypt()
    {
        var input = new Argument<string>("INPUT") { Description = "The credential; - reads it from standard input" };
        var output = new Argument<string>("OUTPUT") { Description = "The value (default: -, standard output)", DefaultValueFactory = _ => "-" };
        var name = new Option<string?>("--name") { HelpName = "NAME", Description = "The name it must have (default: INPUT's without .cred)" };
        var secret = new Option<string?>("--host-secret") { HelpName = "FILE", Description = "The machine's credential.secret" };
        var command = new Command("decrypt", """
            Decrypt a credential that has no key, or the key of a machine whose credential.secret is at hand.

            Example:
              roos creds decrypt --host-secret credential.secret network.network.10-site.cred
            """)
        {
            input, output, name, secret,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            var from = parsed.GetRequiredValue(input);
            var text = System.Text.Encoding.Latin1.GetString(await Read(from, 2 * EncryptedCredential.MaximumValue, cancellation));
            var credential = EncryptedCredential.Decrypt(text, await ReadKey(null, parsed.GetValue(secret), text), from);
            var expected = Name(parsed.GetValue(name), from);
            if (credential.Name is { } own && expected is not null && own != expected) throw new RoosException($"{from}: is the credential {own}, and a machine that finds it under the name {expected} refuses it; --name={own} reads it");
            if (credential.Expiry <= DateTimeOffset.UtcNow) await Console.Error.WriteLineAsync($"roos: warning: {from} expired on {credential.Expiry:yyyy-MM-dd HH:mm:ss} UTC; machines refuse it".AsMemory(), cancellation);
            await Write(parsed.GetRequiredValue(output), credential.Value, isPrivate: true, cancellation);
            return Program.Done;
        });
        return command;
    }

    private static Command CreateSecret()
    {
        var output = new Argument<string>("OUTPUT") { Description = "The file; it is not overwritten" };
        var machine = new Option<string>("--machine-id") { HelpName = "ID", Description = "The machine's ID: of a ROOS appliance its firmware's UUID", Required = true };
        var command = new Command("new-secret", """
            Make a host key for a machine that has none yet. It must be /var/lib/systemd/credential.secret there, with mode 0400, before the
            machine makes its own: at the first credential that it encrypts.

            Example:
              roos creds new-secret --machine-id 6b9d7a1e-3f42-4c58-9a3b-0d2f5e8c1a77 credential.secret
            """)
        {
            output, machine,
        };
        command.SetAction(parsed =>
        {
            var text = parsed.GetRequiredValue(machine);
            if (!Uuid.TryParse(text, out var id)) throw new UsageException($"--machine-id must be like 6b9d7a1e-3f42-4c58-9a3b-0d2f5e8c1a77; found \"{text}\"");
            var path = parsed.GetRequiredValue(output);
            WriteFile(path, CredentialKey.NewSecretFile(id, RandomNumberGenerator.GetBytes(4096)), isPrivate: true, replace: false);
            return Program.Done;
        });
        return command;
    }

    private static Command CreateInstall()
    {
        var files = new Argument<string[]>("FILE") { Description = "Encrypted credentials, NAME.cred", Arity = ArgumentArity.OneOrMore };
        var image = new Option<string>("--image") { HelpName = "IMAGE", Description = "The disk image", Required = true };
        var command = new Command("install", """
            Put credentials into the ESP of a disk image (loader/credentials): systemd-stub hands them on to the machine that starts it.

            Of a file that is there already the new one takes the place. What is signed is not touched: the image verifies as before.

            Example:
              roos creds install --image roos_1.raw network.network.10-site.cred
            """)
        {
            files, image,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            var credentials = new SortedDictionary<string, byte[]>(StringComparer.Ordinal);
            foreach (var file in parsed.GetRequiredValue(files))
            {
                var name = Path.GetFileName(file);
                if (!name.EndsWith(Suffix, StringComparison.Ordinal) || !CredentialName.IsValid(name[..^Suffix.Length])) throw new UsageException($"{file}: the file of a credential is called NAME{Suffix}, or systemd-stub does not see it");
                var bytes = await Read(file, 2 * EncryptedCredential.MaximumValue, cancellation);
                _ = EncryptedCredential.DescribeKey(System.Text.Encoding.Latin1.GetString(bytes), file);
                if (!credentials.TryAdd(name, bytes)) throw new UsageException($"{name} is named twice, and only one can have its name in the ESP");
            }

            var disk = parsed.GetRequiredValue(image);
            if (!File.Exists(disk)) throw new UsageException($"{disk}: there is no such file");
            EspEditor.Change(disk, tree => Add(tree, credentials), cancellation);
            foreach (var name in credentials.Keys) await Console.Out.WriteLineAsync($"{disk}: {Folder}/{name}".AsMemory(), cancellation);
            if (EspEditor.StaleDigest(disk) is { } stale) await Console.Error.WriteLineAsync($"roos: warning: {stale}".AsMemory(), cancellation);
            return Program.Done;
        });
        return command;
    }

    private static FileTree Add(FileTree tree, SortedDictionary<string, byte[]> credentials)
    {
        var time = EspEditor.TimeOf(tree);
        var result = tree.ToBuilder();
        if (!result.IsDirectory(Folder)) result.SetDirectory(Folder, new FileMetadata(0x1ed) { ModificationTime = time });
        foreach (var (name, bytes) in credentials) result.Set($"{Folder}/{name}", new RegularFile(new FileMetadata(0x1a4) { ModificationTime = time }, ByteSource.FromMemory(bytes)));
        return result.Build();
    }

    private static string? Name(string? given, string path)
    {
        var name = given ?? (path == "-" ? "" : Path.GetFileName(path) is var file && file.EndsWith(Suffix, StringComparison.Ordinal) ? file[..^Suffix.Length] : file);
        if (name.Length == 0) return null;
        return CredentialName.IsValid(name) ? name : throw new UsageException($"a credential's name has 1 to {CredentialName.MaximumLength} printable ASCII characters without : and /; found \"{name}\"");
    }

    private static async Task<CredentialKey> ReadKey(string? kind, string? secret, string? credential)
    {
        if (kind == "null" && secret is not null) throw new UsageException("--with-key=null takes no key: leave --host-secret out");
        if (secret is not null)
        {
            if (!File.Exists(secret)) throw new UsageException($"{secret}: there is no such file");
            return CredentialKey.Host(await File.ReadAllBytesAsync(secret).ConfigureAwait(false), null, secret);
        }

        if (kind == "host") throw new UsageException("--with-key=host needs the key: --host-secret FILE, a copy of the machine's /var/lib/systemd/credential.secret");
        if (kind is null && credential is null) throw new UsageException("say what it is encrypted with: --host-secret FILE for one machine, or --with-key=null for no key");
        return CredentialKey.Null;
    }

    private static DateTimeOffset ReadTime(string text) =>
        DateTimeOffset.TryParseExact(text, ["yyyy-MM-dd", "yyyy-MM-dd'T'HH:mm:ss'Z'"], CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time)
            ? time
            : throw new UsageException($"--not-after takes a day or a time in UTC, as 2027-01-31 or 2027-01-31T12:00:00Z; found \"{text}\"");

    private static async Task<byte[]> Read(string path, int most, CancellationToken cancellation)
    {
        if (path != "-" && !File.Exists(path)) throw new UsageException($"{path}: there is no such file");
        var stream = path == "-" ? Console.OpenStandardInput() : File.OpenRead(path);
        await using (stream.ConfigureAwait(false))
        {
            var bytes = new byte[most + 1];
            var count = await stream.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, cancellation).ConfigureAwait(false);
            return count <= most ? bytes[..count] : throw new RoosException($"{path}: has more than {most} bytes, which is more than a credential can have");
        }
    }

    private static async Task Write(string path, byte[] content, bool isPrivate, CancellationToken cancellation)
    {
        if (path != "-")
        {
            WriteFile(path, content, isPrivate, replace: true);
            return;
        }

        var stream = Console.OpenStandardOutput();
        await using (stream.ConfigureAwait(false)) await stream.WriteAsync(content, cancellation).ConfigureAwait(false);
    }

    /// <summary>Whole or not at all; what is secret is its owner's alone.</summary>
    private static void WriteFile(string path, byte[] content, bool isPrivate, bool replace) =>
        KeyFilesWriter.Write(Path.GetDirectoryName(path) ?? "", [new KeyFile(Path.GetFileName(path), content, isPrivate)], replace);
}
