using Roos.Core.Bytes;
using Roos.Signing;
using Roos.Signing.OpenPgp;
using Roos.Testing;

namespace Roos.Interop.Tests.SigningFormats;

/// <summary>Keyrings and signatures before GnuPG, alone and as systemd-pull calls it; and GnuPG's before Roos.</summary>
public sealed class OpenPgpTests
{
    private static readonly DateTimeOffset Made = new(2025, 8, 9, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Gpg_takes_signatures_of_Roos()
    {
        var gpgv = Judge.Host("gpgv");
        var gpg = Judge.Host("gpg");
        using var scratch = new ScratchFolder();
        var key = PrivateKey.Generate(3072, new SeededRandom("openpgp"));
        var waiting = OpenPgpKey.Prepare(key.PublicKey, "Roos <roos@example.org>", Made);
        var keyring = OpenPgpKey.Read(waiting.Complete(key.Sign(waiting.Digest.AsSpan())));
        File.WriteAllBytes(scratch["keyring.gpg"], keyring.ToKeyring());
        File.WriteAllText(scratch["SHA256SUMS"], "00 *file\n");
        using (var data = FileSource.Open(scratch["SHA256SUMS"]))
        {
            var signature = OpenPgpSignature.Prepare(data, keyring, Made.AddDays(3));
            File.WriteAllBytes(scratch["SHA256SUMS.gpg"], signature.Complete(key.Sign(signature.Digest.AsSpan())));
        }

        gpgv.Must("--keyring", scratch["keyring.gpg"], scratch["SHA256SUMS.gpg"], scratch["SHA256SUMS"]);

        // verify_gpg() of systemd's pull-common.c.
        Directory.CreateDirectory(scratch["home"]);
        string[] systemd =
        [
            "--no-options", "--no-default-keyring", "--no-auto-key-locate", "--no-auto-check-trustdb", "--batch", "--trust-model=always",
            "--homedir=" + scratch["home"], "--keyring=" + scratch["keyring.gpg"], "--verify", scratch["SHA256SUMS.gpg"], scratch["SHA256SUMS"],
        ];
        gpg.Must(systemd);
        var listed = gpg.Must("--homedir=" + scratch["home"], "--batch", "--with-colons", "--show-keys", scratch["keyring.gpg"]);
        Assert.Contains($"fpr:::::::::{Convert.ToHexString(keyring.Fingerprint.AsSpan())}:", listed, StringComparison.Ordinal);
        gpg.Must("--homedir=" + scratch["home"], "--batch", "--import", scratch["keyring.gpg"]);
        Assert.Contains("sig:!", gpg.Must("--homedir=" + scratch["home"], "--batch", "--with-colons", "--check-sigs"), StringComparison.Ordinal); // the key's own signature is good

        File.AppendAllText(scratch["SHA256SUMS"], "11 *other\n");
        Assert.NotEqual(0, gpgv.Run("--keyring", scratch["keyring.gpg"], scratch["SHA256SUMS.gpg"], scratch["SHA256SUMS"]).ExitCode);
        Assert.NotEqual(0, gpg.Run(systemd).ExitCode);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Roos_takes_signatures_of_gpg(bool armor)
    {
        var gpg = Judge.Host("gpg");
        using var scratch = new ScratchFolder();
        Directory.CreateDirectory(scratch["home"]);
        string[] common = ["--homedir=" + scratch["home"], "--batch", "--pinentry-mode", "loopback", "--passphrase", "", .. armor ? new[] { "--armor" } : []];
        try
        {
            gpg.Must([.. common, "--quick-generate-key", "Somebody <somebody@example.org>", "rsa2048", "sign", "never"]);
            File.WriteAllText(scratch["data"], "some data\n");
            gpg.Must([.. common, "--digest-algo", "SHA256", "--output", scratch["sig"], "--detach-sign", scratch["data"]]);
            gpg.Must([.. common, "--output", scratch["pub"], "--export"]);
        }
        finally
        {
            Judge.Host("gpgconf").Run("--homedir", scratch["home"], "--kill", "all");
        }

        var key = OpenPgpKey.Read(File.ReadAllBytes(scratch["pub"]));
        Assert.Equal("Somebody <somebody@example.org>", key.UserId);
        using var data = FileSource.Open(scratch["data"]);
        Assert.Null(OpenPgpSignature.Read(File.ReadAllBytes(scratch["sig"])).Verify(data, key));
    }
}
