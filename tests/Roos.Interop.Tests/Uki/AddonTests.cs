using Roos.Testing;

namespace Roos.Interop.Tests.Uki;

/// <summary>Addons beside those of ukify 257, from the real stub.</summary>
public sealed class AddonTests : IDisposable
{
    private readonly TrixiePrograms _programs = new();
    private readonly Judge _roos = RoosProgram.Judge();

    public AddonTests() => _programs.MakeKey("a");

    public void Dispose() => _programs.Dispose();

    [Theory]
    [InlineData("--cmdline=console=ttyS0 quiet")]
    [InlineData("--cmdline=x", "--uname=6.12.117")]
    [InlineData("--microcode=FILE", "--initrd=FILE", "--devicetree=FILE")]
    [InlineData("--cmdline=@FILE", "--initrd=FILE", "--initrd=FILE", "--uname=1")]
    public void Ukify_makes_the_same_bytes(params string[] arguments)
    {
        File.WriteAllText(_programs.Path("file"), "some text 1234567"); // an initrd of two is filled up to 4 bytes each
        var stub = _programs.Copy("addonx64.efi.stub");
        string[] all = [.. arguments.Select(argument => argument.Replace("FILE", _programs.Path("file"), StringComparison.Ordinal)), "--stub=" + stub];
        _roos.Must(["uki", "addon", .. all, "--output=" + _programs.Path("ours.addon.efi")]);
        Judge.InTree("ukify").Must(["build", .. all, "--output=" + _programs.Path("theirs.addon.efi")]);
        Assert.Equal(File.ReadAllBytes(_programs.Path("theirs.addon.efi")), File.ReadAllBytes(_programs.Path("ours.addon.efi")));
    }

    [Fact]
    public void A_signed_addon_is_accepted()
    {
        _roos.Must("uki", "addon", "--cmdline=quiet", "--stub=" + _programs.Copy("addonx64.efi.stub"), "--secureboot-private-key", _programs.Path("a.key"), "--secureboot-certificate", _programs.Path("a.crt"), "-o", _programs.Path("x.addon.efi"));
        Assert.Contains("Signature verification OK", Judge.Host("sbverify").Must("--cert", _programs.Path("a.crt"), _programs.Path("x.addon.efi")), StringComparison.Ordinal);
        Assert.Contains("quiet", Judge.InTree("ukify").Must("inspect", _programs.Path("x.addon.efi"), "--all", "--section=.cmdline:text"), StringComparison.Ordinal);
    }

    [Fact]
    public void An_addon_with_nothing_in_it_or_another_name_is_none()
    {
        var stub = "--stub=" + _programs.Copy("addonx64.efi.stub");
        Assert.Contains("would do nothing", _roos.Run("uki", "addon", stub, "--uname=1", "-o", _programs.Path("x.addon.efi")).Error, StringComparison.Ordinal);
        Assert.Contains("NAME.addon.efi", _roos.Run("uki", "addon", stub, "--cmdline=x", "-o", _programs.Path("x.efi")).Error, StringComparison.Ordinal);
        Assert.False(File.Exists(_programs.Path("x.addon.efi")));
    }
}
