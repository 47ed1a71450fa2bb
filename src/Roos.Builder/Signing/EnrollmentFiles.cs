using Roos.Core;
using Roos.Core.Bytes;
using Roos.Core.Tree;
using Roos.Signing;
using Roos.Signing.Efi;

namespace Roos.Builder.Signing;

/// <summary>
/// What systemd-boot enrolls at a machine's first start (systemd-boot(7), <c>loader/keys/auto</c>): PK, KEK and db with the signer's
/// certificate, and whatever else the appliance's folder has for them.
/// </summary>
internal static class EnrollmentFiles
{
    /// <summary>Where systemd-boot looks, in the ESP.</summary>
    public const string Folder = "loader/keys/auto";

    /// <summary>Folder of the appliance tree with further certificates and lists.</summary>
    public const string SourceFolder = "config/secure-boot";

    private const int MaximumLength = 1 << 20;

    private static readonly string[] CertificateEndings = [".crt", ".pem", ".der", ".cer"];

    /// <summary>The lists of an appliance: its own certificate first, then files of config/secure-boot/KEK, db and dbx in order of their names.</summary>
    /// <param name="directory">The appliance tree.</param>
    /// <param name="certificate">The signer's.</param>
    /// <exception cref="RoosException">A file there is neither a certificate nor a list.</exception>
    public static EnrollmentLists Read(string directory, Certificate certificate)
    {
        var folder = Path.Combine(directory, SourceFolder.Replace('/', Path.DirectorySeparatorChar));
        var own = EfiSignatureList.Write([EfiSignatureList.OfCertificate(certificate)]);
        return new EnrollmentLists(More("dbx"), [.. own, .. More("db")], [.. own, .. More("KEK")], own);

        byte[] More(string variable) => Directory.Exists(Path.Combine(folder, variable))
            ? [.. Directory.GetFiles(Path.Combine(folder, variable)).Order(StringComparer.Ordinal).SelectMany(ReadFile)]
            : [];
    }

    /// <summary>Name of the request, variable and list, in the order in which they are enrolled.</summary>
    public static IEnumerable<(string Name, EfiVariable Variable, byte[] List)> Variables(EnrollmentLists lists)
    {
        if (lists.ForbiddenSignatures.Length > 0) yield return ("enroll-dbx", EfiVariable.ForbiddenSignatures, lists.ForbiddenSignatures);
        yield return ("enroll-db", EfiVariable.Signatures, lists.Signatures);
        yield return ("enroll-kek", EfiVariable.KeyExchangeKeys, lists.KeyExchangeKeys);
        yield return ("enroll-pk", EfiVariable.PlatformKey, lists.PlatformKey);
    }

    public static ToBeSigned Prepare(EfiVariable variable, byte[] list, Timestamp clock, Certificate certificate) =>
        AuthenticatedVariable.Prepare(variable, DateTimeOffset.FromUnixTimeSeconds(clock.Seconds), list, certificate);

    /// <summary>The name of a variable's file in <see cref="Folder"/>.</summary>
    public static string FileName(EfiVariable variable) => variable.Name + ".auth";

    private static byte[] ReadFile(string path)
    {
        var name = Path.GetFileName(path);
        using var file = FileSource.Open(path);
        if (file.Length > MaximumLength) throw new RoosException($"{path}: a certificate or signature list has at most {MaximumLength} bytes; found {file.Length}");
        var bytes = file.ToArray();
        if (name.EndsWith(".esl", StringComparison.OrdinalIgnoreCase)) return EfiSignatureList.Write(EfiSignatureList.Read(bytes, path));
        if (CertificateEndings.Any(ending => name.EndsWith(ending, StringComparison.OrdinalIgnoreCase))) return EfiSignatureList.Write([EfiSignatureList.OfCertificate(Certificate.Read(bytes, path))]);
        if (name is "README.md" || name.StartsWith('.')) return [];
        throw new RoosException($"{path}: files here are certificates (.crt, .pem, .der, .cer) or EFI signature lists (.esl)");
    }
}
