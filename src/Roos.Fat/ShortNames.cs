using System.Globalization;
using System.Text;

namespace Roos.Fat;

/// <summary>
/// Gives every name of one directory its short name. Names that keep theirs come first, so that no numbered alias
/// takes one of them away; the rest get <c>~1</c>, <c>~2</c> … in the order of the list.
/// </summary>
internal static class ShortNames
{
    /// <summary>Eleven bytes for each of <paramref name="names"/>, at the same index.</summary>
    public static byte[][] Assign(IReadOnlyList<string> names)
    {
        var result = new byte[names.Count][];
        var taken = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < names.Count; i++)
        {
            if (FatName.IsShortName(names[i])) Take(i, FatName.ToShortBytes(names[i]));
        }

        for (var i = 0; i < names.Count; i++)
        {
            if (result[i] is not null) continue;
            var (first, extension, exact) = FatName.Basis(names[i]);
            if (exact) Take(i, FatName.Pack(first, extension));
        }

        // Bases that share what a one-digit tail leaves of them share all numbered aliases: one counter for them.
        var last = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < names.Count; i++)
        {
            if (result[i] is not null) continue;
            var (first, extension, _) = FatName.Basis(names[i]);
            var key = first[..Math.Min(6, first.Length)] + "." + extension;
            var number = last.GetValueOrDefault(key);
            do
            {
                number++;
                var tail = "~" + number.ToString(CultureInfo.InvariantCulture);
                Take(i, FatName.Pack(first[..Math.Min(8 - tail.Length, first.Length)] + tail, extension));
            }
            while (result[i] is null);
            last[key] = number;
        }

        return result;

        void Take(int index, byte[] shortName)
        {
            if (taken.Add(Encoding.ASCII.GetString(shortName))) result[index] = shortName;
        }
    }
}
