using System.Text;
using Roos.Core;
using Roos.Core.Bytes;

namespace Roos.Uki.Tests;

public sealed class OsReleaseTests
{
    [Theory]
    [InlineData("ID=debian\nIMAGE_ID=\"roos\"\nX=1\n", "ID=debian\nIMAGE_ID=\"roos-reset\"\nX=1\n")]
    [InlineData("IMAGE_ID=roos\nID=debian", "IMAGE_ID=\"roos-reset\"\nID=debian\n")]
    [InlineData("ID=debian\n", "ID=debian\nIMAGE_ID=\"debian-reset\"\n")]
    [InlineData("ID='debian'\nIMAGE_ID=\n", "ID='debian'\nIMAGE_ID=\"debian-reset\"\n")]
    [InlineData("IMAGE_ID=a\nIMAGE_ID=b\n", "IMAGE_ID=\"b-reset\"\nIMAGE_ID=\"b-reset\"\n")]
    [InlineData("#IMAGE_ID=x\n\nMY_IMAGE_ID=y\nIMAGE_IDS=z\nID=w\n", "#IMAGE_ID=x\n\nMY_IMAGE_ID=y\nIMAGE_IDS=z\nID=w\nIMAGE_ID=\"w-reset\"\n")]
    public void Profiles_get_an_image_id_that_sorts_behind_the_sort_key_of_the_base(string text, string expected)
    {
        var profile = OsRelease.ForProfile(text, "reset");
        Assert.Equal(expected, profile);
        var sortKey = OsRelease.Find(text, "IMAGE_ID") is { Length: > 0 } id ? id : OsRelease.Find(text, "ID");
        Assert.True(string.CompareOrdinal(OsRelease.Find(profile, "IMAGE_ID"), sortKey) > 0);
    }

    [Theory]
    [InlineData("")]
    [InlineData("NAME=x\n")]
    public void Without_a_sort_key_nothing_can_be_promised(string text) =>
        Assert.Contains("neither IMAGE_ID= nor ID=", Assert.Throws<RoosException>(() => OsRelease.ForProfile(text, "reset")).Message, StringComparison.Ordinal);

    [Fact]
    public void The_version_of_a_kernel_is_in_its_setup_header()
    {
        var bytes = new byte[0x400];
        "HdrS"u8.CopyTo(bytes.AsSpan(0x202));
        bytes[0x20f] = 1;
        "6.12.117+deb13-cloud-amd64 (debian-kernel@lists.debian.org) #1 SMP"u8.CopyTo(bytes.AsSpan(0x300));
        Assert.Equal("6.12.117+deb13-cloud-amd64", KernelVersion.Find(ByteSource.FromMemory(bytes)));
        bytes[0x20f] = 0xff;
        Assert.Null(KernelVersion.Find(ByteSource.FromMemory(bytes)));
        Assert.Null(KernelVersion.Find(ByteSource.Empty));
    }

    [Theory]
    [InlineData(0)]
    [InlineData((1 << 20) - 70)]
    [InlineData((1 << 20) - 20)]
    [InlineData(1 << 20)]
    public void The_version_of_other_kernels_is_in_their_banner(int at)
    {
        var bytes = new byte[(1 << 20) + 300];
        Encoding.ASCII.GetBytes("Linux version 6.1.0-arm64 (x@y) #1").CopyTo(bytes, at);
        Assert.Equal("6.1.0-arm64", KernelVersion.Find(ByteSource.FromMemory(bytes)));
    }
}
