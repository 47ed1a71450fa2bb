using System.Text;
using Roos.Core;
using Roos.Core.Tree;

namespace Roos.Builder.Steps;

/// <summary>The specifiers of systemd's configuration that mean the tree: those of os-release(5), %% and the folders for temporary files.</summary>
internal static class TreeSpecifiers
{
    /// <exception cref="RoosException">A specifier is unknown, or it means the machine that will run and cannot be known in a build.</exception>
    public static string Expand(FileTree tree, string text, string place) => Expand(text, place, specifier => specifier switch
    {
        'A' => OsRelease.Get(tree, "IMAGE_VERSION") ?? "",
        'B' => OsRelease.Get(tree, "BUILD_ID") ?? "",
        'M' => OsRelease.Get(tree, "IMAGE_ID") ?? "",
        'o' => OsRelease.Get(tree, "ID") ?? "linux",
        'w' => OsRelease.Get(tree, "VERSION_ID") ?? "",
        'W' => OsRelease.Get(tree, "VARIANT_ID") ?? "",
        'T' => "/tmp",
        'V' => "/var/tmp",
        _ => null,
    });

    /// <summary>With %% and whatever <paramref name="known"/> gives an answer to.</summary>
    /// <exception cref="RoosException">There is no answer for a specifier.</exception>
    public static string Expand(string text, string place, Func<char, string?> known)
    {
        if (!text.Contains('%', StringComparison.Ordinal)) return text;
        var result = new StringBuilder();
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != '%' || i + 1 == text.Length)
            {
                result.Append(text[i]);
                continue;
            }

            var specifier = text[++i];
            if (specifier == '%') result.Append('%');
            else result.Append(known(specifier) ?? throw new RoosException($"{place}: %{specifier} cannot be known when an image is built; found in \"{text}\""));
        }

        return result.ToString();
    }
}
