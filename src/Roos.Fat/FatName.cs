using System.Text;
using Roos.Core;
using Roos.Core.Bytes;

namespace Roos.Fat;

/// <summary>Rules of long and short names.</summary>
internal static class FatName
{
    private const string ForbiddenInLong = "\"*/:<>?\\|";
    private const string AllowedInShort = "!#$%&'()-@^_`{}~";

    /// <summary>The name as text, or an error (about <paramref name="path"/>) that says why FAT cannot hold it.</summary>
    public static string ToLongName(ByteString name, ByteString path)
    {
        if (!name.TryGetText(out var text)) throw Refuse("is not UTF-8 and FAT stores names as Unicode");
        foreach (var c in text)
        {
            if (c < ' ' || c == '\x7f') throw Refuse($"has the control character U+{(int)c:X4}, which FAT does not allow in names");
            if (ForbiddenInLong.Contains(c, StringComparison.Ordinal)) throw Refuse($"has the character '{c}', which FAT does not allow in names");
        }

        if (text[^1] is '.' or ' ') throw Refuse($"ends in '{text[^1]}', which FAT drivers cut off");
        if (text.Length > FatFormat.MaximumNameUnits) throw Refuse($"has {text.Length} UTF-16 units and FAT allows {FatFormat.MaximumNameUnits}");
        return text;

        RoosException Refuse(string why) => new($"\"{path}\" cannot go into the EFI system partition: its name {why}; rename it or leave it out");
    }

    /// <summary>
    /// How names are told apart on FAT: without case. Invariant simple case mapping of each UTF-16 unit, the same on every machine.
    /// </summary>
    public static string Fold(string name) => name.ToUpperInvariant();

    /// <summary>True where the name is its own short name, upper case and all, and needs no long one.</summary>
    public static bool IsShortName(string name)
    {
        var dot = name.IndexOf('.', StringComparison.Ordinal);
        var first = dot < 0 ? name : name[..dot];
        var extension = dot < 0 ? "" : name[(dot + 1)..];
        return first.Length is >= 1 and <= 8 && extension.Length <= 3 && (dot < 0 || extension.Length > 0)
            && (first + extension).All(IsShortCharacter);
    }

    /// <summary>The eleven bytes of a name for which <see cref="IsShortName"/> holds.</summary>
    public static byte[] ToShortBytes(string name)
    {
        var dot = name.IndexOf('.', StringComparison.Ordinal);
        return dot < 0 ? Pack(name, "") : Pack(name[..dot], name[(dot + 1)..]);
    }

    public static byte[] Pack(string first, string extension) => Encoding.ASCII.GetBytes(first.PadRight(8) + extension.PadRight(3));

    /// <summary>
    /// The start of an alias (Microsoft's "basis name generation"): upper case, without spaces and inner dots, characters
    /// that short names do not have as underscores, cut to eight and three. Exact means that nothing was lost but case.
    /// </summary>
    public static (string First, string Extension, bool Exact) Basis(string name)
    {
        var exact = true;
        var trimmed = name.TrimStart(' ', '.');
        if (trimmed.Length != name.Length) exact = false;
        var dot = trimmed.LastIndexOf('.');
        var first = Clean(dot < 0 ? trimmed : trimmed[..dot], 8);
        var extension = Clean(dot < 0 ? "" : trimmed[(dot + 1)..], 3);
        if (first.Length == 0) (first, exact) = ("_", false);
        return (first, extension, exact);

        string Clean(string part, int length)
        {
            var result = new StringBuilder();
            foreach (var c in part)
            {
                var upper = c is >= 'a' and <= 'z' ? (char)(c - 0x20) : c;
                if (c is ' ' or '.') exact = false;
                else if (result.Length == length) exact = false;
                else if (IsShortCharacter(upper)) result.Append(upper);
                else
                {
                    result.Append('_');
                    exact = false;
                }
            }

            return result.ToString();
        }
    }

    /// <summary>The checksum of a short name that ties long name entries to it (<c>ChkSum()</c> of the specification).</summary>
    public static byte Checksum(ReadOnlySpan<byte> shortName)
    {
        var sum = 0;
        foreach (var b in shortName) sum = (((sum & 1) << 7) + (sum >> 1) + b) & 0xff;
        return (byte)sum;
    }

    /// <summary>The label as its eleven bytes.</summary>
    public static byte[] ToLabel(string label)
    {
        var upper = label.ToUpperInvariant();
        if (upper.Length is 0 or > 11 || !upper.All(c => c == ' ' || IsShortCharacter(c)) || upper[0] == ' ')
            throw new RoosException($"a FAT label has 1 to 11 letters, digits, spaces or characters of {AllowedInShort}; found \"{label}\"");
        return Encoding.ASCII.GetBytes(upper.PadRight(11));
    }

    private static bool IsShortCharacter(char c) => c is (>= 'A' and <= 'Z') or (>= '0' and <= '9') || AllowedInShort.Contains(c, StringComparison.Ordinal);
}
