using System.Security.Cryptography;
using Roos.Signing;
using Roos.Testing;

namespace Roos.Interop.Tests.Signing;

public sealed class OpensslTests
{
    private const string PassPhrase = "Großer Bär 7";

    private static readonly Lazy<PrivateKey> Key = new(() => PrivateKey.Generate(2048, new SeededRandom("interop")));

    private static readonly DateTimeOffset Start = new(2025, 8, 9, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void A_detached_signature_is_that_of_openssl_smime_byte_for_byte()
    {
        using var scratch = new ScratchFolder();
        var openssl = Judge.Host("openssl");
        var content = Convert.ToHexStringLower(SHA256.HashData("root hash"u8));
        File.WriteAllText(scratch["content"], content);
        var certificate = Write(scratch);
        openssl.Must("smime", "-sign", "-binary", "-noattr", "-nosmimecap", "-md", "sha256", "-outform", "DER", "-signer", scratch["crt"], "-inkey", scratch["key"], "-in", scratch["content"], "-out", scratch["p7s"]);
        var waiting = DetachedCms.Prepare(SHA256.HashData(File.ReadAllBytes(scratch["content"])), certificate);
        Assert.Equal(File.ReadAllBytes(scratch["p7s"]), waiting.Complete(Key.Value.Sign(waiting.Digest.AsSpan())));
        openssl.Must("smime", "-verify", "-binary", "-inform", "DER", "-in", scratch["p7s"], "-content", scratch["content"], "-CAfile", scratch["crt"], "-purpose", "any", "-out", scratch["out"]);
    }

    [Fact]
    public void Openssl_reads_keys_and_certificates_as_they_are_written()
    {
        using var scratch = new ScratchFolder();
        var openssl = Judge.Host("openssl");
        var certificate = Write(scratch);
        Assert.Contains("RSA key ok", openssl.Must("rsa", "-check", "-noout", "-in", scratch["key"]), StringComparison.Ordinal);
        Assert.Equal(Key.Value.PublicKey.ToPem(), openssl.Must("pkey", "-in", scratch["key"], "-pubout"));
        Assert.Equal(File.ReadAllText(scratch["key"]), openssl.Must("pkey", "-in", scratch["key"]));
        Assert.Equal(certificate.ToPem(), openssl.Must("x509", "-in", scratch["crt"]));
        var text = openssl.Must("x509", "-in", scratch["crt"], "-noout", "-text");
        foreach (var line in new[] { "Version: 3", "CA:FALSE", "Digital Signature", "Code Signing", "Not Before: Aug  9 00:00:00 2025 GMT", "Subject: CN = Interop" }) Assert.Contains(line, text, StringComparison.Ordinal);
        openssl.Must("verify", "-CAfile", scratch["crt"], "-purpose", "any", scratch["crt"]);
    }

    [Fact]
    public void Encrypted_keys_go_to_openssl_and_come_back()
    {
        using var scratch = new ScratchFolder();
        var openssl = Judge.Host("openssl");
        File.WriteAllText(scratch["key"], Key.Value.ToPem(PassPhrase, new SeededRandom("salt")));
        foreach (var name in new[] { "pass", "newpass" }) File.WriteAllText(scratch[name], PassPhrase + "\n");
        Assert.Equal(Key.Value.ToPem(null, new SeededRandom("salt")), openssl.Must("pkey", "-in", scratch["key"], "-passin", "file:" + scratch["pass"]));
        foreach (var arguments in new[] { "-topk8 -v2 aes-256-cbc", "-topk8 -v2 aes-128-cbc -v2prf hmacWithSHA1", "-topk8 -v2 des3", "-topk8 -v1 PBE-SHA1-3DES", "-topk8 -v2 aes-256-cbc -iter 300000 -v2prf hmacWithSHA512" })
        {
            openssl.Must(["pkcs8", .. arguments.Split(' '), "-in", scratch["key"], "-passin", "file:" + scratch["pass"], "-passout", "file:" + scratch["newpass"], "-out", scratch["again"]]);
            var text = File.ReadAllText(scratch["again"]);
            Assert.True(PrivateKey.IsEncrypted(text));
            Assert.Equal(Key.Value.PublicKey, PrivateKey.ReadPem(text, PassPhrase, arguments).PublicKey);
        }
    }

    private static Certificate Write(ScratchFolder scratch)
    {
        var certificate = Certificate.SelfSigned(Key.Value, "Interop", Start, Start.AddDays(20000), [0x0a, 0x0b, 0x0c]);
        File.WriteAllText(scratch["key"], Key.Value.ToPem(null, new SeededRandom("unused")));
        File.WriteAllText(scratch["crt"], certificate.ToPem());
        return certificate;
    }
}
