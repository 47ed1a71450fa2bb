using System.Security.Cryptography;
using Roos.Builder.Workspaces;
using Roos.Testing;

namespace Roos.Builder.Tests.Workspaces;

public sealed class CompressionCacheFolderTests : IDisposable
{
    private readonly ScratchFolder _scratch = new();
    private readonly List<string> _warnings = [];

    private string Parent => _scratch["mkosi.cache"];

    private string Folder => Path.Combine(Parent, "erofs-1");

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(1000)]
    [InlineData(16 << 20)]
    public void What_was_written_is_read_by_this_build_and_the_next(int length)
    {
        using (var cache = Open())
        {
            Assert.Null(cache.TryRead(Key(1)));
            cache.Write(Key(1), Value(1, length));
            Assert.Equal(Value(1, length), cache.TryRead(Key(1)));
            Assert.Null(cache.TryRead(Key(2)));
        }

        using var next = Open();
        Assert.Equal(Value(1, length), next.TryRead(Key(1)));
        Assert.Equal([PathOf(1)], Files());
        Assert.Empty(_warnings);
    }

    [Fact]
    public void Nothing_is_made_where_nothing_is_stored()
    {
        using (var cache = Open()) Assert.Null(cache.TryRead(Key(1)));
        Assert.False(Directory.Exists(Parent));
    }

    [Fact]
    public void A_key_has_32_bytes()
    {
        using var cache = Open();
        Assert.Throws<ArgumentOutOfRangeException>(() => cache.TryRead(new byte[31]));
        Assert.Throws<ArgumentOutOfRangeException>(() => cache.Write(new byte[33], [1]));
    }

    [Theory]
    [InlineData("empty")]
    [InlineData("header alone")]
    [InlineData("truncated")]
    [InlineData("longer")]
    [InlineData("of another key")]
    [InlineData("foreign")]
    [InlineData("folder")]
    [InlineData("dangling link")]
    public void Damage_is_a_miss_and_is_replaced(string what)
    {
        using var cache = Open();
        cache.Write(Key(1), Value(1, 5000));
        cache.Write(Key(2), Value(2, 5000));
        var path = PathOf(1);
        var bytes = File.ReadAllBytes(path);
        File.Delete(path);
        switch (what)
        {
            case "empty": File.WriteAllBytes(path, []); break;
            case "header alone": File.WriteAllBytes(path, bytes[..48]); break;
            case "truncated": File.WriteAllBytes(path, bytes[..^1]); break;
            case "longer": File.WriteAllBytes(path, [.. bytes, 0]); break;
            case "of another key": File.Copy(PathOf(2), path); break;
            case "foreign": File.WriteAllBytes(path, new byte[10_000]); break;
            case "folder": Directory.CreateDirectory(Path.Combine(path, "with", "something")); break;
            default:
                Assert.SkipWhen(OperatingSystem.IsWindows(), "links need a privilege on Windows");
                File.CreateSymbolicLink(path, _scratch["nowhere"]);
                break;
        }

        Assert.Null(cache.TryRead(Key(1)));
        cache.Write(Key(1), Value(1, 5000));
        Assert.Equal(Value(1, 5000), cache.TryRead(Key(1)));
        Assert.Equal(Value(2, 5000), cache.TryRead(Key(2)));
        Assert.Empty(_warnings);
    }

    [Fact]
    public void Entries_that_another_build_removes_are_misses()
    {
        using var cache = Open();
        cache.Write(Key(1), Value(1, 100));
        Directory.Delete(Parent, recursive: true);
        Assert.Null(cache.TryRead(Key(1)));
        cache.Write(Key(1), Value(1, 100));
        Assert.Equal(Value(1, 100), cache.TryRead(Key(1)));
        Assert.Empty(_warnings);
    }

    [Fact]
    public void The_longest_unused_go_first_and_what_this_build_used_stays()
    {
        using (var cache = Open()) for (var i = 0; i < 10; i++) cache.Write(Key(i), Value(i, 952)); // 1000 bytes each with their headers
        for (var i = 0; i < 10; i++) Age(PathOf(i), TimeSpan.FromDays(10 - i));
        using (var cache = Open(maximumLength: 6000))
        {
            Assert.NotNull(cache.TryRead(Key(0))); // the oldest, until now
            cache.Write(Key(10), Value(10, 952));
        }

        Assert.Equal(new[] { 0, 6, 7, 8, 9, 10 }.Select(PathOf).Order(StringComparer.Ordinal), Files());
        using (var cache = Open(maximumLength: 1))
        {
            cache.Write(Key(11), Value(11, 952));
            cache.Write(Key(12), Value(12, 952));
        }

        Assert.Equal(new[] { 11, 12 }.Select(PathOf).Order(StringComparer.Ordinal), Files());
    }

    [Fact]
    public void A_build_that_stores_nothing_trims_nothing()
    {
        using (var cache = Open()) cache.Write(Key(1), Value(1, 100));
        using (var cache = Open(maximumLength: 1)) Assert.Null(cache.TryRead(Key(2)));
        Assert.Single(Files());
    }

    [Fact]
    public void A_hit_renews_an_entry_that_was_not_used_for_long()
    {
        using (var cache = Open()) cache.Write(Key(1), Value(1, 100));
        Age(PathOf(1), TimeSpan.FromMinutes(20));
        var recent = File.GetLastWriteTimeUtc(PathOf(1));
        using (var cache = Open()) Assert.NotNull(cache.TryRead(Key(1)));
        Assert.Equal(recent, File.GetLastWriteTimeUtc(PathOf(1))); // cheap: not for every hit
        Age(PathOf(1), TimeSpan.FromDays(20));
        using (var cache = Open()) Assert.NotNull(cache.TryRead(Key(1)));
        Assert.True(DateTime.UtcNow - File.GetLastWriteTimeUtc(PathOf(1)) < TimeSpan.FromHours(1));
    }

    [Fact]
    public void What_killed_builds_left_is_removed_and_what_others_write_now_is_not()
    {
        using (var cache = Open()) cache.Write(Key(1), Value(1, 100));
        var old = Path.Combine(Folder, "partial", "killed-1");
        var young = Path.Combine(Folder, "partial", "running-1");
        File.WriteAllBytes(old, new byte[100]);
        File.WriteAllBytes(young, new byte[100]);
        Age(old, TimeSpan.FromHours(2));
        using (var cache = Open()) cache.Write(Key(2), Value(2, 100));
        Assert.False(File.Exists(old));
        Assert.True(File.Exists(young));
    }

    /// <summary>Two builds, several threads each, the same few keys, one build trimming all the time: every hit has the right bytes.</summary>
    [Fact]
    public void Builds_may_share_the_folder()
    {
        var hits = 0;
        using (var first = Open())
        using (var second = Open(maximumLength: 100_000))
        {
            Parallel.For(0, 4000, new ParallelOptions { MaxDegreeOfParallelism = 6 }, i =>
            {
                var cache = i % 2 == 0 ? first : second;
                var number = i * 7919 % 50;
                if (cache.TryRead(Key(number)) is { } value)
                {
                    Assert.Equal(Value(number, 1000 + (number * 100)), value);
                    Interlocked.Increment(ref hits);
                }
                else
                {
                    cache.Write(Key(number), Value(number, 1000 + (number * 100)));
                }

                if (i % 400 == 1)
                {
                    using var trimming = Open(maximumLength: 50_000); // a third build, which has used nothing
                    trimming.Trim();
                }
            });
        }

        Assert.True(hits > 1000, $"{hits} hits");
        Assert.Empty(_warnings);
        Assert.Empty(Directory.GetFiles(Path.Combine(Folder, "partial")));
    }

    [Theory]
    [InlineData("mkosi.cache")]
    [InlineData("mkosi.cache/erofs-1")]
    [InlineData("mkosi.cache/erofs-1/partial")]
    public void A_folder_that_cannot_be_made_is_told_once(string file)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_scratch[file])!);
        File.WriteAllText(_scratch[file], "");
        using (var cache = Open())
        {
            for (var i = 0; i < 3; i++)
            {
                cache.Write(Key(i), Value(i, 100));
                Assert.Null(cache.TryRead(Key(i)));
            }
        }

        Assert.Contains("cannot be kept", Assert.Single(_warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void A_full_disk_is_told_once_and_what_was_stored_is_still_read()
    {
        NeedMounts();
        Directory.CreateDirectory(Parent);
        Mount("-t", "tmpfs", "-o", "size=1m", "tmpfs", Parent);
        try
        {
            using (var cache = Open())
            {
                for (var i = 0; i < 30; i++) cache.Write(Key(i), Value(i, 100_000));
                Assert.Contains("cannot be kept", Assert.Single(_warnings), StringComparison.Ordinal);
                Assert.Equal(Value(0, 100_000), cache.TryRead(Key(0)));
                Assert.Null(cache.TryRead(Key(29)));
            }

            Assert.Empty(Directory.GetFiles(Path.Combine(Folder, "partial")));
        }
        finally
        {
            Judge.Host("umount").Must(Parent);
        }
    }

    [Fact]
    public void A_read_only_folder_is_read_from_without_a_word()
    {
        NeedMounts();
        using (var cache = Open()) cache.Write(Key(1), Value(1, 100));
        Age(PathOf(1), TimeSpan.FromDays(20));
        Mount("--bind", Parent, Parent);
        try
        {
            Mount("-o", "remount,bind,ro", Parent);
            using (var cache = Open())
            {
                Assert.Equal(Value(1, 100), cache.TryRead(Key(1)));
                cache.Write(Key(2), Value(2, 100));
                Assert.Null(cache.TryRead(Key(2)));
                cache.Trim();
            }

            Assert.Empty(_warnings);
        }
        finally
        {
            Judge.Host("umount").Must(Parent);
        }
    }

    public void Dispose() => _scratch.Dispose();

    private static byte[] Key(int number) => SHA256.HashData(BitConverter.GetBytes(number));

    private static byte[] Value(int number, int length)
    {
        var value = new byte[length];
        new Random(number).NextBytes(value);
        return value;
    }

    private static void Age(string path, TimeSpan age) => File.SetLastWriteTimeUtc(path, DateTime.UtcNow - age);

    private static void NeedMounts()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "file systems are mounted on Linux only");
        Judge.NeedRoot();
    }

    private static void Mount(params string[] arguments) => Judge.Host("mount").Must(arguments);

    private CompressionCacheFolder Open(long maximumLength = 1 << 30) => new(Parent, maximumLength, _warnings.Add);

    private string PathOf(int number)
    {
        var name = Convert.ToHexStringLower(Key(number));
        return Path.Combine(Folder, name[..2], name);
    }

    private string[] Files() => [.. Directory.GetFiles(Folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];
}
