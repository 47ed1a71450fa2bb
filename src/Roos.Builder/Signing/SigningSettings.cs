using Roos.Builder.Configuration;
using Roos.Core;
using Roos.Core.Bytes;
using Roos.Signing;
using Roos.Signing.OpenPgp;

namespace Roos.Builder.Signing;

/// <summary>
/// What the settings of [Validation] say about signatures. All of it is read and checked before anything is built: whose keys they
/// are, that key and certificate belong together, that the certificate has not expired.
/// </summary>
internal sealed class SigningSettings
{
    /// <summary>A source of keys: the words behind it are a command line.</summary>
    public const string CommandPrefix = "command:";

    private const int MaximumFile = 1 << 20;

    private readonly ApplianceConfiguration _appliance;
    private readonly ImageConfiguration _image;
    private readonly KeyLoader? _keys;
    private readonly Dictionary<SigningRole, ISigner> _signers = [];

    private SigningSettings(ApplianceConfiguration appliance, ImageConfiguration image, KeyLoader? keys)
    {
        _appliance = appliance;
        _image = image;
        _keys = keys;
    }

    public SigningPlan Plan { get; private set; } = SigningPlan.None;

    /// <summary>The signers of every role that the plan has; none where keys were not asked for.</summary>
    public IReadOnlyDictionary<SigningRole, ISigner> Signers => _signers;

    /// <summary>Reads certificates and keys.</summary>
    /// <param name="appliance">The configuration.</param>
    /// <param name="image">The image that is to be signed.</param>
    /// <param name="keys">Reads private keys; null where none is needed because signatures are made elsewhere.</param>
    /// <param name="now">The day on which certificates must be valid.</param>
    /// <exception cref="UsageException">A setting is wrong, or a file is missing.</exception>
    /// <exception cref="RoosException">A key or certificate cannot be used; why.</exception>
    public static SigningSettings Read(ApplianceConfiguration appliance, ImageConfiguration image, KeyLoader? keys, DateTimeOffset now)
    {
        var settings = new SigningSettings(appliance, image, keys);
        settings.Plan = new SigningPlan
        {
            SecureBoot = settings.ReadSecureBoot(now),
            Verity = settings.ReadVerity(now),
            Pcr = settings.ReadPcr(),
            OpenPgp = settings.ReadOpenPgp(now),
        };
        if (settings.Plan.SecureBoot is { } certificate && settings._image.SecureBootAutoEnroll.Value)
            settings.Plan = settings.Plan with { Enrollment = EnrollmentFiles.Read(appliance.Directory, certificate) };
        return settings;
    }

    /// <summary>Reads the key of root hashes alone.</summary>
    public static SigningSettings ReadVerity(ApplianceConfiguration appliance, ImageConfiguration image, KeyLoader keys, DateTimeOffset now)
    {
        var settings = new SigningSettings(appliance, image, keys);
        settings.Plan = new SigningPlan { Verity = settings.ReadVerity(now) };
        return settings;
    }

    /// <summary>Reads the key of SHA256SUMS alone.</summary>
    public static SigningSettings ReadOpenPgp(ApplianceConfiguration appliance, ImageConfiguration image, KeyLoader keys, DateTimeOffset now)
    {
        var settings = new SigningSettings(appliance, image, keys);
        settings.Plan = new SigningPlan { OpenPgp = settings.ReadOpenPgp(now) };
        return settings;
    }

    private Certificate? ReadSecureBoot(DateTimeOffset now)
    {
        if (!_image.SecureBoot.Value) return null;
        var (_, _, path) = _image.Signer("SecureBoot");
        if (path.Value is null) throw _image.SecureBoot.Origin.Error("SecureBoot=yes needs a certificate, and there is no mkosi.crt: make a key and its certificate with roos genkey, or name yours in SecureBootCertificate=");
        return ReadSigner("SecureBoot", SigningRole.SecureBoot, now);
    }

    /// <summary>auto signs where key and certificate are there, as mkosi does.</summary>
    private Certificate? ReadVerity(DateTimeOffset now)
    {
        var (key, source, certificate) = _image.Signer("Verity");
        var isWanted = _image.Verity.Value switch
        {
            "signed" => true,
            "auto" => certificate.Value is not null && (key.Value is not null || !IsFile(source)),
            _ => false,
        };
        if (!isWanted) return null;
        if (certificate.Value is null) throw _image.Verity.Origin.Error("Verity=signed needs a certificate, and there is no mkosi.crt: make a key and its certificate with roos genkey, or name yours in VerityCertificate=");
        return ReadSigner("Verity", SigningRole.Verity, now);
    }

    /// <summary>A key without a certificate, or one with.</summary>
    private RsaPublicKey? ReadPcr()
    {
        var (key, source, certificate) = _image.Signer("SignExpectedPcr");
        var isWanted = _image.SignExpectedPcr.Value switch
        {
            "enabled" => true,
            "auto" => certificate.Value is not null && (key.Value is not null || !IsFile(source)),
            _ => false,
        };
        if (!isWanted) return null;
        if (certificate.Value is not { } path) throw _image.SignExpectedPcr.Origin.Error("SignExpectedPcr=yes needs a public key, and there is neither mkosi.pcr.pub nor mkosi.crt: make a key with roos genkey --pcr, or name a certificate or public key in SignExpectedPcrCertificate=");
        var bytes = ReadFile(path, certificate.Origin);
        var text = System.Text.Encoding.Latin1.GetString(bytes);
        var publicKey = text.Contains("PUBLIC KEY-----", StringComparison.Ordinal) ? RsaPublicKey.ReadPem(text, path) : Certificate.Read(bytes, path).PublicKey;
        AddSigner(SigningRole.Pcr, key, source, "SignExpectedPcr", publicKey, path);
        return publicKey;
    }

    private OpenPgpKey? ReadOpenPgp(DateTimeOffset now)
    {
        if (!_image.Sign.Value) return null;
        var key = _image.Key;
        var isCommand = key.Value?.StartsWith(CommandPrefix, StringComparison.Ordinal) == true;
        var path = key.Value is null || isCommand ? Path.Combine(_appliance.Directory, "mkosi.pgp.key") : Path.GetFullPath(key.Value, _appliance.Directory);
        var publicPath = Path.ChangeExtension(path, ".pub");
        if (!File.Exists(publicPath)) throw _image.Sign.Origin.Error($"Sign=yes needs an OpenPGP key, and {publicPath} is not there: make one with roos genkey --openpgp (Key= names the file of the private key; the public keyring is beside it, as .pub)");
        var publicKey = OpenPgpKey.Read(ReadFile(publicPath, key.Origin), publicPath);
        if (publicKey.ExpirationTime is { } end && end <= now) throw key.Origin.Error($"{publicPath}: the OpenPGP key ran out on {end:yyyy-MM-dd}; make another with roos genkey --openpgp --no-secure-boot");
        var source = isCommand ? new Setting<string>(key.Value!, key.Origin) : new Setting<string>("file", key.Origin);
        AddSigner(SigningRole.OpenPgp, new Setting<string?>(path, key.Origin), source, "", publicKey.PublicKey, publicPath);
        return publicKey;
    }

    private Certificate ReadSigner(string name, SigningRole role, DateTimeOffset now)
    {
        var (key, source, path) = _image.Signer(name);
        var certificate = Certificate.Read(ReadFile(path.Value!, path.Origin), path.Value!);
        if ((KeyCheck.Validity(certificate, now) ?? KeyCheck.Usage(certificate)) is { } problem) throw path.Origin.Error($"{path.Value}: {problem}");
        AddSigner(role, key, source, name, certificate.PublicKey, path.Value!);
        return certificate;
    }

    private void AddSigner(SigningRole role, Setting<string?> key, Setting<string> source, string name, RsaPublicKey publicKey, string publicPath)
    {
        if (_keys is null) return;
        if (source.Value.StartsWith(CommandPrefix, StringComparison.Ordinal))
        {
            var command = source.Value[CommandPrefix.Length..].Trim();
            if (command.Length == 0) throw source.Origin.Error($"{name}KeySource={CommandPrefix} is followed by a command, which gets a digest on standard input and writes the signature to standard output");
            _signers[role] = new CommandSigner(command, CommandSigner.DefaultLimit);
            return;
        }

        if (!IsFile(source)) throw source.Origin.Error($"{name}KeySource= is \"file\", or \"{CommandPrefix}\" and a command that signs; found \"{source.Value}\": docs/signing.md has a command for PKCS#11 tokens");
        if (key.Value is not { } path || !File.Exists(path))
        {
            throw key.Origin.Error($"the private key of {publicPath} is not there{(key.Value is null ? "" : $" ({key.Value})")}: "
                + $"name it in {(name.Length == 0 ? "Key=" : name + "Key=")}, or sign elsewhere with roos build --prepare-signing DIR");
        }

        var privateKey = _keys.Load(path);
        if (!privateKey.PublicKey.Equals(publicKey)) throw key.Origin.Error($"{path} is not the private key of {publicPath}: a key and its certificate are made together, by roos genkey");
        _signers[role] = new PemSigner(privateKey);
    }

    private static bool IsFile(Setting<string> source) => source.Value == "file";

    private static byte[] ReadFile(string path, SettingOrigin origin)
    {
        if (!File.Exists(path)) throw origin.Error($"{path} is not there");
        using var file = FileSource.Open(path);
        return file.Length <= MaximumFile ? file.ToArray() : throw new RoosException($"{path}: a key or certificate has at most {MaximumFile} bytes; found {file.Length}");
    }
}
