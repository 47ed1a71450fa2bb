using Roos.Signing;
using Roos.Signing.Efi;
using Roos.Testing;

namespace Roos.Interop.Tests.SigningFormats;

/// <summary>Files for enrolment against those that bootctl of trixie makes with the same key.</summary>
public sealed class BootctlTests
{
    [Fact]
    public void Auth_files_are_equal_byte_for_byte()
    {
        _ = Judge.InTree("bootctl");
        using var scratch = new ScratchFolder();
        var key = PrivateKey.Generate(2048, new SeededRandom("bootctl"));
        var certificate = Certificate.SelfSigned(key, "bootctl", new DateTimeOffset(2025, 8, 9, 0, 0, 0, TimeSpan.Zero), new DateTimeOffset(2055, 8, 9, 0, 0, 0, TimeSpan.Zero), [7]);
        File.WriteAllText(scratch["key"], key.ToPem(null, new SeededRandom("unused")));
        File.WriteAllText(scratch["crt"], certificate.ToPem());

        // bootctl wants the root of a file system for an ESP.
        const string script = """
            set -e
            chmod 600 "$2/key"
            mount --bind /tmp "$1/tmp"
            mount -t proc proc "$1/proc"
            mount -t tmpfs tmpfs "$1/mnt"
            SYSTEMD_RELAX_ESP_CHECKS=1 chroot "$1" bootctl install --no-variables --esp-path=/mnt --secure-boot-auto-enroll=yes \
                "--private-key=$2/key" "--certificate=$2/crt" --make-entry-directory=no --random-seed=no
            cp -r "$1/mnt/loader" "$2/loader"
            """;
        Judge.Host("unshare").Must("--mount", "--propagation", "private", "/bin/sh", "-c", script, "sh", Judge.ToolsTree!, scratch.Path);

        var list = EfiSignatureList.Write([EfiSignatureList.OfCertificate(certificate)]);
        foreach (var variable in new[] { EfiVariable.PlatformKey, EfiVariable.KeyExchangeKeys, EfiVariable.Signatures })
        {
            var theirs = File.ReadAllBytes(scratch[$"loader/keys/auto/{variable.Name}.auth"]);
            var read = AuthenticatedVariable.Read(theirs);
            Assert.Null(read.Verify(variable, certificate));
            var ours = AuthenticatedVariable.Prepare(variable, read.Time, list, certificate); // bootctl takes the time of day
            Assert.Equal(theirs, ours.Complete(key.Sign(ours.Digest.AsSpan())));
        }
    }
}
