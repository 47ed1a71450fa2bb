using System.Text;
using Roos.Core.Tree;

namespace Roos.Builder.Pipeline;

/// <summary>The values of a tree's os-release, without their quotes.</summary>
internal static class OsReleaseValues
{
    public static IReadOnlyDictionary<string, string> Read(FileTree tree)
    {
        var result = new Dictionary<string, string>(StringComparer.Ordinal);
        if (tree.FindFile("usr/lib/os-release") is not { } file) return result;
        foreach (var line in Encoding.UTF8.GetString(file.Content.ToArray()).Split('\n'))
        {
            var equals = line.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0 || line.StartsWith('#')) continue;
            var value = line[(equals + 1)..].Trim();
            if (value.Length >= 2 && value[0] is '"' or '\'' && value[^1] == value[0]) value = value[1..^1];
            result[line[..equals].Trim()] = value;
        }

        return result;
    }
}
