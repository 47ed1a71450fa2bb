using Roos.Testing;

namespace Roos.Interop.Tests.Credentials;

/// <summary>Credentials of Roos before systemd-creds, and its own before Roos; the host key in the tools tree's /var/lib/systemd, in a mount of its own.</summary>
public sealed class CredsTests : IDisposable
{
    private const string Machine = "6b9d7a1e3f424c589a3b0d2f5e8c1a77";

    private readonly ScratchFolder _scratch = new();

    public CredsTests()
    {
        Judge.NeedRoot();
        Directory.CreateDirectory(_scratch["lib"]);
        File.WriteAllText(_scratch["machine-id"], Machine + "\n");
        RoosProgram.Judge().Must("creds", "new-secret", "--machine-id", Machine, _scratch["secret"]);
        File.WriteAllText(_scratch["value"], "[Match]\nName=en*\n\n[Network]\nAddress=192.0.2.1/24\n");
    }

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void Systemd_reads_what_Roos_encrypts_for_its_host_key()
    {
        RoosProgram.Judge().Must("creds", "encrypt", "--host-secret", _scratch["secret"], _scratch["value"], _scratch["network.network.10-site.cred"]);
        Assert.Equal(File.ReadAllText(_scratch["value"]), Creds("--name=network.network.10-site", "decrypt", _scratch["network.network.10-site.cred"], "-").Must());

        // Under another name, or past its day, it does not.
        Assert.Contains("does not match", Creds("--name=other", "decrypt", _scratch["network.network.10-site.cred"], "-").Error, StringComparison.Ordinal);
        RoosProgram.Judge().Must("creds", "encrypt", "--host-secret", _scratch["secret"], "--not-after", "2020-01-31", _scratch["value"], _scratch["old.cred"]);
        Assert.Contains("time passed", Creds("--name=old", "decrypt", _scratch["old.cred"], "-").Error, StringComparison.Ordinal);

        // The machine did not take the secret for somebody else's.
        Assert.True(File.Exists(_scratch["lib/credential.secret"]));
    }

    [Fact]
    public void Roos_reads_what_systemd_encrypts()
    {
        foreach (var key in new[] { "host", "null" })
        {
            Assert.Equal(0, Creds("--with-key=" + key, "--name=mine", "encrypt", _scratch["value"], _scratch["mine.cred"]).ExitCode);
            RoosProgram.Judge().Must(["creds", "decrypt", .. key == "host" ? ["--host-secret", _scratch["secret"]] : Array.Empty<string>(), _scratch["mine.cred"], _scratch["read"]]);
            Assert.Equal(File.ReadAllText(_scratch["value"]), File.ReadAllText(_scratch["read"]));
        }

        Assert.Equal("600\n", Judge.Host("stat").Must("--format=%a", _scratch["read"]));
    }

    [Fact]
    public void Systemd_reads_a_credential_without_a_key_when_it_is_told_to()
    {
        var result = RoosProgram.Judge().Run("creds", "encrypt", "--with-key=null", _scratch["value"], _scratch["open.cred"]);
        Assert.Contains("everybody can read this credential", result.Error, StringComparison.Ordinal);
        Assert.Equal(File.ReadAllText(_scratch["value"]), Creds("--allow-null", "--name=open", "decrypt", _scratch["open.cred"], "-").Must());
    }

    [Fact]
    public void The_secret_of_another_machine_is_deleted_by_systemd_which_Roos_makes_none_of()
    {
        File.WriteAllText(_scratch["machine-id"], "11111111111111111111111111111111\n");
        RoosProgram.Judge().Must("creds", "encrypt", "--host-secret", _scratch["secret"], _scratch["value"], _scratch["x.cred"]);
        Assert.NotEqual(0, Creds("decrypt", _scratch["x.cred"], "-").ExitCode);
    }

    [Theory]
    [InlineData(2, "there is no such file", "creds", "encrypt", "--with-key=null", "missing", "x.cred")]
    [InlineData(2, "say what it is encrypted with", "creds", "encrypt", "VALUE", "x.cred")]
    [InlineData(2, "found \"a:b\"", "creds", "encrypt", "--with-key=null", "--name=a:b", "VALUE", "x.cred")]
    [InlineData(2, "--not-after takes a day", "creds", "encrypt", "--with-key=null", "--not-after=tomorrow", "VALUE", "x.cred")]
    [InlineData(1, "has more than 1048576 bytes", "creds", "encrypt", "--with-key=null", "/dev/zero", "x.cred")]
    [InlineData(1, "is not Base64", "creds", "decrypt", "VALUE")]
    public void Mistakes_are_told(int exitCode, string words, params string[] arguments)
    {
        var result = RoosProgram.Judge().Run([.. arguments.Select(argument => argument == "VALUE" ? _scratch["value"] : argument == "x.cred" ? _scratch["x.cred"] : argument)]);
        Assert.Equal(exitCode, result.ExitCode);
        Assert.Contains(words, result.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(_scratch["x.cred"]));
    }

    /// <summary>As on the machine whose ID and secret these are.</summary>
    private Answer Creds(params string[] arguments)
    {
        Judge.InTree("systemd-creds"); // or it is missing
        const string script = """
            set -e
            tree=$1 machine=$2 lib=$3 secret=$4
            shift 4
            install -m 0400 "$secret" "$lib/credential.secret"
            mount --bind /tmp "$tree/tmp"
            mount --bind /dev "$tree/dev"
            mount -t proc proc "$tree/proc"
            mount -t tmpfs tmpfs "$tree/run"
            [ -e "$tree/etc/machine-id" ] || touch "$tree/etc/machine-id"
            mount --bind "$machine" "$tree/etc/machine-id"
            mount --bind "$lib" "$tree/var/lib/systemd"
            exec chroot "$tree" systemd-creds "$@"
            """;
        var result = Judge.Host("unshare").Run(["--mount", "--propagation", "private", "sh", "-c", script, "sh", Judge.ToolsTree!, _scratch["machine-id"], _scratch["lib"], _scratch["secret"], .. arguments]);
        return new Answer(result.ExitCode, result.Output, result.Error);
    }

    private sealed record Answer(int ExitCode, string Output, string Error)
    {
        public string Must()
        {
            Assert.True(ExitCode == 0, Error);
            return Output;
        }
    }
}
