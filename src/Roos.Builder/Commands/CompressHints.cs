using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Roos.Core.Bytes;
using Roos.Erofs;

namespace Roos.Builder.Commands;

/// <summary>
/// A file for --compress-hints: lines of a cluster size in bytes, perhaps the index of an algorithm, and an extended regular
/// expression, with blanks between them; "#" begins a comment (lib/compress_hints.c of erofs-utils, man mkfs.erofs). The first
/// expression that is found in a path counts.
/// </summary>
/// <remarks>
/// Paths and expressions are compared as bytes (Latin-1), as in the C locale. Expressions are .NET's without backtracking:
/// what they have in common with POSIX means the same, and what they have not is refused.
/// </remarks>
internal sealed class CompressHints
{
    private readonly List<(int Cluster, Regex Pattern)> _hints = [];

    private CompressHints()
    {
    }

    /// <exception cref="UsageException">The file cannot be read, or has a line that is no hint.</exception>
    public static CompressHints Read(string path)
    {
        try
        {
            return Parse(path, File.ReadAllLines(path, Encoding.Latin1));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new UsageException($"{path}: cannot be read (given with --compress-hints): {e.Message}");
        }
    }

    /// <param name="name">What the lines are from, for errors.</param>
    /// <param name="lines">A character for each byte.</param>
    /// <exception cref="UsageException">A line that is no hint.</exception>
    internal static CompressHints Parse(string name, IEnumerable<string> lines)
    {
        var hints = new CompressHints();
        foreach (var (index, line) in lines.Index())
        {
            if (line.StartsWith('#') || string.IsNullOrWhiteSpace(line)) continue;
            hints._hints.Add(ParseLine(string.Create(CultureInfo.InvariantCulture, $"{name}:{index + 1}"), line));
        }

        return hints;
    }

    /// <summary>An <see cref="Roos.Erofs.ErofsHint"/>.</summary>
    public int? ClusterOf(ByteString path)
    {
        var text = Encoding.Latin1.GetString(path.StartsWith("/"u8) ? path.Span[1..] : path.Span);
        foreach (var (cluster, pattern) in _hints)
        {
            if (pattern.IsMatch(text)) return cluster;
        }

        return null;
    }

    private static (int Cluster, Regex Pattern) ParseLine(string place, string line)
    {
        var (size, rest) = SplitWord(line);
        if (!int.TryParse(size, NumberStyles.None, CultureInfo.InvariantCulture, out var cluster) || (cluster != 0 && !ErofsOptions.IsClusterSize(cluster)))
        {
            throw new UsageException($"{place}: a hint begins with a cluster size, a power of two from 4096 to 1048576, or 0 for no compression; found \"{Shown(size)}\"");
        }

        // With two words the second is the pattern; with more it is an algorithm, as mkfs.erofs reads it.
        var (algorithm, pattern) = SplitWord(rest);
        if (pattern.Length == 0) pattern = algorithm;
        else if (algorithm != "0") throw new UsageException($"{place}: the second of three words is the index of an algorithm and must be 0, the one of -z; found \"{Shown(algorithm)}\"");
        if (pattern.Length == 0) throw new UsageException($"{place}: a regular expression is missing after the cluster size");
        if (Regex.IsMatch(pattern, @"\[[:.=]", RegexOptions.CultureInvariant)) throw new UsageException($"{place}: classes of characters such as [:digit:] are not known: write 0-9; found \"{Shown(pattern)}\"");
        try
        {
            return (cluster, new Regex(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant | RegexOptions.Singleline));
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            throw new UsageException($"{place}: \"{Shown(pattern)}\" is no regular expression that Roos knows: {e.Message}");
        }
    }

    private static (string First, string Others) SplitWord(string text)
    {
        text = text.Trim(' ', '\t');
        var end = text.IndexOfAny([' ', '\t']);
        return end < 0 ? (text, "") : (text[..end], text[end..].Trim(' ', '\t'));
    }

    private static string Shown(string bytes) => Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(bytes));
}
