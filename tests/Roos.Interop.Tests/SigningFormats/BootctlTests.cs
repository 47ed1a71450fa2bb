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
        var bootctl = Judge.InTree("bootctl");
        using var scratch = new ScratchFolder();
        var key = PrivateKey.Generate(2048, new SeededRandom("bootctl"));
        var certificate = Certificate.SelfSigned(key, "bootctl", new DateTimeOffset(2025, 8, 9, 0, 0, 0, TimeSpan.Zero), new DateTimeOffset(2055, 8, 9, 0, 0, 0, TimeSpan.Zero), [7]);
        File.WriteAllText(scratch["key"], key.ToPem(null, new SeededRandom("unused")));
        File.WriteAllText(scratch["crt"], certificate.ToPem());
        Directory.CreateDirectory(scratch["esp"]);
        var done = bootctl.RunWith(
            new Dictionary<string, string> { ["SYSTEMD_RELAX_ESP_CHECKS"] = "1", ["SYSTEMD_RELAX_XBOOTLDR_CHECKS"] = "1" },
            "install", "--no-variables", "--esp-path=" + scratch["esp"], "--secure-boot-auto-enroll=yes", "--private-key=" + scratch["key"], "--certificate=" + scratch["crt"], "--make-entry-directory=no", "--random-seed=no");
        Assert.True(done.ExitCode == 0, done.ToString());

        var list = EfiSignatureList.Write([EfiSignatureList.OfCertificate(certificate)]);
        foreach (var variable in new[] { EfiVariable.PlatformKey, EfiVariable.KeyExchangeKeys, EfiVariable.Signatures })
        {
            var theirs = File.ReadAllBytes(scratch[$"esp/loader/keys/auto/{variable.Name}.auth"]);
            var read = AuthenticatedVariable.Read(theirs);
            Assert.Null(read.Verify(variable, certificate));
            var ours = AuthenticatedVariable.Prepare(variable, read.Time, list, certificate); // bootctl takes the time of day
            Assert.Equal(theirs, ours.Complete(key.Sign(ours.Digest.AsSpan())));
        }
    }
}
