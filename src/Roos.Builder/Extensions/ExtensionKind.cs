using Roos.Core.Bytes;

namespace Roos.Builder.Extensions;

/// <summary>What an extension extends: /usr and /opt (systemd-sysext(8)), or /etc (systemd-confext).</summary>
/// <param name="Name">sysext, confext.</param>
/// <param name="Folder">Of the appliance tree, and of the output directory.</param>
/// <param name="Prefix">Of its keys in the release file: SYSEXT, CONFEXT.</param>
/// <param name="ReleaseFolder">Where the release file is.</param>
/// <param name="Places">The directories that are laid over those of the system.</param>
/// <param name="UnitFolder">Where it brings units.</param>
internal sealed record ExtensionKind(string Name, string Folder, string Prefix, ByteString ReleaseFolder, IReadOnlyList<ByteString> Places, ByteString UnitFolder)
{
    public static ExtensionKind Sysext { get; } = new("sysext", "extensions", "SYSEXT", "usr/lib/extension-release.d", ["usr", "opt"], "usr/lib/systemd/system");

    public static ExtensionKind Confext { get; } = new("confext", "confexts", "CONFEXT", "etc/extension-release.d", ["etc"], "etc/systemd/system");

    public static IReadOnlyList<ExtensionKind> All { get; } = [Sysext, Confext];

    /// <summary>The places as a sentence has them: <c>/usr and /opt</c>.</summary>
    public string PlacesText => string.Join(" and ", Places.Select(place => "/" + place));
}

/// <summary>The system that an extension belongs to.</summary>
/// <param name="Id">ID= of its os-release.</param>
/// <param name="Level">SYSEXT_LEVEL= and CONFEXT_LEVEL=: the image's version.</param>
/// <param name="Architecture">As systemd names it: <c>x86-64</c>.</param>
internal sealed record ExtensionHost(string Id, string Level, string Architecture);
