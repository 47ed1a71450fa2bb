using System.Text;
using Roos.Core;
using Roos.Core.Bytes;
using Roos.Core.Tree;

namespace Roos.Builder.Steps;

/// <summary>
/// os-release(5) of a tree. <see cref="Apply"/> says which image the system is, and ties extensions to its version: systemd compares
/// SYSEXT_LEVEL and CONFEXT_LEVEL with an extension's, IMAGE_ID and IMAGE_VERSION it does not.
/// </summary>
public static class OsRelease
{
    private const string Path = "usr/lib/os-release";

    /// <summary>Writes IMAGE_ID, IMAGE_VERSION, SYSEXT_LEVEL and CONFEXT_LEVEL, each where it stands or at the end.</summary>
    /// <exception cref="RoosException">A value has a character that os-release(5) does not allow, or there is no os-release file.</exception>
    public static FileTree Apply(FileTree tree, string imageId, string? imageVersion)
    {
        Check("ImageId", imageId);
        List<(string Key, string Value)> values = [("IMAGE_ID", imageId)];
        if (!string.IsNullOrEmpty(imageVersion))
        {
            Check("ImageVersion", imageVersion);
            values.AddRange([("IMAGE_VERSION", imageVersion), ("SYSEXT_LEVEL", imageVersion), ("CONFEXT_LEVEL", imageVersion)]);
        }

        return Set(tree, values);
    }

    /// <summary>Writes <c>KEY="value"</c> lines: the first line of a key is replaced, further ones go, a new key is appended.</summary>
    /// <exception cref="RoosException">There is no os-release file, or a value would need quoting.</exception>
    public static FileTree Set(FileTree tree, IReadOnlyList<(string Key, string Value)> values)
    {
        if (tree.Resolve(Path) is not { Node: RegularFile file } found)
        {
            throw new RoosException($"/{Path} must be in the tree and is not: the packages contain no system (base-files brings it in Debian)");
        }

        var lines = ConfigurationFiles.Text(file).Split('\n', StringSplitOptions.RemoveEmptyEntries).ToList();
        foreach (var (key, value) in values)
        {
            if (value.AsSpan().IndexOfAny("\"\\$`\n") >= 0) throw new RoosException($"{key}= of os-release cannot have quotes, backslashes, $ or line ends; found \"{value}\"");
            var line = $"{key}=\"{value}\"";
            var at = lines.FindIndex(IsOfKey);
            if (at < 0)
            {
                lines.Add(line);
            }
            else
            {
                lines.RemoveAll(IsOfKey);
                lines.Insert(at, line);
            }

            bool IsOfKey(string text) => text.StartsWith(key + "=", StringComparison.Ordinal);
        }

        var content = Encoding.UTF8.GetBytes(string.Join('\n', lines) + "\n");
        return tree.ToBuilder().Set(found.Path, new RegularFile(file.Metadata, ByteSource.FromMemory(content))).Build();
    }

    /// <summary>The value of a key, unquoted, or null.</summary>
    public static string? Get(FileTree tree, string key)
    {
        var file = tree.FindFile("etc/os-release") ?? tree.FindFile(Path);
        if (file is null) return null;
        var line = ConfigurationFiles.Text(file).Split('\n').LastOrDefault(line => line.StartsWith(key + "=", StringComparison.Ordinal));
        return line is null ? null : string.Concat(QuotedWords.Split(line[(key.Length + 1)..].Trim(), "/" + Path));
    }

    /// <summary>os-release(5): lower case letters, digits, dot, underscore, dash. Upper case is let through: mkosi does, and so does systemd.</summary>
    private static void Check(string setting, string value)
    {
        if (value.Length > 0 && value.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-' or '+' or '~' or '^')) return;
        throw new UsageException($"{setting}= must consist of letters, digits and . _ - + ~ ^ (os-release(5)); found \"{value}\"");
    }
}
