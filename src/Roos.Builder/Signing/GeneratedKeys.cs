using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Roos.Signing;
using Roos.Signing.Efi;
using Roos.Signing.OpenPgp;

namespace Roos.Builder.Signing;

/// <summary>Keys that were made, as files.</summary>
internal sealed class GeneratedKeys
{
    private readonly KeyRequest _request;

    private readonly Certificate? _certificate;

    private GeneratedKeys(KeyRequest request, Certificate? certificate, IReadOnlyList<KeyFile> files)
    {
        _request = request;
        _certificate = certificate;
        Files = files;
    }

    public IReadOnlyList<KeyFile> Files { get; }

    /// <summary>Makes keys. Equal requests and equal random bytes make equal files.</summary>
    public static GeneratedKeys Make(KeyRequest request, string? passPhrase, RandomNumberGenerator random, CancellationToken cancellation)
    {
        var files = new List<KeyFile>();
        Certificate? certificate = null;
        if (request.SecureBoot)
        {
            var key = PrivateKey.Generate(request.Bits, random);
            certificate = MakeCertificate(request, key, random);
            files.Add(KeyFile.Private(KeyRequest.SecureBootKey, key.ToPem(passPhrase, random)));
            files.Add(KeyFile.Public(KeyRequest.SecureBootCertificate, certificate.ToPem()));
            files.Add(new KeyFile(KeyRequest.SecureBootDer, [.. certificate.Der], IsPrivate: false));
            files.Add(new KeyFile(KeyRequest.SecureBootList, EfiSignatureList.Write([EfiSignatureList.OfCertificate(certificate)]), IsPrivate: false));
            cancellation.ThrowIfCancellationRequested();
        }

        if (request.Pcr)
        {
            var key = PrivateKey.Generate(request.Bits, random);
            files.Add(KeyFile.Private(KeyRequest.PcrKey, key.ToPem(passPhrase, random)));
            files.Add(KeyFile.Public(KeyRequest.PcrPublicKey, key.PublicKey.ToPem()));
            cancellation.ThrowIfCancellationRequested();
        }

        if (request.OpenPgp)
        {
            var key = PrivateKey.Generate(request.Bits, random);
            var keyring = OpenPgpKey.Prepare(key.PublicKey, request.UserId ?? string.Create(CultureInfo.InvariantCulture, $"Roos updates {request.Day:yyyy-MM-dd}"), request.Day);
            files.Add(KeyFile.Private(KeyRequest.OpenPgpKey, key.ToPem(passPhrase, random)));
            files.Add(new KeyFile(KeyRequest.OpenPgpKeyring, keyring.Complete(key.Sign(keyring.Digest.AsSpan())), IsPrivate: false));
            cancellation.ThrowIfCancellationRequested();
        }

        return new GeneratedKeys(request, certificate, files);
    }

    /// <summary>What was written, a line for each file.</summary>
    public string Summary()
    {
        var text = new StringBuilder();
        foreach (var file in Files) text.Append(CultureInfo.InvariantCulture, $"{file.Name,-14} {Description(file.Name)}{(file.IsPrivate ? ": keep it secret" : "")}\n");
        if (_certificate is { } certificate) text.Append(CultureInfo.InvariantCulture, $"{"fingerprint",-14} {Convert.ToHexStringLower(certificate.Fingerprint)} (SHA-256 of {KeyRequest.SecureBootDer})\n");
        return text.ToString();
    }

    /// <summary>What the user does now.</summary>
    public string NextSteps()
    {
        var secrets = string.Join(", ", Files.Where(file => file.IsPrivate).Select(file => file.Name));
        string[] settings = [.. _request.SecureBoot ? (string[])["SecureBoot=yes"] : [], .. _request.OpenPgp ? (string[])["Sign=yes"] : []];
        var lines = new List<string>
        {
            $"keep a copy of {secrets} where nobody else gets at it: machines that trust a key take nothing that",
            "  another has signed, and one that is lost can only be replaced by going to each of them",
            "keep private keys out of git and out of images",
        };
        if (settings.Length > 0) lines.Add($"set {string.Join(" and ", settings)} in [Validation] of mkosi.conf, and build");
        if (_request.SecureBoot) lines.Add($"machines enrol the certificate at their first start in setup mode; by hand, take {KeyRequest.SecureBootDer} or {KeyRequest.SecureBootList}");
        lines.Add("docs/signing.md has more");
        return "\nNext:\n" + string.Concat(lines.Select(line => line.StartsWith(' ') ? $"  {line}\n" : $"  - {line}\n"));
    }

    private static Certificate MakeCertificate(KeyRequest request, PrivateKey key, RandomNumberGenerator random)
    {
        var serial = new byte[16];
        random.GetBytes(serial);
        serial[0] = (byte)((serial[0] & 0x3f) | 0x40); // positive, and always as long
        var name = request.CommonName ?? string.Create(CultureInfo.InvariantCulture, $"Roos Secure Boot {request.Day:yyyy-MM-dd}");
        return Certificate.SelfSigned(key, name, request.Day, request.Day.AddDays(request.ValidDays).AddSeconds(-1), serial);
    }

    private string Description(string name) => name switch
    {
        KeyRequest.SecureBootKey => Rsa("private key of what firmware starts and of root hashes"),
        KeyRequest.SecureBootCertificate => string.Create(CultureInfo.InvariantCulture, $"its certificate, {_certificate!.Subject}, valid from {_certificate.NotBefore:yyyy-MM-dd} to {_certificate.NotAfter:yyyy-MM-dd}"),
        KeyRequest.SecureBootDer => "the certificate for firmware menus, DER",
        KeyRequest.SecureBootList => "the certificate for firmware menus, EFI signature list",
        KeyRequest.PcrKey => Rsa("private key of PCR 11"),
        KeyRequest.PcrPublicKey => "its public key",
        KeyRequest.OpenPgpKey => Rsa("private key of SHA256SUMS"),
        _ => "its public keyring, OpenPGP",
    };

    private string Rsa(string text) => string.Create(CultureInfo.InvariantCulture, $"{text}, RSA-{_request.Bits}");
}
