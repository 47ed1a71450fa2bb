using System.Text;
using Roos.Core;

namespace Roos.Builder.Publishing;

/// <summary>SHA256SUMS: names and digests, in byte order of names, a line <c>DIGEST *NAME</c> each.</summary>
internal sealed class DigestList
{
    private const int DigestLength = 64, MostBytes = 4 << 20;

    private readonly SortedDictionary<string, string> _digests = new(StringComparer.Ordinal);

    public IReadOnlyDictionary<string, string> Digests => _digests;

    /// <summary>The list in a folder, or null where there is none.</summary>
    /// <exception cref="RoosException">It is not as Roos writes it.</exception>
    public static DigestList? Find(string folder)
    {
        var path = Path.Combine(folder, OutputSet.Manifest);
        if (!File.Exists(path)) return null;
        if (new FileInfo(path).Length > MostBytes) throw new RoosException($"{path}: a list of digests has at most {MostBytes} bytes; this has {new FileInfo(path).Length}");
        var result = new DigestList();
        var number = 0;
        var text = File.ReadAllText(path);
        if (text.Length > 0 && !text.EndsWith('\n')) throw new RoosException($"{path}: its last line has no end, so it may have been cut off; restore it, or remove it to begin anew");
        foreach (var line in text.Split('\n').SkipLast(1))
        {
            number++;
            var isLine = line.Length > DigestLength + 2 && line[..DigestLength].All(char.IsAsciiHexDigitLower) && line.AsSpan(DigestLength, 2) is " *" or "  " && OutputSet.IsName(line[(DigestLength + 2)..]);
            if (!isLine) throw new RoosException($"{path}:{number}: a line is a SHA-256 digest, \" *\" and a file name; found \"{line}\". Restore the file, or remove it to begin anew");
            if (!result._digests.TryAdd(line[(DigestLength + 2)..], line[..DigestLength])) throw new RoosException($"{path}:{number}: {line[(DigestLength + 2)..]} is listed twice");
        }

        return result;
    }

    public void Set(string name, string digest) => _digests[name] = digest;

    public void Remove(string name) => _digests.Remove(name);

    public byte[] ToBytes() => Encoding.UTF8.GetBytes(string.Concat(_digests.Select(item => $"{item.Value} *{item.Key}\n")));
}
