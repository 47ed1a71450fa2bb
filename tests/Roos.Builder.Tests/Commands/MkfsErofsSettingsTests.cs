using System.CommandLine;
using Roos.Builder.Commands;
using Roos.Core.Bytes;
using Roos.Core.Identity;
using Roos.Core.Tree;
using Roos.Erofs;

namespace Roos.Builder.Tests.Commands;

public sealed class MkfsErofsSettingsTests
{
    [Theory]
    [InlineData("-E fragments", ErofsFragments.Tails, false, false, ErofsIndex.Compact)]
    [InlineData("-Efragments,ztailpacking,dedupe", ErofsFragments.Tails, true, true, ErofsIndex.Compact)]
    [InlineData("-Eall-fragments -Elegacy-compress", ErofsFragments.All, false, false, ErofsIndex.Full)]
    [InlineData("-Eall-fragments,fragments", ErofsFragments.All, false, false, ErofsIndex.Compact)]
    [InlineData("-Efragments,dedupe,^fragments,^dedupe,inline_data", ErofsFragments.None, false, false, ErofsIndex.Compact)]
    [InlineData("", ErofsFragments.None, false, false, ErofsIndex.Compact)]
    [InlineData("-zzstd", ErofsFragments.Tails, false, false, ErofsIndex.Compact)]
    [InlineData("-zzstd -E^fragments", ErofsFragments.None, false, false, ErofsIndex.Compact)]
    [InlineData("-zzstd -Eztailpacking", ErofsFragments.None, true, false, ErofsIndex.Compact)]
    public void Extended_options(string arguments, ErofsFragments fragments, bool tails, bool dedupe, ErofsIndex index)
    {
        var options = Read(arguments).Erofs;
        Assert.Equal((fragments, tails, dedupe, index), (options.Fragments, options.TailPacking, options.Deduplicate, options.Index));
    }

    [Fact]
    public void The_environment_changes_the_layout_of_a_build_and_nothing_else()
    {
        var options = new ErofsOptions { Uuid = Uuid.Zero, BuildTime = default, Compression = ErofsCompression.Zstd, Level = 7, Fragments = ErofsFragments.Tails, Workers = 3 };
        Assert.Null(MkfsErofsSettings.Layout(_ => null));
        Assert.Null(MkfsErofsSettings.Layout(_ => " "));
        Assert.Equal(options with { ClusterSize = 65536 }, Layout("-C64K"));
        Assert.Equal(options with { Fragments = ErofsFragments.None, MaximumExtentSize = 1 << 20 }, Layout("--max-extent-bytes 1M -E^fragments"));
        Assert.Equal(options with { Fragments = ErofsFragments.All, TailPacking = true }, Layout("-Eall-fragments,ztailpacking"));

        ErofsOptions Layout(string text) => MkfsErofsSettings.Layout(name => name == "SYSTEMD_REPART_MKFS_OPTIONS_EROFS" ? text : null)!(options);
    }

    [Theory]
    [InlineData("-C5000", "power of two")]
    [InlineData("-T0", "-T0")]
    [InlineData("-zlz4", "-z")]
    [InlineData("-E48bit", "6.15")]
    [InlineData("out tree", "out")]
    public void A_layout_in_the_environment_that_makes_no_sense_is_named(string text, string message)
    {
        var error = Assert.Throws<UsageException>(() => MkfsErofsSettings.Layout(_ => text));
        Assert.Contains("SYSTEMD_REPART_MKFS_OPTIONS_EROFS", error.Message, StringComparison.Ordinal);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Sizes_and_numbers()
    {
        var options = Read("-C64K --max-extent-bytes=0x100000 --workers 3 -Uclear -zzstd,15").Erofs;
        Assert.Equal((65536, 1 << 20, 3, Uuid.Zero, (int?)15), (options.ClusterSize, options.MaximumExtentSize, options.Workers, options.Uuid, options.Level));
        Assert.NotEqual(Read("-Urandom").Erofs.Uuid, Read("-Urandom").Erofs.Uuid);
        Assert.Equal((ErofsOptions.DefaultClusterSize, ErofsOptions.DefaultMaximumExtentSize), (Read("").Erofs.ClusterSize, Read("").Erofs.MaximumExtentSize));
    }

    [Theory]
    [InlineData("-T5", 5L)]
    [InlineData("-T5 --all-time", 5L)]
    [InlineData("-T -5", -5L)]
    [InlineData("-T5 --mkfs-time", null)]
    [InlineData("", null)]
    public void The_time_is_for_all_files_unless_told(string arguments, long? seconds) =>
        Assert.Equal(seconds, Read(arguments).Metadata.Time?.Seconds);

    [Fact]
    public void Owners_are_forced_before_they_are_shifted_and_links_stay_links()
    {
        var metadata = new FileMetadata(0x1a4) { UserId = 7, GroupId = 8, ModificationTime = new(9, 1), ExtendedAttributes = new FileMetadata(0).ExtendedAttributes.Add("user.a", "b") };
        var file = new RegularFile(metadata, ByteSource.Empty);
        var tree = new FileTreeBuilder().Set("a", file).Set("b", file).Build();
        var changed = Read("--force-uid=100 --force-gid=8 --uid-offset=5 --gid-offset=-8 -T3 -x-1").Metadata.Apply(tree);
        var result = changed.Find("a")!;
        Assert.Same(result, changed.Find("b"));
        Assert.Equal((105u, 0u, new Timestamp(3, 0), 0), (result.Metadata.UserId, result.Metadata.GroupId, result.Metadata.ModificationTime, result.Metadata.ExtendedAttributes.Count));
        Assert.Equal((0u, 0u), (Read("--all-root").Metadata.Apply(tree).Find("a")!.Metadata.UserId, Read("--all-root").Metadata.Apply(tree).Find("a")!.Metadata.GroupId));
        Assert.Same(tree, Read("").Metadata.Apply(tree));
        Assert.StartsWith("--uid-offset takes 0 of \"/\" out of the range", Assert.Throws<UsageException>(() => Read("--uid-offset=-7").Metadata.Apply(tree)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("-C 1000", "-C takes a power of two from 4096 to 1048576; found 1000")]
    [InlineData("-C 2M", "-C takes a power of two from 4096 to 1048576; found 2097152")]
    [InlineData("-C x", "-C takes a number of bytes such as 65536 or 64K; found \"x\"")]
    [InlineData("-C 99999999999G", "-C takes a number of bytes such as 65536 or 64K; found \"99999999999G\"")]
    [InlineData("--max-extent-bytes=4095", "--max-extent-bytes takes a multiple of 4096")]
    [InlineData("--max-extent-bytes=13M", "--max-extent-bytes takes a multiple of 4096")]
    [InlineData("--max-extent-bytes=0", "--max-extent-bytes takes a multiple of 4096")]
    [InlineData("-E fragment", "-E takes fragments, all-fragments, ztailpacking, dedupe and legacy-compress; found \"fragment\"")]
    [InlineData("-E fragments,", "-E takes names with commas between them")]
    [InlineData("-E fragments=65536", "-E fragments takes no value")]
    [InlineData("-E 48bit", "-E 48bit is not written: it needs Linux 6.15")]
    [InlineData("-E force-inode-compact", "-E force-inode-compact is not written: give -T")]
    [InlineData("-E ^inline_data", "-E ^inline_data is not written")]
    [InlineData("-x 2", "-x takes a negative number only")]
    [InlineData("-x y", "-x takes a number from")]
    [InlineData("-T now", "-T takes a whole number; found \"now\"")]
    [InlineData("--mkfs-time", "--mkfs-time says what the time of -T is for: give -T, too")]
    [InlineData("-T0 --mkfs-time --all-time", "--all-time and --mkfs-time exclude each other")]
    [InlineData("--force-uid=4294967295", "--force-uid takes a number from 0 to 4294967294")]
    [InlineData("--all-root --force-gid=1", "--all-root and --force-uid or --force-gid exclude each other")]
    [InlineData("--salt=00", "--salt is the salt of a hash tree: give --hash-tree=FILE, too")]
    [InlineData("--hash-tree=x --salt=0", "Invalid salt string specified")]
    [InlineData("--workers=0", "--workers takes a number from 1 to 1024; found \"0\"")]
    [InlineData("-zzstd,dictsize=4096", "-z takes no dictsize")]
    [InlineData("-zzstd:lz4", "-z takes zstd, which is the compression that Roos writes")]
    [InlineData("-Lsixteen_letters_", "-L takes at most 15 bytes; found 16")]
    public void Wrong_options_are_named(string arguments, string begin) =>
        Assert.StartsWith(begin, Assert.Throws<UsageException>(() => Read(arguments)).Message, StringComparison.Ordinal);

    private static MkfsErofsSettings Read(string arguments)
    {
        var command = new RootCommand();
        MkfsErofsSettings.AddOptionsTo(command);
        var parsed = command.Parse(arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Empty(parsed.Errors);
        return MkfsErofsSettings.Read(parsed);
    }
}
