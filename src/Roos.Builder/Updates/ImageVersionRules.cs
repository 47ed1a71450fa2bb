namespace Roos.Builder.Updates;

/// <summary>
/// What a version may be made of where it stands in names of files and partitions: letters, digits and <c>. ~ ^ -</c>. The
/// underscore ends it in names (<c>NAME_VERSION_UUID</c>), and a plus begins a boot counter.
/// </summary>
internal static class ImageVersionRules
{
    public static bool IsValid(string version) => version.Length is > 0 and <= 128 && version.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '~' or '^' or '-');

    public static string Problem(string version)
    {
        var bad = version.FirstOrDefault(c => !IsValid(c.ToString()));
        return version.Length == 0 || bad == '\0'
            ? $"a version has 1 to 128 characters; this one has {version.Length}"
            : $"a version is made of letters, digits and . ~ ^ - because it stands in names of files and partitions; found \"{bad}\" in \"{version}\""
                + (bad is '_' or '+' ? bad == '_' ? " (an underscore ends the version in such a name)" : " (a plus begins a boot counter in such a name)" : "");
    }
}
