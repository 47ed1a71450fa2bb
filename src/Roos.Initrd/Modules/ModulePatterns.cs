using Roos.Core;

namespace Roos.Initrd.Modules;

/// <summary>
/// The pattern list of KernelModules= and KernelInitrdModules=, as mkosi reads it: the last pattern that matches a module decides,
/// <c>-</c> before a pattern excludes. A pattern is a shell glob in which <c>*</c> also matches <c>/</c>, and <c>_</c> and <c>-</c> are equal
/// (outside brackets). It is compared with the module's path without .ko:
/// <list type="bullet">
/// <item><c>/fs/nls/</c>: from kernel/ on, or else from the module folder on; a pattern that ends with a slash means all below;</item>
/// <item><c>crypto/</c>, <c>net/9p*</c>: the end of the path, beginning at a name;</item>
/// <item><c>virtio_*</c>: the file name.</item>
/// </list>
/// </summary>
internal sealed class ModulePatterns
{
    private readonly List<Pattern> _patterns = [];

    /// <exception cref="RoosException">A pattern is of a kind that Roos does not have.</exception>
    public ModulePatterns(IEnumerable<string> patterns)
    {
        foreach (var text in patterns)
        {
            if (text == "default")
            {
                _patterns.AddRange(KernelModules.DefaultPatterns.Select(Pattern.Parse));
            }
            else if (text == "host")
            {
                throw new RoosException("the kernel modules of an initrd cannot be those of the machine that builds it (\"host\"): list them, or use \"default\"");
            }
            else if (text.StartsWith("re:", StringComparison.Ordinal))
            {
                throw new RoosException($"kernel modules are chosen by globs and \"{text}\" is a regular expression: write it as a glob, like \"/drivers/net/\" or \"virtio_*\"");
            }
            else
            {
                _patterns.Add(Pattern.Parse(text));
            }
        }
    }

    /// <param name="path">Of the module, from the module folder on: kernel/fs/erofs/erofs.ko.xz.</param>
    /// <returns>True where the module is wanted.</returns>
    public bool Match(string path)
    {
        var name = ModuleName.WithoutExtension(path).Replace('_', '-');
        var result = (bool?)null;
        for (var i = _patterns.Count - 1; i >= 0; i--)
        {
            // All are asked, not only the last that matches, so that the unused ones are known.
            if (result is not null && _patterns[i].Used) continue;
            if (!_patterns[i].Match(name)) continue;
            _patterns[i].Used = true;
            result ??= !_patterns[i].Excludes;
        }

        return result ?? false;
    }

    /// <summary>Patterns that include modules and have matched none so far.</summary>
    public IReadOnlyList<string> Unused => [.. _patterns.Where(pattern => !pattern.Used && !pattern.Excludes).Select(pattern => pattern.Text)];

    private sealed class Pattern(string text, bool excludes, IReadOnlyList<string> pathGlobs, string? nameGlob)
    {
        public string Text => text;

        public bool Excludes => excludes;

        public bool Used { get; set; }

        public static Pattern Parse(string text)
        {
            var excludes = text.StartsWith('-');
            var glob = WithDashes(excludes ? text[1..] : text);
            if (glob.EndsWith('/')) glob += "*";
            if (glob.StartsWith('/')) return new Pattern(text, excludes, ["/kernel" + glob, glob], null);
            return glob.Contains('/', StringComparison.Ordinal)
                ? new Pattern(text, excludes, ["*/" + glob], null)
                : new Pattern(text, excludes, [], glob);
        }

        /// <param name="name">Path without .ko, dashes for underscores.</param>
        public bool Match(string name)
        {
            var path = "/" + name;
            return pathGlobs.Any(glob => Glob.Match(glob, path)) || (nameGlob is not null && Glob.Match(nameGlob, name[(name.LastIndexOf('/') + 1)..]));
        }

        private static string WithDashes(string glob)
        {
            var result = glob.ToCharArray();
            for (var i = 0; i < result.Length; i++)
            {
                if (result[i] == '[')
                {
                    var close = glob.IndexOf(']', i);
                    if (close < 0) break;
                    i = close;
                }
                else if (result[i] == '_')
                {
                    result[i] = '-';
                }
            }

            return new string(result);
        }
    }
}
