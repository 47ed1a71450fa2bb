using System.Runtime.Versioning;
using Roos.Builder.Host;
using Roos.Core.Tree;
using Roos.Testing;

namespace Roos.Builder.Tests.Host;

/// <summary>Trees of version control: what the checkout adds to them does not show.</summary>
public sealed class OverlayTests
{
    private static readonly Timestamp Time = new(1_700_000_000, 0);

    [Theory]
    [InlineData("#!/bin/sh\n", true)]
    [InlineData("#!", true)]
    [InlineData("\u007fELF\u0002", true)]
    [InlineData("\u007fEL", false)]
    [InlineData("#", false)]
    [InlineData("", false)]
    [InlineData("\n#!/bin/sh\n", false)]
    public void The_content_makes_a_file_executable(string content, bool executable)
    {
        using var scratch = new ScratchFolder();
        File.WriteAllText(scratch["file"], content);
        var overlay = HostDirectory.ReadOverlay(scratch.Path, Time);
        Assert.Equal(executable ? 0x1edu : 0x1a4u, overlay.Tree.Find("file")!.Metadata.Permissions);
        Assert.Empty(overlay.ExecutableByBit);
    }

    [Fact]
    [UnsupportedOSPlatform("windows")]
    public void A_bit_that_the_content_does_not_bear_out_counts_and_is_told()
    {
        using var scratch = new ScratchFolder();
        Directory.CreateDirectory(scratch["folder"]);
        foreach (var (name, content) in new[] { ("script", "#!/bin/sh\n"), ("data", "data"), ("folder/text", "") })
        {
            File.WriteAllText(scratch[name], content);
            File.SetUnixFileMode(scratch[name], UnixFileMode.UserRead | UnixFileMode.GroupExecute);
        }

        var overlay = HostDirectory.ReadOverlay(scratch.Path, Time);
        Assert.Equal([scratch["data"], scratch["folder/text"]], overlay.ExecutableByBit);
        foreach (var name in new[] { "script", "data", "folder/text" }) Assert.Equal(0x1edu, overlay.Tree.Find(name)!.Metadata.Permissions);
    }

    [Fact]
    [UnsupportedOSPlatform("windows")]
    public void Umask_and_checkout_time_do_not_show()
    {
        using var scratch = new ScratchFolder();
        Directory.CreateDirectory(scratch["folder"], UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        File.WriteAllText(scratch["folder/file"], "text");
        File.SetUnixFileMode(scratch["folder/file"], UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.CreateSymbolicLink(scratch["folder/link"], "/dev/null");
        var tree = HostDirectory.ReadOverlay(scratch.Path, Time).Tree;
        Assert.Equal(new FileMetadata(0x1ed) { ModificationTime = Time }, tree.Find("folder")!.Metadata);
        Assert.Equal(new FileMetadata(0x1a4) { ModificationTime = Time }, tree.Find("folder/file")!.Metadata);
        Assert.Equal("/dev/null", Assert.IsType<SymbolicLink>(tree.Find("folder/link")).Target.ToString());
    }
}
