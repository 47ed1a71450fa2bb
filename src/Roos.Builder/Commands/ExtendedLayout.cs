using Roos.Erofs;

namespace Roos.Builder.Commands;

/// <summary>What the names after -E ask for.</summary>
internal sealed record ExtendedLayout
{
    private const string Known = "fragments, all-fragments, ztailpacking, dedupe and legacy-compress";

    public ErofsFragments Fragments { get; init; }

    public bool TailPacking { get; init; }

    public bool Deduplicate { get; init; }

    public ErofsIndex Index { get; init; }

    /// <param name="lists">One for each -E: names with commas between them. Later names count more; ^ before one turns it off.</param>
    /// <exception cref="UsageException">A name that is not known, or known and not to be had.</exception>
    public static ExtendedLayout Parse(IEnumerable<string> lists)
    {
        var layout = new ExtendedLayout();
        foreach (var item in lists.SelectMany(list => list.Split(',')))
        {
            var on = !item.StartsWith('^');
            var name = (on ? item : item[1..]).Split('=', 2);
            var next = Set(layout, name[0], on) ?? throw new UsageException(Refusal(name[0], on));
            if (name.Length > 1) throw new UsageException($"-E {name[0]} takes no value: everything has the cluster size of -C; found \"{item}\"");
            layout = next;
        }

        return layout;
    }

    private static ExtendedLayout? Set(ExtendedLayout layout, string name, bool on) => (name, on) switch
    {
        ("fragments", true) => layout with { Fragments = layout.Fragments == ErofsFragments.All ? ErofsFragments.All : ErofsFragments.Tails },
        ("all-fragments", true) => layout with { Fragments = ErofsFragments.All },
        ("fragments" or "all-fragments", false) => layout with { Fragments = ErofsFragments.None },
        ("ztailpacking", _) => layout with { TailPacking = on },
        ("dedupe", _) => layout with { Deduplicate = on },
        ("legacy-compress", _) => layout with { Index = on ? ErofsIndex.Full : ErofsIndex.Compact },
        ("inline_data", true) => layout, // always
        _ => null,
    };

    private static string Refusal(string name, bool on) => (name, on) switch
    {
        ("", _) => $"-E takes names with commas between them: {Known}; found an empty one",
        ("48bit" or "dot-omitted", true) => $"-E {name} is not written: it needs Linux 6.15 or newer, and images of Roos are read by Linux 6.12",
        ("force-inode-compact", _) => "-E force-inode-compact is not written: give -T, with which every inode is compact that can be",
        ("force-inode-extended", _) => "-E force-inode-extended is not written: inodes are extended where they have to be",
        ("noinline_data", _) or ("inline_data", false) => $"-E {(on ? "" : "^")}{name} is not written: the ends of small files are always beside their inodes",
        ("force-inode-blockmap" or "force-chunk-indexes", _) => $"-E {name} is not written: Roos makes no files of chunks",
        ("fragdedupe", _) => $"-E {(on ? "" : "^")}fragdedupe is not for choice: files that are equal as a whole are always stored once",
        ("nosbcrc", _) => "-E nosbcrc is not written: the superblock always has its checksum",
        ("xattr-name-filter", _) => "-E xattr-name-filter is not written",
        _ => $"-E takes {Known}; found \"{name}\"",
    };
}
