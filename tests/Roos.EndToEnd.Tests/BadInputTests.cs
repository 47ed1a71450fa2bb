using System.Diagnostics;
using System.IO.Compression;
using System.Runtime.Versioning;
using Roos.Testing;

namespace Roos.EndToEnd.Tests;

/// <summary>
/// What the program says to bad input: one sentence with the place and what to do, exit status 1 or 2 (130 when interrupted), and
/// everything that was there before stays as it was.
/// </summary>
[SupportedOSPlatform("linux")]
public sealed class BadInputTests : IDisposable
{
    private const string Earlier = "the image of last week";

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(4);

    private readonly ScratchFolder _scratch = new();

    public BadInputTests()
    {
        // Other users and apt's sandbox must be able to look into it.
        File.SetUnixFileMode(_scratch.Path, (UnixFileMode)0x1ed);
        Write("mkosi.conf", "[Distribution]\nDistribution=debian\nRelease=trixie\n\n[Output]\nFormat=disk\nImageId=test\nImageVersion=1\nOutput=test\n\n[Content]\nSourceDateEpoch=1754697600\nPackages=base-files\n");
        Write("mkosi.repart/10-root.conf", "[Partition]\nType=root\nFormat=erofs\nCompression=zstd\nCompressionLevel=15\nCopyFiles=/\nVerity=data\nVerityMatchKey=root\n");
        Write("mkosi.repart/20-verity.conf", "[Partition]\nType=root-verity\nVerity=hash\nVerityMatchKey=root\n");
        Write("config/authorized_keys", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f test\n");
        Write("mkosi.output/test.raw", Earlier);
    }

    private string Tree => _scratch["tree"];

    private string Output => _scratch["tree/mkosi.output"];

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void A_truncated_tar()
    {
        var tar = new TarBuilder().File("usr/lib/whole", "x").File("usr/lib/cut", new string('c', 9000)).ToUnfinishedArray();
        Says(1, Rootfs(tar[..^3000]), "rootfs.tar: member \"usr/lib/cut\" at offset 1024:", "it was cut off");
    }

    [Fact]
    public void A_corrupt_tar()
    {
        var tar = new TarBuilder().File("one", "x").File("two", "y").ToArray();
        tar[1024 + 5] ^= 1;
        Says(1, Rootfs(tar), "rootfs.tar: offset 1024:", "damaged");
    }

    [Fact]
    public void A_file_that_is_no_tar() => Says(1, Rootfs([.. Enumerable.Repeat((byte)'x', 5000)]), "rootfs.tar: offset 0:");

    [Fact]
    public void A_tar_whose_compression_was_cut_off()
    {
        using var stream = new MemoryStream();
        using (var gzip = new GZipStream(stream, CompressionLevel.Fastest, leaveOpen: true)) gzip.Write(SmallSystem().Add(Random(100_000)).ToArray());
        Says(1, Rootfs(stream.ToArray()[..50_000]), "rootfs.tar:", "cut off");
    }

    [Fact]
    public void A_tar_that_claims_more_than_it_has() =>
        Says(1, Rootfs(new TarBuilder().Add(new TarEntry("huge") { Size = long.MaxValue }).ToArray()), "rootfs.tar: member \"huge\" at offset 0:");

    [Fact]
    public void A_tar_that_escapes_its_root() =>
        Says(1, Rootfs(SmallSystem().File("usr/../../../etc/passwd", "root::0:0::/:/bin/sh").ToArray()), "rootfs.tar: member \"usr/../../../etc/passwd\" at offset", "..");

    [Fact]
    public void A_hard_link_to_nothing() => Says(1, Rootfs(SmallSystem().HardLink("link", "../outside").ToArray()), "rootfs.tar: member \"link\" at offset");

    [Fact]
    public void A_name_that_no_file_system_holds() =>
        Says(1, Rootfs(SmallSystem().Pax(("path", "usr/" + new string('n', 256))).File("stand-in").ToArray()), "rootfs.tar: member \"usr/nnn", "256 bytes");

    [Fact]
    public void A_tar_that_is_not_there() => Says(2, ["build", "--rootfs", _scratch["nowhere.tar"]], "--rootfs: there is no file \"", "nowhere.tar\"");

    [Fact]
    public void No_kernel() => Says(1, Rootfs(SystemWithoutKernel().ToArray()), "there is no kernel in the image", "Packages=linux-image-cloud-amd64");

    [Fact]
    public void No_stub() => Says(1, Rootfs(SmallSystem().ToArray()), "/usr/lib/systemd/boot/efi/linuxx64.efi.stub is not in the image", "Packages=systemd-boot-efi");

    [Fact]
    public void A_misspelt_setting()
    {
        File.AppendAllText(Path.Combine(Tree, "mkosi.conf"), "Pakages=less\n");
        Says(2, ["build"], "mkosi.conf:14:1:", "Pakages", "Packages");
    }

    [Fact]
    public void A_misspelt_setting_of_a_partition()
    {
        File.AppendAllText(Path.Combine(Tree, "mkosi.repart/10-root.conf"), "SizeMaxByte=1G\n");
        Says(2, Rootfs(SmallSystem().ToArray()), "10-root.conf:9:1:", "SizeMaxByte= is no setting", "SizeMaxBytes");
    }

    [Fact]
    public void A_file_system_that_roos_does_not_write()
    {
        Write("mkosi.repart/30-data.conf", "[Partition]\nType=home\nFormat=ext4\n");
        Says(2, Rootfs(SmallSystem().ToArray()), "30-data.conf:3:8:", "roos writes erofs and vfat", "first boot");
    }

    [Fact]
    public void A_signature_without_a_key()
    {
        File.AppendAllText(Path.Combine(Tree, "mkosi.conf"), "\n[Validation]\nVerity=signed\n");
        Says(2, Rootfs(SmallSystem().ToArray()), "mkosi.conf:16:", "Verity=signed needs a certificate", "roos genkey");
    }

    [Fact]
    public void A_misspelt_option() => Says(2, ["build", "--rotfs", "x"], "'--rotfs'", "Try 'roos --help'");

    [Fact]
    public void A_slot_that_is_too_small()
    {
        File.AppendAllText(Path.Combine(Tree, "mkosi.repart/10-root.conf"), "SizeMaxBytes=1M\n");
        Says(1, Rootfs(SmallSystem().Add(Random(3_000_000)).ToArray()), "10-root.conf: the content of the partition", "limited to 1048576 bytes", "raise SizeMaxBytes=");
    }

    [Fact]
    public void No_space_left()
    {
        Judge.NeedRoot();
        var rootfs = Rootfs(SmallSystem().Add(Random(6_000_000)).ToArray());
        Judge.Host("mount").Must("-t", "tmpfs", "-o", "size=2m", "tmpfs", Output);
        try
        {
            Write("mkosi.output/test.raw", Earlier);
            Says(1, rootfs, "/mkosi.output/", "no space left on the device", "free some space");
        }
        finally
        {
            Judge.Host("umount").Must(Output);
        }
    }

    [Fact]
    public void No_network()
    {
        Judge.NeedRoot();
        Judge.Host("mmdebstrap");
        SaysWhen(RunWith([], "unshare", ["--net", .. Command(["build", "--provider", "mmdebstrap"])]), 1, "the package archive cannot be reached", "check the network");
    }

    [Fact]
    public void A_package_that_does_not_exist()
    {
        Judge.NeedRoot();
        Judge.Host("mmdebstrap");
        File.AppendAllText(Path.Combine(Tree, "mkosi.conf"), "Packages=no-such-package-anywhere\n");
        var result = RunWith([], "env", Command(["build", "--provider", "mmdebstrap"]));
        if (result.Error.Contains("cannot be reached", StringComparison.Ordinal)) Judge.Missing("the package archive cannot be reached");
        SaysWhen(result, 2, "mkosi.conf:14:10: debian trixie has no package no-such-package-anywhere, which image main asks for");
        Assert.Empty(Directory.EnumerateFileSystemEntries(Tree, "mkosi.cache"));
    }

    [Fact]
    public void An_image_that_nobody_can_log_in_to()
    {
        File.Delete(Path.Combine(Tree, "config", "authorized_keys"));
        var result = RunWith([], "env", Command(Rootfs(SmallSystem().ToArray())));
        Assert.Contains("warning: config/authorized_keys is not there: nobody will be able to log in to this image", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Nobody_to_install_packages()
    {
        var path = Programs(("apt-get", "exit 100"), ("docker", "echo 'Cannot connect to the daemon' >&2; exit 1"));
        SaysWhen(AsNobody(path), 1, "neither works here", "sudo apt-get install mmdebstrap", "--rootfs FILE");
    }

    [Fact]
    public void Mmdebstrap_cannot_be_installed()
    {
        Judge.NeedRoot();
        var path = Programs(("apt-get", "echo 'E: Unable to locate package mmdebstrap' >&2; exit 100"), ("docker", "echo 'Cannot connect to the daemon' >&2; exit 1"));
        SaysWhen(RunWith([("PATH", path)], "/usr/bin/env", Command(["build"])), 1, "apt-get could not install mmdebstrap (E: Unable to locate package mmdebstrap)");
    }

    [Fact]
    public void A_container_client_without_its_engine()
    {
        var path = Programs(("docker", "echo 'Cannot connect to the daemon' >&2; exit 1"));
        SaysWhen(RunWith([("PATH", path)], "/usr/bin/env", Command(["build", "--provider", "docker"])), 1, "docker is installed but its engine does not answer (Cannot connect to the daemon)", "--provider");
    }

    [Fact]
    public async Task An_interruption_while_packages_are_installed()
    {
        Judge.NeedRoot();
        Judge.Host("mmdebstrap");
        Directory.CreateDirectory(_scratch["temporary"]);
        File.SetUnixFileMode(_scratch["temporary"], (UnixFileMode)0x1ff);
        var mark = "ROOS_TEST_MARK=" + _scratch.Path;
        await Interrupted(["build", "--provider", "mmdebstrap"], "running apt-get update", [("TMPDIR", _scratch["temporary"]), ("ROOS_TEST_MARK", _scratch.Path)]);
        Assert.Empty(Directory.GetFileSystemEntries(_scratch["temporary"], "mmdebstrap*"));
        Assert.DoesNotContain(Directory.GetDirectories("/proc").Where(process => char.IsAsciiDigit(Path.GetFileName(process)[0])), process => Environment(process).Contains(mark, StringComparison.Ordinal));
        Assert.Empty(Directory.GetFiles(Path.Combine(Tree, "mkosi.cache", "packages")));

        static string Environment(string process)
        {
            try
            {
                return File.ReadAllText(Path.Combine(process, "environ"));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return ""; // it has ended
            }
        }
    }

    [Fact]
    public async Task An_interruption_while_EroFS_is_written() =>
        await Interrupted([.. Rootfs(SmallSystem().Add(Random(100_000_000, 0x0f)).ToArray()).Skip(1).Prepend("build")], "EroFS root", []);

    private static TarBuilder SystemWithoutKernel() =>
        new TarBuilder().Directory("usr/").Directory("usr/lib/").File("usr/lib/os-release", "ID=debian\nNAME=\"Debian\"\nVERSION_ID=13\n").Directory("etc/").File("etc/passwd", "root:x:0:0:root:/root:/bin/sh\n").File("etc/group", "root:x:0:\n")
            .File("etc/shadow", "root:*:1:0:99999:7:::\n").File("etc/gshadow", "root:*::\n");

    private static TarBuilder SmallSystem() => SystemWithoutKernel().Directory("usr/lib/modules/").Directory("usr/lib/modules/6.12.0/").File("usr/lib/modules/6.12.0/vmlinuz", "MZ");

    /// <summary>A file without two passages alike: with all bits it cannot be compressed, with half of them it takes seconds to find that out.</summary>
    private static TarEntry Random(int length, byte bits = 0xff)
    {
        var bytes = new byte[length];
        new Random(1).NextBytes(bytes);
        foreach (ref var one in bytes.AsSpan()) one &= bits;
        return new TarEntry("usr/lib/random") { Content = bytes };
    }

    private string[] Rootfs(byte[] tar)
    {
        File.WriteAllBytes(_scratch["rootfs.tar"], tar);
        return ["build", "--rootfs", _scratch["rootfs.tar"]];
    }

    private void Write(string name, string text)
    {
        var path = Path.Combine(Tree, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }

    /// <summary>A folder for PATH with nothing but these scripts.</summary>
    private string Programs(params (string Name, string Script)[] scripts)
    {
        var folder = Directory.CreateDirectory(_scratch["bin"]).FullName;
        foreach (var (name, script) in scripts)
        {
            File.WriteAllText(Path.Combine(folder, name), $"#!/bin/sh\n{script}\n");
            File.SetUnixFileMode(Path.Combine(folder, name), (UnixFileMode)0x1ed);
        }

        return folder;
    }

    private IReadOnlyList<string> Command(IEnumerable<string> arguments) =>
        [System.Environment.ProcessPath is { } host && Path.GetFileNameWithoutExtension(host) == "dotnet" ? host : "dotnet", Path.Combine(AppContext.BaseDirectory, "roos.dll"), "--quiet", "-C", Tree, .. arguments];

    private JudgeResult AsNobody(string path)
    {
        if (!Judge.IsRoot) return RunWith([("PATH", path)], "/usr/bin/env", Command(["build"]));
        string[] user = ["--reuid=65534", "--regid=65534", "--clear-groups"];
        Judge.Host("chown").Must("-R", "65534:65534", Tree);
        if (RunWith([], "setpriv", [.. user, .. Command([]).Take(2), "--version"]).ExitCode != 0) Judge.Missing("this checkout or dotnet cannot be read by another user");
        return RunWith([("PATH", path)], "setpriv", [.. user, .. Command(["build"])]);
    }

    private static JudgeResult RunWith((string Name, string Value)[] environment, string program, IReadOnlyList<string> arguments) =>
        Judge.Host(Path.GetFileName(program)).RunWith(environment.ToDictionary(item => item.Name, item => item.Value), arguments);

    private void Says(int exitCode, string[] arguments, params string[] parts) => SaysWhen(RunWith([], "env", Command(arguments)), exitCode, parts);

    private void SaysWhen(JudgeResult result, int exitCode, params string[] parts)
    {
        Assert.True(result.ExitCode == exitCode, result.ToString());
        Assert.Empty(result.Output);
        Assert.StartsWith("roos: ", result.Error, StringComparison.Ordinal);
        Assert.Single(result.Error.Split('\n'), line => line.StartsWith("roos: ", StringComparison.Ordinal));
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("Exception", result.Error, StringComparison.Ordinal);
        foreach (var part in parts) Assert.Contains(part, result.Error, StringComparison.Ordinal);
        EarlierOutputIsUntouched();
    }

    private void EarlierOutputIsUntouched()
    {
        Assert.Equal([Path.Combine(Output, "test.raw")], Directory.GetFileSystemEntries(Output));
        Assert.Equal(Earlier, File.ReadAllText(Path.Combine(Output, "test.raw")));
    }

    /// <summary>Runs the program until it says something, sends it SIGINT alone, and looks at how it ends.</summary>
    private async Task Interrupted(IEnumerable<string> arguments, string when, (string Name, string Value)[] environment)
    {
        var command = Command(arguments).Where(argument => argument != "--quiet").ToList();

        // A shell without job control starts what runs in the background with SIGINT ignored, and that is inherited: by these tests too, perhaps.
        var start = new ProcessStartInfo("/usr/bin/env", ["--default-signal=INT", .. command]) { RedirectStandardError = true, RedirectStandardOutput = true };
        foreach (var (name, value) in environment) start.Environment[name] = value;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(Limit);
        using var process = Process.Start(start)!;
        try
        {
            var said = new List<string>();
            while (await process.StandardError.ReadLineAsync(limit.Token) is { } line)
            {
                said.Add(line);
                if (!line.Contains(when, StringComparison.Ordinal)) continue;
                await Task.Delay(TimeSpan.FromMilliseconds(300), limit.Token);
                Judge.Host("kill").Must("-s", "INT", process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture));
                when = "\0";
            }

            await process.WaitForExitAsync(limit.Token);
            Assert.True(process.ExitCode == 130, $"exit status {process.ExitCode}\n{string.Join('\n', said)}");
            Assert.Equal("roos: interrupted; earlier output is untouched", said[^1]);
            EarlierOutputIsUntouched();
        }
        finally
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }
    }
}
