using Roos.Core.Bytes;
using Roos.Testing;
using Roos.Uki;

namespace Roos.Interop.Tests.Uki;

/// <summary>The real EFI programs of Debian trixie, copied into a scratch folder, where judges of the tools tree see them too; and keys to sign them with.</summary>
internal sealed class TrixiePrograms : IDisposable
{
    private readonly ScratchFolder _scratch = new();
    private readonly List<FileSource> _open = [];

    /// <summary>What <see cref="Copy"/> takes.</summary>
    public static TheoryData<string> Names => ["linuxx64.efi.stub", "systemd-bootx64.efi", "addonx64.efi.stub", "vmlinuz", "uki"];

    public void Dispose()
    {
        foreach (var source in _open) source.Dispose();
        _scratch.Dispose();
    }

    public string Path(string name) => _scratch[name];

    /// <summary>NAME.key and NAME.crt.</summary>
    public void MakeKey(string name) => Judge.Host("openssl").Must(
        "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", _scratch[name + ".key"], "-out", _scratch[name + ".crt"], "-subj", "/CN=" + name, "-days", "3650", "-addext", "extendedKeyUsage=codeSigning");

    public string Copy(string which)
    {
        if (Judge.ToolsTree is not { } tree)
        {
            Judge.Missing("the programs that are signed are those of the trixie tools tree, and ROOS_TOOLS_TREE names none");
            return "";
        }

        var kernel = Directory.GetFiles(tree + "/boot", "vmlinuz-*").Order(StringComparer.Ordinal).First();
        var path = _scratch[which + ".program"];
        if (which == "uki") MakeUki(tree, kernel, path);
        else File.Copy(which == "vmlinuz" ? kernel : tree + "/usr/lib/systemd/boot/efi/" + which, path, overwrite: true);
        return path;
    }

    public FileSource Open(string path)
    {
        var source = FileSource.Open(path);
        _open.Add(source);
        return source;
    }

    private void MakeUki(string tree, string kernel, string path)
    {
        var initrd = new byte[90_000_003];
        new Random(1).NextBytes(initrd);
        using var stream = File.Create(path);
        UkiImage.Plan(new UkiOptions
        {
            Stub = Open(tree + "/usr/lib/systemd/boot/efi/linuxx64.efi.stub"),
            Linux = Open(kernel),
            Initrds = [ByteSource.FromMemory(initrd)],
            OsRelease = "ID=debian\n",
            CommandLine = "quiet",
        }).WriteTo(stream);
    }
}
