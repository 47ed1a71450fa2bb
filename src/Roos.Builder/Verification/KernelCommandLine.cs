using System.Text;
using Roos.Gpt;

namespace Roos.Builder.Verification;

/// <summary>What a kernel command line says of verity. Source: systemd-veritysetup-generator(8).</summary>
internal static class KernelCommandLine
{
    private static readonly string[] Refusals = ["0", "no", "n", "false", "f", "off"];

    /// <summary>The root hashes that it names, as they stand there.</summary>
    public static IEnumerable<(PartitionDesignator Designator, string Hex)> RootHashes(string text)
    {
        foreach (var word in Words(text))
        {
            if (ValueOf(word, "roothash") is { } root) yield return (PartitionDesignator.Root, root);
            if (ValueOf(word, "usrhash") is { } usr) yield return (PartitionDesignator.Usr, usr);
        }
    }

    /// <summary>The first word that takes verity away, or leads it elsewhere than to the partitions that the root hash names; null where there is none.</summary>
    public static string? Undermining(string text) => Words(text).FirstOrDefault(IsUndermining);

    private static bool IsUndermining(string word)
    {
        var plain = word.StartsWith("rd.", StringComparison.Ordinal) ? word[3..] : word;
        if (ValueOf(plain, "systemd.verity") is { } switched) return Refusals.Contains(switched, StringComparer.OrdinalIgnoreCase);

        // systemd-fstab-generator takes the verified device only where no other is named.
        if (ValueOf(word, "root") is { } root) return root != "/dev/mapper/root";
        if (ValueOf(word, "mount.usr") is { } usr) return usr != "/dev/mapper/usr";
        foreach (var kind in (string[])["root", "usr"])
        {
            if (ValueOf(plain, $"systemd.verity_{kind}_data") is not null || ValueOf(plain, $"systemd.verity_{kind}_hash") is not null) return true;
            if (ValueOf(plain, $"systemd.verity_{kind}_options") is { } options && options.Split(',').Any(option => option is "ignore-corruption" or "ignore-zero-blocks")) return true;
        }

        return false;
    }

    private static string? ValueOf(string word, string key) => word.Length > key.Length && word[key.Length] == '=' && SameKey(word.AsSpan(0, key.Length), key) ? word[(key.Length + 1)..] : null;

    /// <summary>To systemd '-' and '_' are the same in keys.</summary>
    private static bool SameKey(ReadOnlySpan<char> found, string key)
    {
        for (var i = 0; i < key.Length; i++)
        {
            if ((found[i] == '-' ? '_' : found[i]) != key[i]) return false;
        }

        return true;
    }

    /// <summary>Words between white space; quotes hold words together and are not part of them.</summary>
    private static List<string> Words(string text)
    {
        var words = new List<string>();
        var word = new StringBuilder();
        char? quote = null;
        foreach (var c in text.Append(' '))
        {
            if (c == quote || (quote is null && c is '"' or '\''))
            {
                quote = quote is null ? c : null;
                continue;
            }

            if (quote is not null || !char.IsWhiteSpace(c))
            {
                word.Append(c);
                continue;
            }

            if (word.Length > 0) words.Add(word.ToString());
            word.Clear();
        }

        if (word.Length > 0) words.Add(word.ToString());
        return words;
    }
}
