using Roos.Testing;

namespace Roos.EndToEnd.Tests;

/// <summary>The same packages and configuration give the same bytes, wherever and by whomever they are built.</summary>
[Collection(nameof(Appliance))]
public sealed class ReproducibilityTests
{
    private static readonly TimeSpan BuildLimit = TimeSpan.FromMinutes(10), WindowsLimit = TimeSpan.FromMinutes(40);

    // A key that opens nothing: RFC 8709 has no example, so these are the bytes of a point of small order.
    private const string PublicKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA nobody\n";

    [Fact]
    public void Directory_time_zone_locale_umask_workers_home_and_processor_do_not_show()
    {
        // Where it is missing, ./roos builds the program, which needs the user's own environment.
        HostProcess.Must(BuildLimit, Path.Combine(Appliance.House(), "roos"), "--version");
        using var scratch = new ScratchFolder();
        var one = Build(scratch[Path.Combine("a", "tree")], "022", "1", new Dictionary<string, string>
        {
            ["TZ"] = "UTC",
            ["LC_ALL"] = "C",
            ["LANG"] = "C",
            ["HOME"] = scratch["home"],
            ["TMPDIR"] = scratch.Path,
        });
        var other = Build(scratch[Path.Combine("another place, further down", "my appliance", "trëe")], "077", "3", new Dictionary<string, string>
        {
            // Fifteen hours and a date apart, with another capital i, another decimal sign, and no vector instructions.
            ["TZ"] = "Pacific/Kiritimati",
            ["LC_ALL"] = "tr_TR.UTF-8",
            ["LANG"] = "tr_TR.UTF-8",
            ["HOME"] = "/nonexistent",
            ["DOTNET_EnableHWIntrinsic"] = "0",
        });
        AssertSame(one, other);
    }

    [Fact]
    public void The_Windows_program_makes_the_same_bytes()
    {
        if (!File.Exists("/usr/lib/wine/wine64")) Judge.Host("wine64");
        var script = Path.Combine(Appliance.House(), "tests", "windows-bytes.sh");
        var output = HostProcess.Must(WindowsLimit, script, Path.Combine(Appliance.House(), "template"), PackageTars.Rootfs, PackageTars.Initrd);
        Assert.Contains("same       SHA256SUMS\n", output, StringComparison.Ordinal);
        Assert.DoesNotContain("DIFFERENT", output, StringComparison.Ordinal);
    }

    /// <summary>Copies the template under a umask, builds it under the same, and returns the folder of outputs.</summary>
    private static string Build(string tree, string umask, string workers, IReadOnlyDictionary<string, string> environment)
    {
        var house = Appliance.House();
        const string script = """
            set -eu
            umask "$1"; template=$2 tree=$3 key=$4; shift 4
            mkdir -p "$(dirname "$tree")"
            cp -r "$template" "$tree"
            rm -rf "$tree/mkosi.output" "$tree/mkosi.cache" "$tree/mkosi.env" "$tree/mkosi.local.conf"
            printf %s "$key" >"$tree/config/authorized_keys"
            exec "$@"
            """;
        var (exitCode, output) = HostProcess.Run(BuildLimit, environment, "/bin/sh",
            "-c", script, "sh", umask, Path.Combine(house, "template"), tree, PublicKey,
            Path.Combine(house, "roos"), "-C", tree, "build", "--rootfs", PackageTars.Rootfs, "--initrd-rootfs", PackageTars.Initrd, "--workers", workers);
        Assert.True(exitCode == 0, output);
        return Path.Combine(tree, "mkosi.output");
    }

    private static void AssertSame(string one, string other)
    {
        var names = Names(one);
        Assert.NotEmpty(names);
        Assert.Equal(names, Names(other));
        Assert.All(names, name => Judge.Host("cmp").Must(Path.Combine(one, name), Path.Combine(other, name)));
    }

    private static List<string> Names(string folder) => [.. Directory.GetFiles(folder).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];
}
