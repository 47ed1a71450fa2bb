using System.Buffers.Text;
using System.Collections.Immutable;
using Roos.Core.Bytes;
using Roos.Core.Tree;

namespace Roos.Core.Tar;

/// <summary>
/// What PAX extended headers (types x and g) say about a member. Keywords: POSIX.1-2017 (pax utility, "Extended Header
/// Keywords"), GNU tar's manual ("Storing Sparse Files") and star(5) for SCHILY.*.
/// </summary>
internal sealed class PaxHeader
{
    private readonly Dictionary<ByteString, ByteString> _attributes = [];

    public ByteString? Path { get; private set; }

    public ByteString? LinkPath { get; private set; }

    public long? Size { get; private set; }

    public long? UserId { get; private set; }

    public long? GroupId { get; private set; }

    public Timestamp? ModificationTime { get; private set; }

    public long? DeviceMajor { get; private set; }

    public long? DeviceMinor { get; private set; }

    public ByteString? AccessAcl { get; private set; }

    public ByteString? DefaultAcl { get; private set; }

    /// <summary>GNU.sparse.name: the real path where <see cref="Path"/> is a stand-in.</summary>
    public ByteString? SparseName { get; private set; }

    public long? SparseMajor { get; private set; }

    public long? SparseMinor { get; private set; }

    /// <summary>GNU.sparse.realsize (1.0) or GNU.sparse.size (0.x): the length with holes.</summary>
    public long? SparseRealSize { get; private set; }

    /// <summary>The map of formats 0.0 and 0.1.</summary>
    public TarSparseMap? SparseMap { get; private set; }

    private long? SparseOffset { get; set; }

    public ImmutableSortedDictionary<ByteString, ByteString> ExtendedAttributes { get; private set; } = ImmutableSortedDictionary<ByteString, ByteString>.Empty;

    /// <summary>Adds the records of one header; of equal keywords the last counts.</summary>
    public void Add(ReadOnlySpan<byte> records, TarPlace place)
    {
        var libarchive = new Dictionary<ByteString, ByteString>();
        while (!records.IsEmpty)
        {
            // "%d %s=%s\n", the number counting the whole record in bytes.
            var blank = records.IndexOf((byte)' ');
            if (blank <= 0 || !Utf8Parser.TryParse(records[..blank], out int length, out var used) || used != blank || length < blank + 3 || length > records.Length)
            {
                throw place.Damaged("a record of its PAX header has no valid length");
            }

            var record = records[(blank + 1)..length];
            var equals = record.IndexOf((byte)'=');
            if (equals <= 0 || record[^1] != '\n') throw place.Damaged("a record of its PAX header is not \"keyword=value\" and a newline");
            AddRecord(record[..equals], record[(equals + 1)..^1], libarchive, place);
            records = records[length..];
        }

        foreach (var (name, value) in libarchive) _attributes.TryAdd(name, value);
        if (_attributes.Count > 0) ExtendedAttributes = _attributes.ToImmutableSortedDictionary();
    }

    /// <summary>This member's records, with those of global headers (<paramref name="globals"/>) for what they do not say.</summary>
    public PaxHeader Over(PaxHeader globals) => new()
    {
        Path = Path ?? globals.Path,
        LinkPath = LinkPath ?? globals.LinkPath,
        Size = Size ?? globals.Size,
        UserId = UserId ?? globals.UserId,
        GroupId = GroupId ?? globals.GroupId,
        ModificationTime = ModificationTime ?? globals.ModificationTime,
        DeviceMajor = DeviceMajor ?? globals.DeviceMajor,
        DeviceMinor = DeviceMinor ?? globals.DeviceMinor,
        AccessAcl = AccessAcl ?? globals.AccessAcl,
        DefaultAcl = DefaultAcl ?? globals.DefaultAcl,
        SparseName = SparseName,
        SparseMajor = SparseMajor,
        SparseMinor = SparseMinor,
        SparseRealSize = SparseRealSize,
        SparseMap = SparseMap,
        ExtendedAttributes = ExtendedAttributes.IsEmpty ? globals.ExtendedAttributes
            : globals.ExtendedAttributes.IsEmpty ? ExtendedAttributes
            : globals.ExtendedAttributes.SetItems(ExtendedAttributes),
    };

    private void AddRecord(ReadOnlySpan<byte> keyword, ReadOnlySpan<byte> value, Dictionary<ByteString, ByteString> libarchive, TarPlace place)
    {
        if (TryStrip(keyword, "SCHILY.xattr."u8, out var attribute))
        {
            SetAttribute(PaxAttribute.DecodeGnuName(attribute), value, place);
            return;
        }

        if (TryStrip(keyword, "LIBARCHIVE.xattr."u8, out attribute))
        {
            if (PaxAttribute.TryDecodeBase64(value, out var bytes)) libarchive[PaxAttribute.DecodePercent(attribute)] = bytes;
            else throw place.Damaged($"the value of \"{new ByteString(keyword)}\" is not Base64");
            return;
        }

        if (keyword.SequenceEqual("RHT.security.selinux"u8))
        {
            SetAttribute("security.selinux", [.. value, 0], place); // the kernel counts the final NUL to the value
            return;
        }

        // An empty value takes the keyword back: what follows has no use for one.
        var text = value.IsEmpty ? default(ByteString?) : new ByteString(value);
        switch (System.Text.Encoding.Latin1.GetString(keyword))
        {
            case "path": Path = text; break;
            case "linkpath": LinkPath = text; break;
            case "size": Size = Number(keyword, value, place); break;
            case "uid": UserId = Number(keyword, value, place); break;
            case "gid": GroupId = Number(keyword, value, place); break;
            case "mtime": ModificationTime = value.IsEmpty ? default(Timestamp?) : PaxTime.Parse(value, place); break;
            case "SCHILY.devmajor": DeviceMajor = Number(keyword, value, place); break;
            case "SCHILY.devminor": DeviceMinor = Number(keyword, value, place); break;
            case "SCHILY.acl.access": AccessAcl = text; break;
            case "SCHILY.acl.default": DefaultAcl = text; break;
            case "GNU.sparse.name": SparseName = text; break;
            case "GNU.sparse.major": SparseMajor = Number(keyword, value, place); break;
            case "GNU.sparse.minor": SparseMinor = Number(keyword, value, place); break;
            case "GNU.sparse.realsize" or "GNU.sparse.size": SparseRealSize = Number(keyword, value, place); break;
            case "GNU.sparse.map": SparseMap = TarSparseMap.ParseList(value, place); break;
            case "GNU.sparse.offset": SparseOffset = Number(keyword, value, place); break;
            case "GNU.sparse.numbytes":
                (SparseMap ??= new TarSparseMap()).Add(
                    SparseOffset ?? throw place.Damaged("GNU.sparse.numbytes must come after GNU.sparse.offset"), Number(keyword, value, place) ?? 0, place);
                SparseOffset = null;
                break;
            default: break; // atime, ctime, uname, gname, comment, hdrcharset (names are bytes here), ...: nothing a tree keeps
        }
    }

    private void SetAttribute(ByteString name, ReadOnlySpan<byte> value, TarPlace place)
    {
        if (name.IsEmpty || name.Span.Contains((byte)0)) throw place.Damaged("an extended attribute has no valid name");
        _attributes[name] = new ByteString(value);
    }

    private static long? Number(ReadOnlySpan<byte> keyword, ReadOnlySpan<byte> value, TarPlace place) =>
        value.IsEmpty ? null : TarNumber.ParseDecimal(value, new ByteString(keyword).ToString(), place);

    private static bool TryStrip(ReadOnlySpan<byte> keyword, ReadOnlySpan<byte> prefix, out ReadOnlySpan<byte> rest)
    {
        var found = keyword.StartsWith(prefix);
        rest = found ? keyword[prefix.Length..] : default;
        return found;
    }
}
