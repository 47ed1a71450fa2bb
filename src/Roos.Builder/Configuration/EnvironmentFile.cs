using System.Text;

namespace Roos.Builder.Configuration;

/// <summary>mkosi.env and its like: lines of KEY=VALUE, taken as they are; a name alone takes the command's environment.</summary>
public static class EnvironmentFile
{
    /// <param name="path">The name that errors show.</param>
    /// <param name="file">The file to open.</param>
    /// <param name="environment">The environment of the command.</param>
    /// <exception cref="ConfigurationException">A line has no name.</exception>
    public static IReadOnlyList<Setting<(string Key, string Value)>> Read(string path, string file, Func<string, string?> environment)
    {
        if (new FileInfo(file).Length > IniFile.LargestFile) throw new UsageException($"{path}: an environment file has at most {IniFile.LargestFile >> 20} MiB");
        var result = new List<Setting<(string Key, string Value)>>();
        var number = 0;
        foreach (var whole in File.ReadAllText(file, Encoding.UTF8).ReplaceLineEndings("\n").Split('\n'))
        {
            number++;
            var line = whole.Trim();
            if (line.Length == 0 || line[0] is '#' or ';') continue;
            var location = new SourceLocation(path, number, whole.Length - whole.TrimStart().Length + 1, whole);
            var equals = line.IndexOf('=', StringComparison.Ordinal);
            var key = (equals < 0 ? line : line[..equals]).TrimEnd();
            if (key.Length == 0 || key.Any(c => !char.IsAsciiLetterOrDigit(c) && c != '_')) throw location.Error("a line is KEY=VALUE, with a name of letters, digits and underscores");
            result.Add(new Setting<(string Key, string Value)>((key, equals < 0 ? environment(key) ?? "" : line[(equals + 1)..].TrimStart()), SettingOrigin.At(location)));
        }

        return result;
    }
}
