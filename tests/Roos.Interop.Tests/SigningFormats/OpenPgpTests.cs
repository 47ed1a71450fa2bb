using Roos.Core;
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

    [Fact]
    public void Gpgv_and_Roos_refuse_the_same_changes()
    {
        var gpgv = Judge.Host("gpgv");
        using var scratch = new ScratchFolder();
        var key = PrivateKey.Generate(2048, new SeededRandom("openpgp"));
        var waiting = OpenPgpKey.Prepare(key.PublicKey, "Roos <roos@example.org>", Made);
        var keyring = waiting.Complete(key.Sign(waiting.Digest.AsSpan()));
        var read = OpenPgpKey.Read(keyring);
        var data = ByteSource.FromMemory("00 *file\n"u8.ToArray());
        File.WriteAllBytes(scratch["data"], data.ToArray());
        var prepared = OpenPgpSignature.Prepare(data, read, Made);
        var good = prepared.Complete(key.Sign(prepared.Digest.AsSpan()));
        File.WriteAllBytes(scratch["keyring.gpg"], keyring);

        // Version, type, algorithms, length, the fingerprint, the time, the number. The key ID and the two bytes of the digest between
        // them are not signed: gpgv passes over changes there, and Roos does not.
        foreach (var at in (int[])[3, 4, 5, 6, 8, 12, 20, 35, 60, good.Length - 1])
        {
            byte[] bytes = [.. good];
            bytes[at] ^= 0x10;
            File.WriteAllBytes(scratch["sig"], bytes);
            var isTaken = gpgv.Run("--keyring", scratch["keyring.gpg"], scratch["sig"], scratch["data"]).ExitCode == 0;
            Assert.False(isTaken, $"gpgv takes a change at {at}");
            Assert.False(IsTaken(bytes, data, read), $"Roos takes a change at {at}");
        }

        File.WriteAllBytes(scratch["sig"], good);
        gpgv.Must("--keyring", scratch["keyring.gpg"], scratch["sig"], scratch["data"]);
        Assert.True(IsTaken(good, data, read));
    }

    [Theory]
    [InlineData(false, "SHA256")]
    [InlineData(true, "SHA256")]
    [InlineData(false, "SHA384")]
    [InlineData(true, "SHA512")]
    public void Roos_takes_signatures_of_gpg(bool armor, string hash)
    {
        using var home = new GpgHome(armor ? ["--armor"] : []);
        home.Run("--cert-digest-algo", hash, "--quick-generate-key", "Somebody <somebody@example.org>", "rsa2048", "sign", "2035-01-01");
        File.WriteAllText(home["data"], "some data\n");
        home.Run("--digest-algo", hash, "--output", home["sig"], "--detach-sign", home["data"]);
        home.Run("--output", home["pub"], "--export");

        var key = OpenPgpKey.Read(File.ReadAllBytes(home["pub"]));
        Assert.Equal("Somebody <somebody@example.org>", key.UserId);
        Assert.Equal(new DateTime(2035, 1, 1), key.ExpirationTime!.Value.UtcDateTime.Date);
        if (!armor) Assert.Equal(File.ReadAllBytes(home["pub"]), key.ToKeyring());
        using var data = FileSource.Open(home["data"]);
        Assert.Null(OpenPgpSignature.Read(File.ReadAllBytes(home["sig"])).Verify(data, key));
        Assert.NotNull(OpenPgpSignature.Read(File.ReadAllBytes(home["sig"])).Verify(ByteSource.Empty, key));
    }

    [Fact]
    public void Of_a_keyring_of_gpg_the_key_that_signs_is_found()
    {
        using var home = new GpgHome();
        home.Run("--quick-generate-key", "Edwards <e@example.org>", "ed25519", "sign", "never");
        home.Run("--quick-generate-key", "Certifier <c@example.org>", "rsa2048", "cert", "never");
        home.Run("--output", home["unsuitable"], "--export");
        home.Run("--quick-generate-key", "Signer <s@example.org>", "rsa2048", "sign", "never");
        home.Run("--output", home["all"], "--export");
        Assert.Equal("Signer <s@example.org>", OpenPgpKey.Read(File.ReadAllBytes(home["all"])).UserId);
        Assert.Contains("must be RSA", Assert.Throws<DamagedInputException>(() => OpenPgpKey.Read(File.ReadAllBytes(home["unsuitable"]))).Message, StringComparison.Ordinal);

        home.Run("--output", home["certifier"], "--export", "c@example.org");
        Assert.Contains("allowed to sign by itself", Assert.Throws<DamagedInputException>(() => OpenPgpKey.Read(File.ReadAllBytes(home["certifier"]))).Message, StringComparison.Ordinal);
        home.Run("--output", home["secret"], "--export-secret-keys", "s@example.org");
        Assert.Contains("secret key", Assert.Throws<DamagedInputException>(() => OpenPgpKey.Read(File.ReadAllBytes(home["secret"]))).Message, StringComparison.Ordinal);

        // gpg leaves a certificate of revocation for each key, kept from being used by accident by a colon.
        home.Run("--output", home["signer"], "--export", "s@example.org");
        var fingerprint = Convert.ToHexString(OpenPgpKey.Read(File.ReadAllBytes(home["signer"])).Fingerprint.AsSpan());
        var certificate = File.ReadAllText(System.IO.Path.Combine(home["home"], "openpgp-revocs.d", fingerprint + ".rev"));
        File.WriteAllText(home["revocation"], certificate.Replace(":-----BEGIN", "-----BEGIN", StringComparison.Ordinal));
        home.Run("--import", home["revocation"]);
        home.Run("--output", home["revoked"], "--export", "s@example.org");
        Assert.Contains("revoked", Assert.Throws<DamagedInputException>(() => OpenPgpKey.Read(File.ReadAllBytes(home["revoked"]))).Message, StringComparison.Ordinal);
    }

    private static bool IsTaken(byte[] signature, ByteSource data, OpenPgpKey key)
    {
        try
        {
            return OpenPgpSignature.Read(signature).Verify(data, key) is null;
        }
        catch (DamagedInputException)
        {
            return false;
        }
    }

    /// <summary>gpg with keys of its own, and its agent for as long.</summary>
    private sealed class GpgHome : IDisposable
    {
        private readonly ScratchFolder _scratch = new();
        private readonly Judge _gpg = Judge.Host("gpg");
        private readonly string[] _arguments;

        public GpgHome(params string[] arguments)
        {
            Directory.CreateDirectory(_scratch["home"]);
            _arguments = ["--homedir=" + _scratch["home"], "--batch", "--yes", "--pinentry-mode", "loopback", "--passphrase", "", .. arguments];
        }

        public string this[string name] => _scratch[name];

        public void Run(params string[] arguments) => _gpg.Must([.. _arguments, .. arguments]);

        public void Dispose()
        {
            Judge.Host("gpgconf").Run("--homedir", _scratch["home"], "--kill", "all");
            _scratch.Dispose();
        }
    }
}
