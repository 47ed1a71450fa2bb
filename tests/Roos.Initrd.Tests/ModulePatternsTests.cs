using Roos.Core;
using Roos.Initrd.Modules;

namespace Roos.Initrd.Tests;

public sealed class ModulePatternsTests
{
    [Theory]
    [InlineData("erofs", "kernel/fs/erofs/erofs.ko.xz", true)]
    [InlineData("erofs", "kernel/fs/erofs/erofs2.ko", false)]
    [InlineData("virtio_*", "kernel/drivers/block/virtio_blk.ko", true)]
    [InlineData("virtio-blk", "kernel/drivers/block/virtio_blk.ko.zst", true)]
    [InlineData("virtio_blk", "kernel/drivers/block/virtio-blk.ko.gz", true)]
    [InlineData("raid[0-9]*", "kernel/drivers/md/raid456.ko", true)]
    [InlineData("raid[!0-9]*", "kernel/drivers/md/raid456.ko", false)]
    [InlineData("nls[_]utf8", "kernel/fs/nls/nls-utf8.ko", false)]
    [InlineData("/fs/nls/", "kernel/fs/nls/nls_cp437.ko.xz", true)]
    [InlineData("/fs/nls/", "kernel/other/fs/nls/nls_cp437.ko.xz", false)]
    [InlineData("/updates/", "updates/dkms/a.ko", true)]
    [InlineData("crypto/", "kernel/crypto/async_tx/xor.ko", true)]
    [InlineData("crypto/", "kernel/drivers/crypto/ccp/ccp.ko", true)]
    [InlineData("crypto/", "kernel/xcrypto/a.ko", false)]
    [InlineData("net/9p", "kernel/net/9p.ko", true)]
    [InlineData("net/9p", "kernel/subnet/9p.ko", false)]
    [InlineData("*", "kernel/a.ko", true)]
    [InlineData("[", "kernel/[.ko", true)]
    [InlineData("a?c", "kernel/abc.ko", true)]
    public void A_pattern_matches_as_it_does_in_mkosi(string pattern, string path, bool expected) =>
        Assert.Equal(expected, new ModulePatterns([pattern]).Match(path));

    [Theory]
    [InlineData("kernel/crypto/xor.ko", true)]
    [InlineData("kernel/drivers/crypto/ccp/ccp.ko", false)]
    [InlineData("kernel/drivers/crypto/ccp/ccp-crypto.ko", true)]
    public void The_last_pattern_that_matches_decides(string path, bool expected) =>
        Assert.Equal(expected, new ModulePatterns(["crypto/", "-/drivers/crypto/", "ccp_crypto"]).Match(path));

    [Fact]
    public void Patterns_that_matched_nothing_are_known()
    {
        var patterns = new ModulePatterns(["erofs", "eroofs", "fs/", "-nothing"]);
        _ = patterns.Match("kernel/fs/erofs/erofs.ko");
        _ = patterns.Match("kernel/other.ko");
        Assert.Equal(["eroofs"], patterns.Unused);
    }

    [Theory]
    [InlineData("re:.*")]
    [InlineData("host")]
    public void Patterns_that_Roos_does_not_have_are_refused(string pattern) => Assert.Throws<RoosException>(() => new ModulePatterns([pattern]));

    [Fact]
    public void A_glob_with_many_stars_takes_no_time() => Assert.False(Glob.Match(string.Concat(Enumerable.Repeat("a*", 50)) + "b", new string('a', 2000)));
}
