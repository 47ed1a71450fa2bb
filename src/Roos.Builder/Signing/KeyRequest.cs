using Roos.Signing;

namespace Roos.Builder.Signing;

/// <summary>Which keys are to be made.</summary>
internal sealed record KeyRequest
{
    public const string SecureBootKey = "mkosi.key", SecureBootCertificate = "mkosi.crt", SecureBootDer = "mkosi.der", SecureBootList = "mkosi.esl",
        PcrKey = "mkosi.pcr.key", PcrPublicKey = "mkosi.pcr.pub", OpenPgpKey = "mkosi.pgp.key", OpenPgpKeyring = "mkosi.pgp.pub";

    /// <summary>Validity of a certificate, days: no longer than a hundred years.</summary>
    private const int MostDays = 36525;

    private const int MostUserIdCharacters = 200;

    public required int Bits { get; init; }

    /// <summary>The beginning of the day on which the certificate becomes valid, UTC.</summary>
    public required DateTimeOffset Day { get; init; }

    public string? CommonName { get; init; }

    public required int ValidDays { get; init; }

    public required bool SecureBoot { get; init; }

    public required bool Pcr { get; init; }

    public required bool OpenPgp { get; init; }

    /// <summary>Who uses the OpenPGP key.</summary>
    public string? UserId { get; init; }

    /// <summary>The files that will be written.</summary>
    public IReadOnlyList<string> FileNames =>
    [
        .. SecureBoot ? (string[])[SecureBootKey, SecureBootCertificate, SecureBootDer, SecureBootList] : [],
        .. Pcr ? (string[])[PcrKey, PcrPublicKey] : [],
        .. OpenPgp ? (string[])[OpenPgpKey, OpenPgpKeyring] : [],
    ];

    /// <exception cref="UsageException">Something in it cannot be.</exception>
    public void Check()
    {
        if (FileNames.Count == 0) throw new UsageException("--no-secure-boot leaves no key to make: give --pcr or --openpgp with it");
        if (ValidDays is < 1 or > MostDays) throw new UsageException($"--valid-days takes 1 to {MostDays}; found {ValidDays}");
        CheckText("--common-name", CommonName, Certificate.MostCommonNameCharacters);
        CheckText("--user-id", UserId, MostUserIdCharacters);
        if (UserId is not null && !OpenPgp) throw new UsageException("--user-id is that of an OpenPGP key: give --openpgp with it");
        if (OpenPgp && Day.ToUnixTimeSeconds() > uint.MaxValue) throw new UsageException("OpenPGP keys are made up to the year 2106; SOURCE_DATE_EPOCH is later");
    }

    private static void CheckText(string option, string? text, int most)
    {
        if (text is null) return;
        var isText = text.Length > 0 && text.Length <= most && !text.Any(char.IsControl) && !text.EnumerateRunes().Contains(System.Text.Rune.ReplacementChar);
        if (!isText) throw new UsageException($"{option} takes 1 to {most} characters on one line; found \"{text}\"");
    }
}
