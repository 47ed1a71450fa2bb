using System.Globalization;
using System.Text;
using Roos.Core.Bytes;

namespace Roos.Testing;

/// <summary>A tar of everything that tools for Linux images get wrong. GNU tar extracts it (as root) without a word.</summary>
public static class HostileTree
{
    public const long SparseSize = 6L << 30;

    /// <summary>The members, below <c>hostile/</c>.</summary>
    public static void AddTo(TarBuilder tar)
    {
        tar.Pax(("mtime", "1700000000.123456789")).Directory("hostile/");
        AddNames(tar);
        AddAttributes(tar);
        AddMetadata(tar);
        AddLinks(tar);
        AddSpecialFiles(tar);
        AddSparse(tar);
        AddSizes(tar);
        tar.Directory("hostile/many/");
        for (var i = 0; i < 20_000; i++) tar.File($"hostile/many/entry-{i.ToString("d5", CultureInfo.InvariantCulture)}-{new string('n', i % 60)}", i % 7 == 0 ? $"{i}" : "");
    }

    private static void AddNames(TarBuilder tar)
    {
        tar.Directory("hostile/names/");
        ByteString[] names =
        [
            "Case", "case", "CASE", "-dash", " blank ", "new\nline", "tab\tname", "back\\slash", "\"quote'", "*?[glob]", "\u00fcml\u00e4ut", "u\u0308ml", "...", "%41",
            (ReadOnlySpan<byte>)[0xff, 0xfe, (byte)'x'], (ReadOnlySpan<byte>)[1, 2, 0x7f, 0x80], (ReadOnlySpan<byte>)[0xc3], (ReadOnlySpan<byte>)[0xed, 0xa0, 0x80],
            new string('l', 255), Enumerable.Repeat((byte)0xe4, 255).ToArray().AsSpan(),
        ];
        foreach (var name in names)
        {
            ByteString path = new([.. "hostile/names/"u8, .. name.Span]);
            tar.Pax(("path", path)).File("stand-in", $"{name.Length}");
        }
    }

    private static void AddAttributes(TarBuilder tar)
    {
        tar.Directory("hostile/attributes/");
        var all = Enumerable.Range(0, 256).Select(i => (byte)i).ToArray();
        tar.Pax(("SCHILY.xattr.user.all", new ByteString(all)), ("SCHILY.xattr.user.newlines", "\n\na=b\n12 c=d\n"), ("SCHILY.xattr.user.empty", ""), ("SCHILY.xattr.user.%25%3D", "name with = and %"))
            .File("hostile/attributes/binary", "x");
        tar.Pax(("SCHILY.xattr.security.capability", new ByteString([1, 0, 0, 2, 0x80, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 1, 0, 0, 0, 0, 0, 0]))).File("hostile/attributes/capability", "x");
        tar.Pax(("SCHILY.xattr.trusted.overlay.opaque", "y")).Directory("hostile/attributes/directory/");
        tar.Pax(("SCHILY.xattr.trusted.on.link", "l")).SymbolicLink("hostile/attributes/link", "nowhere");
        tar.Pax(("SCHILY.xattr.user.large", new ByteString(Enumerable.Range(0, 3000).Select(i => unchecked((byte)(i * 7))).ToArray()))).File("hostile/attributes/large");
        for (var i = 0; i < 40; i++) tar.Pax(("SCHILY.xattr.user.shared", "the same everywhere, long enough to be worth sharing"), ($"SCHILY.xattr.user.own{i}", $"{i}")).File($"hostile/attributes/shared{i}");
        tar.Pax(("SCHILY.acl.access", "user::rwx\nuser:0:r--\nuser:70000:rw-\ngroup::r-x\ngroup:100000:--x\nmask::rwx\nother::---")).Add(new TarEntry("hostile/attributes/acl") { Mode = 0x1f8 });
        tar.Pax(("SCHILY.acl.access", "user::rwx\nuser:70012:r-x\ngroup::r-x\nmask::r-x\nother::r-x"), ("SCHILY.acl.default", "user::rwx\nuser:71000:rwx\ngroup::r-x\nmask::rwx\nother::r-x")).Directory("hostile/attributes/acls/");
    }

    private static void AddMetadata(TarBuilder tar)
    {
        tar.Directory("hostile/metadata/");
        string[] times = ["0", "-1", "-0.5", "-1000000000.000000001", "1.999999999", "2147483648.5", "4294967296.000000001", "1234567890.000000000"];
        for (var i = 0; i < times.Length; i++) tar.Pax(("mtime", times[i])).File($"hostile/metadata/time{i}", times[i]);
        tar.Add(new TarEntry("hostile/metadata/gnu-time") { Magic = TarBuilder.Gnu, Time = -12345678 });
        uint[] owners = [1, 65534, 65535, 65536, 100_000, 2_097_152, 4_294_967_294];
        foreach (var owner in owners) tar.Add(new TarEntry($"hostile/metadata/owner{owner}") { UserId = owner, GroupId = 4_294_967_294 - owner });
        foreach (var mode in (long[])[0, 0x1ff, 0xfff, 0x9ed, 0x5ed, 0x3ff, 0x800]) tar.Add(new TarEntry($"hostile/metadata/mode{mode}") { Mode = mode });
        tar.Directory("hostile/metadata/sticky/", 0x3ff).Directory("hostile/metadata/closed/", 0).Directory("hostile/metadata/setgid/", 0x5fd);
    }

    private static void AddLinks(TarBuilder tar)
    {
        tar.Directory("hostile/links/");
        for (var length = 1; length <= 4095; length++)
        {
            var target = string.Concat(Enumerable.Range(0, (length / 8) + 1).Select(i => $"../{i % 10000:d4}/"))[..length];
            tar.Pax(("linkpath", target)).SymbolicLink($"hostile/links/length{length:d4}", "stand-in");
        }

        tar.Pax(("linkpath", new ByteString([0xff, (byte)'\n', 0x80]))).SymbolicLink("hostile/links/bytes", "stand-in");
        tar.Directory("hostile/linked/").Pax(("mtime", "5.5"), ("SCHILY.xattr.user.linked", "once")).File("hostile/linked/one", "the same inode");
        for (var i = 0; i < 300; i++) tar.HardLink($"hostile/linked/name{i}", "hostile/linked/one");
        tar.File("hostile/linked/same", "equal, not linked").File("hostile/linked/equal", "equal, not linked");
        tar.SymbolicLink("hostile/linked/soft", "one").HardLink("hostile/linked/hard-to-soft", "hostile/linked/soft");
        tar.Directory("hostile/linked/below/").HardLink("hostile/linked/below/one", "hostile/linked/one");
    }

    private static void AddSpecialFiles(TarBuilder tar)
    {
        tar.Directory("hostile/special/");
        foreach (var (major, minor) in (ReadOnlySpan<(long, long)>)[(0, 0), (1, 3), (255, 255), (256, 256), (4095, 1_048_575), (8, 300)])
        {
            tar.Add(new TarEntry($"hostile/special/char{major}-{minor}", '3') { Major = major, Minor = minor });
            tar.Add(new TarEntry($"hostile/special/block{major}-{minor}", '4') { Major = major, Minor = minor, UserId = 70_000 });
        }

        tar.Add(new TarEntry("hostile/special/fifo", '6') { Mode = 0x1b6, Time = 77 }).HardLink("hostile/special/fifo-again", "hostile/special/fifo");
    }

    /// <summary>6 GiB with some bytes at the start, across 4 GiB and at the end (PAX format 1.0).</summary>
    private static void AddSparse(TarBuilder tar)
    {
        (long Offset, int Length)[] extents = [(0, 5120), ((1L << 32) - 4096, 8192), (SparseSize - 4097, 4097)]; // GNU tar wants whole blocks but at the end
        var map = Encoding.ASCII.GetBytes(string.Concat((IEnumerable<string>)[$"{extents.Length}\n", .. extents.Select(extent => $"{extent.Offset}\n{extent.Length}\n")]));
        byte[] content = [.. map, .. new byte[512 - map.Length], .. Enumerable.Range(0, extents.Sum(extent => extent.Length)).Select(i => unchecked((byte)((i * 31) + (i >> 8))))];
        tar.Pax(("GNU.sparse.major", "1"), ("GNU.sparse.minor", "0"), ("GNU.sparse.name", "hostile/sparse"), ("GNU.sparse.realsize", $"{SparseSize}"))
            .Add(new TarEntry("hostile/GNUSparseFile.0/sparse") { Content = content });
        tar.Pax(("GNU.sparse.major", "1"), ("GNU.sparse.minor", "0"), ("GNU.sparse.name", "hostile/hole"), ("GNU.sparse.realsize", "123456789"))
            .Add(new TarEntry("hostile/GNUSparseFile.0/hole") { Content = (byte[])[.. "1\n123456789\n0\n"u8, .. new byte[498]] });
    }

    private static void AddSizes(TarBuilder tar)
    {
        tar.Directory("hostile/sizes/");
        foreach (var size in (int[])[0, 1, 511, 512, 513, 4032, 4064, 4095, 4096, 4097, 8191, 8192, 65535, 65537, 1_048_575, 1_048_577, 3_000_000])
        {
            tar.Add(new TarEntry($"hostile/sizes/text{size}") { Content = Enumerable.Range(0, size).Select(i => (byte)('a' + (i / 13 % 26))).ToArray() });
            var state = 12345u;
            tar.Add(new TarEntry($"hostile/sizes/random{size}") { Content = Enumerable.Range(0, size).Select(_ => unchecked((byte)((state = (state * 1664525) + 1013904223) >> 24))).ToArray() });
        }
    }
}
