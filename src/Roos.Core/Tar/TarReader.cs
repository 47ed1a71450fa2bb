using Roos.Core.Bytes;
using Roos.Core.Tree;

namespace Roos.Core.Tar;

/// <summary>
/// The members of an archive in their order, extension headers applied. Reads headers only: contents stay slices.
/// </summary>
internal sealed class TarReader(ByteSource tar, TarReadOptions options)
{
    /// <summary>PATH_MAX without its NUL: Linux opens no longer path and reads no longer link target.</summary>
    private const int MaximumPath = 4095;

    /// <summary>NAME_MAX.</summary>
    private const int MaximumName = 255;

    /// <summary>Deeper trees would only exhaust the stack of whatever walks them.</summary>
    private const int MaximumDepth = 1024;

    /// <summary>A PAX header holds a member's extended attributes and perhaps a sparse map: far below this.</summary>
    private const int MaximumPaxSize = 16 << 20;

    private readonly List<TarMember> _members = [];
    private readonly PaxHeader _globals = new();
    private PaxHeader? _local;
    private ByteString? _longName;
    private ByteString? _longLink;
    private TarPlace _place;
    private long _offset;

    public IReadOnlyList<TarMember> ReadAll(CancellationToken cancellation)
    {
        Span<byte> block = stackalloc byte[TarHeader.Size];
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            _place = new TarPlace(options.Name, default, _offset);
            if (tar.Length - _offset < TarHeader.Size) throw _place.Damaged(_offset == 0 && tar.Length > 0 ? NotTar : "the archive ends without its end mark (two zero blocks): it was cut off");
            tar.Read(_offset, block);
            var header = new TarHeader(block);
            if (header.IsZero)
            {
                CheckEnd();
                return _members;
            }

            if (!header.HasValidChecksum) throw _place.Damaged(_offset == 0 ? NotTar : "the header's checksum is wrong: the archive is damaged");
            _offset += TarHeader.Size;
            ReadMember(header);
        }
    }

    private const string NotTar = "this is not a tar archive (plain, or compressed with gzip, bzip2, xz or zstd)";

    /// <summary>Two zero blocks end an archive; what follows is filling. One alone with a header after it is damage.</summary>
    private void CheckEnd()
    {
        if (_local is not null || _longName is not null || _longLink is not null) throw _place.Damaged("an extension header without a member after it ends the archive");
        if (tar.Length - _offset < 2 * TarHeader.Size) return;
        Span<byte> next = stackalloc byte[TarHeader.Size];
        tar.Read(_offset + TarHeader.Size, next);
        if (!new TarHeader(next).IsZero) throw _place.Damaged("a zero block is in the middle of the archive: it is damaged");
    }

    private void ReadMember(TarHeader header)
    {
        switch (header.Type)
        {
            case (byte)'x' or (byte)'X': // X is Solaris' letter
                (_local ??= new PaxHeader()).Add(TakeSmall(header, MaximumPaxSize, "PAX header"), _place);
                break;
            case (byte)'g':
                _globals.Add(TakeSmall(header, MaximumPaxSize, "PAX header"), _place);
                break;
            case (byte)'L':
                _longName = TakeLongName(header);
                break;
            case (byte)'K':
                _longLink = TakeLongName(header);
                break;
            case (byte)'V': // GNU: the label of a volume
                _ = Take(header.ContentSize(_place));
                break;
            default:
                AddMember(header, (_local ?? new PaxHeader()).Over(_globals));
                (_local, _longName, _longLink) = (null, null, null);
                break;
        }
    }

    private void AddMember(TarHeader header, PaxHeader pax)
    {
        var rawPath = pax.SparseName ?? pax.Path ?? _longName ?? header.Path;
        _place = _place with { Member = rawPath };
        var metadata = new FileMetadata((uint)(header.Mode(_place) & 0xfff))
        {
            UserId = Narrow(pax.UserId ?? header.UserId(_place), "uid"),
            GroupId = Narrow(pax.GroupId ?? header.GroupId(_place), "gid"),
            ModificationTime = pax.ModificationTime ?? new Timestamp(header.ModificationTime(_place), 0),
            ExtendedAttributes = pax.ExtendedAttributes,
        };
        var kind = KindOf(header, rawPath);
        var link = kind is TarMemberKind.HardLink or TarMemberKind.SymbolicLink ? pax.LinkPath ?? _longLink ?? new ByteString(header.LinkName) : default;
        var isDevice = kind is TarMemberKind.CharacterDevice or TarMemberKind.BlockDevice;
        _members.Add(new TarMember(_place, CheckedPath(rawPath), kind, metadata)
        {
            LinkTarget = kind == TarMemberKind.HardLink ? CheckedPath(link) : CheckedTarget(link, kind),
            DeviceMajor = isDevice ? Narrow(pax.DeviceMajor ?? header.DeviceMajor(_place), "devmajor") : 0,
            DeviceMinor = isDevice ? Narrow(pax.DeviceMinor ?? header.DeviceMinor(_place), "devminor") : 0,
            AccessAcl = pax.AccessAcl,
            DefaultAcl = pax.DefaultAcl,
            Content = TakeContent(header, pax, kind),
        });
        if (_members.Count > options.MaximumEntries) throw _place.Damaged($"the archive has more than {options.MaximumEntries} members");
    }

    private TarMemberKind KindOf(TarHeader header, ByteString path) => header.Type switch
    {
        // Before POSIX a directory was a file whose name ends in a slash.
        (byte)'0' or 0 => path.EndsWith("/"u8) ? TarMemberKind.Directory : TarMemberKind.RegularFile,
        (byte)'7' or (byte)'S' => TarMemberKind.RegularFile,
        (byte)'1' => TarMemberKind.HardLink,
        (byte)'2' => TarMemberKind.SymbolicLink,
        (byte)'3' => TarMemberKind.CharacterDevice,
        (byte)'4' => TarMemberKind.BlockDevice,
        (byte)'5' or (byte)'D' => TarMemberKind.Directory,
        (byte)'6' => TarMemberKind.Fifo,
        (byte)'M' => throw _place.Damaged("it continues a member of another volume: join the volumes of a multi-volume archive first"),
        var type => throw _place.Damaged($"its type '{new ByteString([type])}' is none that Roos knows"),
    };

    /// <summary>Moves past the stored bytes and gives what they are the content of.</summary>
    private ByteSource TakeContent(TarHeader header, PaxHeader pax, TarMemberKind kind)
    {
        if (kind != TarMemberKind.RegularFile)
        {
            // Only regular files have stored bytes whatever their size field says (it may be a hint, or the size of a hard link's
            // target), and GNU's incremental directories.
            if (header.Type == 'D') _ = Take(pax.Size ?? header.ContentSize(_place));
            return ByteSource.Empty;
        }

        if (header.Type == 'S') return TakeGnuSparse(header, pax);
        var stored = Take(pax.Size ?? header.ContentSize(_place));
        if (pax.SparseMajor is null && pax.SparseMap is null) return stored;
        var realSize = pax.SparseRealSize ?? throw _place.Damaged("it is sparse but its PAX header has no GNU.sparse.realsize");
        if (pax.SparseMajor is null or 0) return (pax.SparseMap ?? throw _place.Damaged("it is sparse but its PAX header has no map")).Expand(stored, realSize, _place);
        if (pax.SparseMajor != 1 || pax.SparseMinor != 0) throw _place.Damaged($"its sparse format {pax.SparseMajor}.{pax.SparseMinor} is unknown (0.0, 0.1 and 1.0 are)");
        var (map, data) = TarSparseMap.ReadFrom(stored, _place);
        return map.Expand(data, realSize, _place);
    }

    private ByteSource TakeGnuSparse(TarHeader header, PaxHeader pax)
    {
        var map = new TarSparseMap();
        map.AddGnuEntries(header.SparseEntries, _place);
        Span<byte> extension = stackalloc byte[TarHeader.Size];
        for (var more = header.HasSparseExtension; more; more = extension[TarHeader.SparseInExtension * TarHeader.SparseEntrySize] != 0)
        {
            Take(TarHeader.Size).Read(0, extension);
            map.AddGnuEntries(extension[..(TarHeader.SparseInExtension * TarHeader.SparseEntrySize)], _place);
        }

        var stored = Take(pax.Size ?? header.ContentSize(_place));
        return map.Expand(stored, pax.SparseRealSize ?? header.SparseRealSize(_place), _place);
    }

    /// <summary>The next <paramref name="size"/> bytes; moves past them and the filling up to a whole block.</summary>
    private ByteSource Take(long size)
    {
        if (size < 0) throw _place.Damaged($"its size is negative ({size})");
        var left = tar.Length - _offset;
        var filling = (TarHeader.Size - (size % TarHeader.Size)) % TarHeader.Size;
        if (size > left || filling > left - size) throw _place.Damaged($"it has {size} bytes and the archive ends {left} bytes after its header: it was cut off");
        var result = tar.Slice(_offset, size);
        _offset += size + filling;
        return size == 0 ? ByteSource.Empty : result;
    }

    private byte[] TakeSmall(TarHeader header, int maximum, string what)
    {
        var size = header.ContentSize(_place);
        if (size > maximum) throw _place.Damaged($"a {what} of {size} bytes is larger than any real one (at most {maximum})");
        return Take(size).ToArray();
    }

    private ByteString TakeLongName(TarHeader header)
    {
        var bytes = TakeSmall(header, MaximumPath + 1 + TarHeader.Size, "name");
        var end = bytes.AsSpan().IndexOf((byte)0);
        return new ByteString(end < 0 ? bytes : bytes.AsSpan(0, end));
    }

    private uint Narrow(long value, string field) =>
        value is >= 0 and <= uint.MaxValue ? (uint)value : throw _place.Damaged($"its {field} {value} does not fit 32 bits");

    private ByteString CheckedPath(ByteString path)
    {
        IReadOnlyList<ByteString> names;
        try
        {
            names = TreePath.Split(path);
        }
        catch (RoosException e)
        {
            throw new DamagedInputException(_place.Damaged(e.Message).Message, e);
        }

        if (path.IsEmpty) throw _place.Damaged("it has an empty path");
        if (path.Length > MaximumPath) throw _place.Damaged($"a path of {path.Length} bytes is longer than Linux allows ({MaximumPath})");
        if (names.Count > MaximumDepth) throw _place.Damaged($"a path of {names.Count} names is deeper than Roos allows ({MaximumDepth})");
        foreach (var name in names)
        {
            if (name.Length > MaximumName) throw _place.Damaged($"a name of {name.Length} bytes is longer than Linux allows ({MaximumName})");
        }

        return TreePath.Normalise(path);
    }

    private ByteString CheckedTarget(ByteString target, TarMemberKind kind)
    {
        if (kind != TarMemberKind.SymbolicLink) return default;
        if (target.IsEmpty) throw _place.Damaged("a symbolic link must have a target");
        if (target.Span.Contains((byte)0)) throw _place.Damaged("the target of a symbolic link cannot have a NUL byte");
        return target.Length <= MaximumPath ? target : throw _place.Damaged($"a link target of {target.Length} bytes is longer than Linux allows ({MaximumPath})");
    }
}
