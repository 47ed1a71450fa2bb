namespace Roos.Signing.Credentials;

/// <summary>Names of credentials, as credential_name_valid() of systemd has them: a file name of printable ASCII without a colon.</summary>
public static class CredentialName
{
    /// <summary>FDNAME_MAX of systemd.</summary>
    public const int MaximumLength = 255;

    public static bool IsValid(string name) =>
        name.Length is > 0 and <= MaximumLength && name is not ("." or "..") && name.All(c => c is > ' ' and < '\x7f' and not (':' or '/'));
}
