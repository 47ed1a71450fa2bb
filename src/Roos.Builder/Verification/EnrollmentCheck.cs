using Roos.Signing;
using Roos.Signing.Efi;

namespace Roos.Builder.Verification;

/// <summary>
/// What systemd-boot enrolls into firmware in setup mode (<c>loader/keys/NAME/{db,dbx,KEK,PK}.auth</c>): signed by the certificate, and
/// with it in db, because otherwise the machine would refuse the image after its first start. Source: systemd-boot(7).
/// </summary>
internal static class EnrollmentCheck
{
    private const string Folder = "loader/keys/", Ending = ".auth";

    public static void Run(IReadOnlyList<BootFile> files, Certificate? trusted, CheckLog log)
    {
        var found = files.Where(file => file.Path.StartsWith(Folder, StringComparison.OrdinalIgnoreCase) && file.Path.EndsWith(Ending, StringComparison.OrdinalIgnoreCase)).ToList();
        foreach (var file in found) log.Guard(CheckNames.Enrollment, file.Path, () => Check(file, trusted, log));
    }

    private static void Check(BootFile file, Certificate? trusted, CheckLog log)
    {
        var name = file.Path[(file.Path.LastIndexOf('/') + 1)..^Ending.Length];
        if (EfiVariable.All.FirstOrDefault(variable => string.Equals(variable.Name, name, StringComparison.OrdinalIgnoreCase)) is not { } variable)
        {
            log.Broken(CheckNames.Enrollment, file.Path, $"systemd-boot enrolls {string.Join(", ", EfiVariable.All.Select(known => known.Name))}; found \"{name}\"");
            return;
        }

        var auth = AuthenticatedVariable.Read(file.Content.ToArray(), file.Path);
        var lists = EfiSignatureList.Read(auth.Content, file.Path);
        if (trusted is null)
        {
            log.Unchecked(CheckNames.Enrollment, file.Path, $"{Count(lists)}; --certificate is not given");
            return;
        }

        if (auth.Verify(variable, trusted) is { } reason) log.Broken(CheckNames.Enrollment, file.Path, $"the signature is not good: {reason}");
        else if (variable == EfiVariable.Signatures && !Certificates(lists).Any(found => found.SequenceEqual(trusted.Der))) log.Broken(CheckNames.Enrollment, file.Path, $"the certificate of {trusted.Subject} is not in it, so firmware would refuse the image once this is enrolled");
        else if (variable == EfiVariable.ForbiddenSignatures && Certificates(lists).Any(found => found.SequenceEqual(trusted.Der))) log.Broken(CheckNames.Enrollment, file.Path, $"the certificate of {trusted.Subject} is in it, so firmware would refuse the image once this is enrolled");
        else log.Good(CheckNames.Enrollment, file.Path, $"signed by {ProgramCheck.Describe(trusted)}; {Count(lists)}");
    }

    private static IEnumerable<IEnumerable<byte>> Certificates(IReadOnlyList<EfiSignatureList> lists) =>
        lists.Where(list => list.Type == EfiSignatureList.X509).SelectMany(list => list.Signatures).Select(signature => signature.Data.AsEnumerable());

    private static string Count(IReadOnlyList<EfiSignatureList> lists)
    {
        var certificates = Certificates(lists).Count();
        var others = lists.Sum(list => list.Signatures.Length) - certificates;
        return $"{certificates} {(certificates == 1 ? "certificate" : "certificates")}{(others > 0 ? $", {others} digests" : "")}";
    }
}
