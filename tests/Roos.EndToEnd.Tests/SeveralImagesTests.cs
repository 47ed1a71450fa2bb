using Roos.Testing;

namespace Roos.EndToEnd.Tests;

/// <summary>A second disk image in mkosi.images/, as the template's README describes it, with the login at the console that it describes too.</summary>
public sealed class SeveralImagesTests : IDisposable
{
    private readonly ScratchFolder _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void Both_are_built_and_the_second_is_an_appliance_that_lets_in_at_the_console()
    {
        Judge.NeedRoot();
        var tree = _scratch["tree"];
        TemplateTree.Copy(tree, _scratch["key"]);
        File.AppendAllText(Path.Combine(tree, "mkosi.conf"), "\n[Config]\nDependencies=kiosk\n");
        var kiosk = Path.Combine(tree, "mkosi.images", "kiosk");
        Write("mkosi.conf", "[Output]\nImageId=kiosk\n\n[Include]\nInclude=%D/mkosi.conf.d/roos-base\n");
        Write("mkosi.extra/usr/lib/systemd/system-preset/70-enable-login.preset", "disable fastfetch.service\nenable getty@tty1.service\n");
        Write("mkosi.extra/usr/lib/systemd/system/serial-getty@.service.d/50-root.conf", "[Service]\nExecStart=\nExecStart=-/sbin/agetty --autologin root --noclear %I vt220\n");
        TemplateTree.Roos(tree, "build", "--rootfs", PackageTars.Rootfs, "--initrd-rootfs", PackageTars.Initrd);

        var output = Path.Combine(tree, "mkosi.output");
        var sums = File.ReadAllText(Path.Combine(output, "SHA256SUMS"));
        Assert.All(["roos_0.1.raw", "roos_0.1.efi", "kiosk_0.1.raw", "kiosk_0.1.efi"], name =>
        {
            Assert.True(File.Exists(Path.Combine(output, name)), name);
            Assert.Contains($" *{name}\n", sums, StringComparison.Ordinal);
        });
        HostProcess.Must(TimeSpan.FromSeconds(120), "sh", "-c", "cd \"$1\" && exec sha256sum --quiet --check SHA256SUMS", "sh", output);

        var machine = _scratch["machine"];
        VirtualMachine.Prepare(machine, Path.Combine(output, "kiosk_0.1.raw"));
        var boot = BootRecord.Of(machine, _scratch["key"], questions: new Dictionary<string, string>
        {
            ["state"] = BootRecord.Questions["state"],
            ["failed units"] = BootRecord.Questions["failed units"],
            ["image"] = BootRecord.Questions["image"],
            ["host name"] = "hostname",
            ["getty"] = "systemctl is-active getty@tty1.service",
            ["fastfetch"] = "systemctl is-active fastfetch.service",
            ["screen"] = "for i in $(seq 30); do sudo -n grep -q 'login:' /dev/vcs1 && break; sleep 1; done; sudo -n cat /dev/vcs1",
        }, afterwards: console =>
        {
            console.WaitForSerial("root@roos-d78463f:~#", VirtualMachine.BootLimit);
            console.Type("echo $((6 * 7)) from the console\n");
            console.WaitForSerial("42 from the console", TimeSpan.FromSeconds(60));
            return new Dictionary<string, string>();
        });
        Assert.Equal("running", boot.Answer("state"));
        Assert.Equal("", boot.Answer("failed units"));
        Assert.Equal("kiosk 0.1", boot.Answer("image"));
        Assert.Equal("roos-d78463f", boot.Answer("host name"));
        Assert.Equal("active", boot.Answer("getty"));
        Assert.Equal("inactive\n", boot["fastfetch"].Output);
        Assert.Contains("roos-d78463f login:", boot.Answer("screen"), StringComparison.Ordinal);

        void Write(string name, string text)
        {
            var path = Path.Combine(kiosk, name);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, text);
        }
    }
}
