using System.Security.Cryptography;
using Roos.Testing;

namespace Roos.Interop.Tests.Updates;

/// <summary>
/// systemd-sysupdate of trixie with the template's transfer files, on a disk image and a folder for the ESP, against what <c>roos publish</c> has put and
/// <c>roos serve</c> serves. Whatever goes wrong on the way, version 1 stays what it is, and a later update succeeds.
/// </summary>
public sealed class SysupdateTests : IDisposable
{
    private const string RootType = "4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709", VerityType = "2C7357ED-EBD2-46D9-AEC1-23D437EC2BF5";

    private const string RootUuid = "0123456789abcdef0123456789abcdef", VerityUuid = "fedcba9876543210fedcba9876543210";

    private readonly ScratchFolder _scratch = new();

    public SysupdateTests()
    {
        Judge.NeedRoot();
        foreach (var folder in new[] { "tree/mkosi.output", "defs", "esp", "etc" }) Directory.CreateDirectory(_scratch[folder]);
        File.WriteAllText(_scratch["tree/mkosi.conf"], "[Output]\nImageId=roos\nImageVersion=1\nFormat=disk\nOutput=%i_%v\n\n[Validation]\nSign=yes\n");
        Roos("genkey", "--openpgp", "--no-secure-boot");
        File.Copy(_scratch["tree/mkosi.pgp.pub"], _scratch["etc/import-pubring.gpg"]);
        File.WriteAllText(_scratch["esp/roos_1.efi"], "the UKI of version 1");
        using (var disk = File.Create(Disk)) disk.SetLength(64 << 20);
        File.WriteAllText(_scratch["table"], $"""
            label: gpt
            size=16MiB, type={RootType}, name=roos_1
            size=4MiB, type={VerityType}, name=roos_1_verity
            size=16MiB, type={RootType}, name=_empty
            size=4MiB, type={VerityType}, name=_empty

            """);
        Judge.Host("sh").Must("-c", "exec sfdisk --quiet \"$1\" <\"$2\"", "sh", Disk, _scratch["table"]);
        using (var disk = File.OpenWrite(Disk))
        {
            disk.Position = 1 << 20;
            disk.Write(Bytes("root of 1", 16 << 20));
        }

        Publish("2");
    }

    private string Disk => _scratch["disk.raw"];

    private string Web => _scratch["web"];

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void A_published_version_is_found_and_installed()
    {
        using var server = new RoosServer(Web);
        Configure(server.Address);
        Assert.Matches("(?m)^. 2 +✓ +candidate$", Sysupdate("list").Output);
        var result = Sysupdate("update");
        Assert.True(result.ExitCode == 0, result.ToString());
        Is2Installed();
        Assert.Matches("(?m)^. 2 +✓ +✓ +current$", Sysupdate("list").Output);

        // Again: there is nothing to be done.
        Assert.Contains("No update needed", Sysupdate("update").Error, StringComparison.Ordinal);
    }

    /// <summary>As docs/updates.md says: artifacts that somebody has compressed are published, and systemd-pull takes them.</summary>
    [Fact]
    public void A_compressed_artifact_is_installed_decompressed()
    {
        Directory.Delete(Web, recursive: true);
        Publish("2", compress: true);
        Assert.Equal(3, Directory.GetFiles(Web, "*.xz").Length);
        using var server = new RoosServer(Web);
        Configure(server.Address);
        var result = Sysupdate("update");
        Assert.True(result.ExitCode == 0, result.ToString());
        Is2Installed();
    }

    [Fact]
    public void A_download_that_is_cut_off_changes_nothing()
    {
        using (var server = new CuttingServer(Web, $"roos_2_{RootUuid}.root.raw"))
        {
            Configure(server.Address);
            Fails("");
        }

        SucceedsLater();
    }

    [Fact]
    public void A_file_with_another_digest_is_refused()
    {
        var name = Path.Combine(Web, "roos_2.efi");
        var good = File.ReadAllBytes(name);
        File.WriteAllBytes(name, [.. good[..^1], (byte)(good[^1] ^ 1)]);
        using (var server = new RoosServer(Web))
        {
            Configure(server.Address);
            Fails("DOWNLOAD INVALID");
        }

        File.WriteAllBytes(name, good);
        SucceedsLater();
    }

    [Fact]
    public void A_list_that_another_key_has_signed_is_refused()
    {
        var good = File.ReadAllBytes(Path.Combine(Web, "SHA256SUMS.gpg"));
        Roos("genkey", "--openpgp", "--no-secure-boot", "--force");
        File.Delete(Path.Combine(Web, "SHA256SUMS.gpg"));
        Publish("2");
        using (var server = new RoosServer(Web))
        {
            Configure(server.Address);
            Fails("DOWNLOAD INVALID: Signature verification failed");
        }

        File.WriteAllBytes(Path.Combine(Web, "SHA256SUMS.gpg"), good);
        SucceedsLater();
    }

    [Fact]
    public void A_list_without_a_signature_is_refused()
    {
        var good = File.ReadAllBytes(Path.Combine(Web, "SHA256SUMS.gpg"));
        File.Delete(Path.Combine(Web, "SHA256SUMS.gpg"));
        using (var server = new RoosServer(Web))
        {
            Configure(server.Address);
            Fails("Failed to retrieve signature file");
        }

        File.WriteAllBytes(Path.Combine(Web, "SHA256SUMS.gpg"), good);
        SucceedsLater();
    }

    [Fact]
    public void A_full_ESP_changes_nothing()
    {
        using (var server = new RoosServer(Web))
        {
            Configure(server.Address);
            Fails("Pulling '" + server.Address + "roos_2.efi', saving as", espSize: "64k");
        }

        SucceedsLater();
    }

    /// <summary>The UKI is what makes a version start: without it there is none.</summary>
    [Fact]
    public void A_version_without_its_UKI_is_no_version()
    {
        File.Delete(Path.Combine(Web, "roos_2.efi"));
        File.WriteAllText(Path.Combine(Web, "SHA256SUMS"), string.Concat(File.ReadAllLines(Path.Combine(Web, "SHA256SUMS")).Where(line => !line.EndsWith(".efi", StringComparison.Ordinal)).Select(line => line + "\n")));
        using var server = new RoosServer(Web);
        Configure(server.Address, verify: false);
        Assert.DoesNotContain("candidate", Sysupdate("list").Output, StringComparison.Ordinal);
        Sysupdate("update");
        Is1AsItWas();
    }

    /// <summary>Told before the first byte is copied; what is published stays.</summary>
    [Fact]
    public void Publishing_where_there_is_no_room_changes_nothing()
    {
        var small = _scratch["small"];
        Directory.CreateDirectory(small);
        Judge.Host("mount").Must("-t", "tmpfs", "-o", "size=1m", "small", small);
        try
        {
            File.WriteAllText(Path.Combine(small, "mine"), "stays");
            var result = RoosProgram.Judge().Run("-C", _scratch["tree"], "publish", "--image-version", "2", small);
            Assert.Equal(1, result.ExitCode);
            Assert.Matches(@"^roos: .*/small: 6 MB are to be copied, and 1 MB are free; nothing was published", result.Error);
            Assert.Equal(["mine"], Directory.GetFileSystemEntries(small).Select(path => Path.GetFileName(path)));
        }
        finally
        {
            Judge.Host("umount").Must(small);
        }
    }

    private void SucceedsLater()
    {
        using var server = new RoosServer(Web);
        Configure(server.Address);
        var result = Sysupdate("update");
        Assert.True(result.ExitCode == 0, result.ToString());
        Is2Installed();
    }

    private void Fails(string words, string? espSize = null)
    {
        var result = Sysupdate("update", espSize);
        Assert.True(result.ExitCode != 0, result.ToString());
        Assert.Contains(words, result.Error, StringComparison.Ordinal);
        Is1AsItWas();
    }

    private void Is1AsItWas()
    {
        Assert.Equal(["roos_1.efi"], Directory.GetFileSystemEntries(_scratch["esp"]).Select(path => Path.GetFileName(path)));
        Assert.Equal("the UKI of version 1", File.ReadAllText(_scratch["esp/roos_1.efi"]));
        Assert.Equal(Bytes("root of 1", 16 << 20), BytesOfDisk(1 << 20, 16 << 20));
        var table = Judge.Host("sfdisk").Must("--dump", Disk);
        Assert.Contains("name=\"roos_1\"", table, StringComparison.Ordinal);
        Assert.DoesNotContain("name=\"roos_2", table, StringComparison.Ordinal);
    }

    private void Is2Installed()
    {
        Assert.Equal(["roos_1.efi", "roos_2+3-0.efi"], Directory.GetFileSystemEntries(_scratch["esp"]).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal));
        Assert.Equal(Bytes("UKI of 2", 300_000), File.ReadAllBytes(_scratch["esp/roos_2+3-0.efi"]));
        Assert.Equal(Bytes("root of 1", 16 << 20), BytesOfDisk(1 << 20, 16 << 20));
        Assert.Equal(Bytes("root of 2", 5 << 20), BytesOfDisk(21 << 20, 5 << 20));
        Assert.Equal(Bytes("hash tree of 2", 40_960), BytesOfDisk(37 << 20, 40_960));
        var table = Judge.Host("sfdisk").Must("--dump", Disk).ToUpperInvariant();
        Assert.Contains($"UUID={Guid.ParseExact(RootUuid, "N").ToString("D").ToUpperInvariant()}, NAME=\"ROOS_2\", ATTRS=\"GUID:60\"", table, StringComparison.Ordinal);
        Assert.Contains($"UUID={Guid.ParseExact(VerityUuid, "N").ToString("D").ToUpperInvariant()}, NAME=\"ROOS_2_VERITY\", ATTRS=\"GUID:60\"", table, StringComparison.Ordinal);
    }

    /// <summary>Writes what a build would have, and publishes it.</summary>
    private void Publish(string version, bool compress = false)
    {
        var output = _scratch["tree/mkosi.output"];
        File.WriteAllBytes(Path.Combine(output, $"roos_{version}_{RootUuid}.root.raw"), Bytes($"root of {version}", 5 << 20));
        File.WriteAllBytes(Path.Combine(output, $"roos_{version}_{VerityUuid}.root-verity.raw"), Bytes($"hash tree of {version}", 40_960));
        File.WriteAllBytes(Path.Combine(output, $"roos_{version}.efi"), Bytes($"UKI of {version}", 300_000));
        if (compress) Judge.Host("xz").Must([.. Directory.GetFiles(output, $"roos_{version}*")]);
        WriteList(output);
        Roos("publish", "--create", "--image-version", version, Web);
    }

    /// <summary>The template's transfer files, for this disk and this folder instead of the machine's.</summary>
    private void Configure(string address, bool verify = true)
    {
        var templates = Path.Combine(House(), "template/roos.resources/sysupdate");
        foreach (var path in Directory.GetFiles(templates).Where(path => !path.Contains("root-verity-sig", StringComparison.Ordinal)))
        {
            var text = File.ReadAllText(path).Replace("@UPDATE_URL@", address.TrimEnd('/'), StringComparison.Ordinal).Replace("@VERIFY@", verify ? "yes" : "no", StringComparison.Ordinal)
                .Replace("%M", "roos", StringComparison.Ordinal).Replace("%A", "1", StringComparison.Ordinal)
                .Replace("Path=auto", "Path=" + Disk, StringComparison.Ordinal).Replace("\nPath=/EFI/Linux\nPathRelativeTo=boot\n", $"\nPath={_scratch["esp"]}\n", StringComparison.Ordinal);
            Assert.Contains(_scratch.Path, text, StringComparison.Ordinal);
            File.WriteAllText(Path.Combine(_scratch["defs"], Path.GetFileName(path)), text);
        }
    }

    /// <summary>In the tools tree, with the keyring where an image has it, and the ESP in a file system of its own where it is to have a size.</summary>
    private JudgeResult Sysupdate(string verb, string? espSize = null)
    {
        Judge.InTree("systemd-sysupdate"); // or it is missing
        Judge.InTree("gpg");
        const string script = """
            set -e
            tree=$1 etc=$2 esp=$3 size=$4
            shift 4
            mount --bind /tmp "$tree/tmp"
            if [ -n "$size" ]; then
                mount -t tmpfs -o "size=$size" esp "$tree$esp"
                cp "$esp/roos_1.efi" "$tree$esp"
            fi
            mount --bind /dev "$tree/dev"
            mount -t proc proc "$tree/proc"
            mount --bind "$etc" "$tree/etc/systemd"
            exec chroot "$tree" /usr/lib/systemd/systemd-sysupdate "$@"
            """;
        return Judge.Host("unshare").Run("--mount", "--propagation", "private", "sh", "-c", script, "sh", Judge.ToolsTree!, _scratch["etc"], _scratch["esp"], espSize ?? "",
            "--definitions=" + _scratch["defs"], "--no-pager", "--no-legend", verb);
    }

    private void Roos(params string[] arguments) => RoosProgram.Judge().Must(["-C", _scratch["tree"], .. arguments]);

    private static void WriteList(string folder) => File.WriteAllText(Path.Combine(folder, "SHA256SUMS"), string.Concat(
        Directory.GetFiles(folder, "roos_*").Order(StringComparer.Ordinal).Select(path => $"{Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path)))} *{Path.GetFileName(path)}\n")));

    private byte[] BytesOfDisk(long offset, int length)
    {
        var bytes = new byte[length];
        using var disk = File.OpenRead(Disk);
        disk.Position = offset;
        disk.ReadExactly(bytes);
        return bytes;
    }

    private static byte[] Bytes(string seed, int length)
    {
        var bytes = new byte[length];
        new SeededRandom(seed).GetBytes(bytes);
        return bytes;
    }

    private static string House()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Roos.sln"))) folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("These tests run from a checkout.");
        return folder;
    }
}
