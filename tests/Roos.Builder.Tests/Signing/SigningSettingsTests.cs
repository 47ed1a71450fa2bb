using Roos.Builder.Configuration;
using Roos.Builder.Signing;
using Roos.Core;
using Roos.Signing;
using Roos.Signing.Efi;
using Roos.Testing;

namespace Roos.Builder.Tests.Signing;

public sealed class SigningSettingsTests : IDisposable
{
    private readonly ScratchFolder _scratch = new();

    public SigningSettingsTests() => Directory.CreateDirectory(_scratch["tree"]);

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void Without_keys_nothing_is_signed() => Assert.True(Read("SecureBoot=no").Plan.IsEmpty);

    [Fact]
    public void A_key_and_certificate_in_the_tree_sign_root_hashes_and_policies_too()
    {
        Keys();
        var settings = Read("SecureBoot=yes");
        Assert.NotNull(settings.Plan.SecureBoot);
        Assert.NotNull(settings.Plan.Verity);
        Assert.Equal(SigningKeys.Key.PublicKey, settings.Plan.Pcr);
        Assert.Equal([SigningRole.SecureBoot, SigningRole.Verity, SigningRole.Pcr], settings.Signers.Keys.Order());
        Assert.NotNull(settings.Plan.Enrollment);
        Assert.Null(Read("SecureBoot=yes\nSecureBootAutoEnroll=no").Plan.Enrollment);
        Assert.Null(Read("SecureBoot=no").Plan.SecureBoot);
        Assert.Null(Read("SecureBoot=yes\nVerity=hash").Plan.Verity);
        Assert.Null(Read("SecureBoot=yes\nSignExpectedPcr=no").Plan.Pcr);
    }

    [Fact]
    public void A_key_for_policies_of_its_own_goes_first()
    {
        Keys();
        Write("mkosi.pcr.key", SigningKeys.Pem(SigningKeys.Other));
        Write("mkosi.pcr.pub", SigningKeys.Other.PublicKey.ToPem());
        Assert.Equal(SigningKeys.Other.PublicKey, Read("SecureBoot=yes").Plan.Pcr);
    }

    [Fact]
    public void Without_keys_at_hand_certificates_are_enough()
    {
        Keys();
        File.Delete(_scratch["tree/mkosi.key"]);
        var settings = Read("SecureBoot=yes\nVerity=signed\nSignExpectedPcr=yes", withKeys: false);
        Assert.NotNull(settings.Plan.SecureBoot);
        Assert.NotNull(settings.Plan.Verity);
        Assert.NotNull(settings.Plan.Pcr);
        Assert.Empty(settings.Signers);
    }

    [Theory]
    [InlineData("SecureBoot=yes", "SecureBoot=yes needs a certificate, and there is no mkosi.crt")]
    [InlineData("Verity=signed", "Verity=signed needs a certificate")]
    [InlineData("SignExpectedPcr=yes", "SignExpectedPcr=yes needs a public key")]
    [InlineData("Sign=yes", "Sign=yes needs an OpenPGP key")]
    [InlineData("SecureBoot=yes\nSecureBootCertificate=nowhere.crt", "nowhere.crt is not there")]
    public void What_is_missing_is_named(string settings, string words) => Refused(settings, words);

    [Theory]
    [InlineData("SecureBootKeySource=engine:pkcs11", "found \"engine:pkcs11\": docs/signing.md has a command for PKCS#11 tokens")]
    [InlineData("SecureBootKeySource=command:", "is followed by a command")]
    [InlineData("SecureBootKey=nowhere.key", "is not there (")]
    public void Sources_of_keys_that_do_not_work_are_named(string settings, string words)
    {
        Keys();
        Refused("SecureBoot=yes\n" + settings, words);
    }

    [Fact]
    public void A_command_needs_no_key_file()
    {
        Keys();
        File.Delete(_scratch["tree/mkosi.key"]);
        var settings = Read("SecureBoot=yes\nSecureBootKeySource=command:sign --with token\nVerity=hash\nSignExpectedPcr=no");
        Assert.IsType<CommandSigner>(settings.Signers[SigningRole.SecureBoot]);
    }

    [Fact]
    public void A_certificate_of_another_key_is_refused()
    {
        Keys();
        Write("mkosi.crt", SigningKeys.CertificateOf(SigningKeys.Other).ToPem());
        Refused("SecureBoot=yes", "mkosi.key is not the private key of ");
    }

    [Fact]
    public void An_expired_certificate_is_refused()
    {
        Keys();
        Write("mkosi.crt", SigningKeys.CertificateOf(SigningKeys.Key, days: 1).ToPem());
        Refused("SecureBoot=yes", "was valid until 2025-08-10");
    }

    [Fact]
    public void Further_certificates_and_lists_are_enrolled_behind_the_own_one()
    {
        Keys();
        var other = SigningKeys.CertificateOf(SigningKeys.Other);
        var digests = EfiSignatureList.Write([EfiSignatureList.OfDigests([new byte[32]])]);
        foreach (var folder in new[] { "db", "KEK", "dbx" }) Directory.CreateDirectory(_scratch["tree/config/secure-boot/" + folder]);
        File.WriteAllBytes(_scratch["tree/config/secure-boot/db/vendor.der"], [.. other.Der]);
        File.WriteAllBytes(_scratch["tree/config/secure-boot/dbx/old.esl"], digests);
        var lists = Read("SecureBoot=yes").Plan.Enrollment!;
        Assert.Equal([SigningKeys.CertificateOf(SigningKeys.Key).Der, other.Der], EfiSignatureList.Read(lists.Signatures).Select(list => list.Signatures.Single().Data));
        Assert.Equal(digests, lists.ForbiddenSignatures);
        Assert.Equal(lists.PlatformKey, lists.KeyExchangeKeys);

        Write("config/secure-boot/db/notes.txt", "?");
        Refused("SecureBoot=yes", "notes.txt: files here are certificates");
    }

    private void Keys()
    {
        Write("mkosi.key", SigningKeys.Pem(SigningKeys.Key));
        Write("mkosi.crt", SigningKeys.CertificateOf(SigningKeys.Key).ToPem());
    }

    private void Write(string name, string text) => File.WriteAllText(_scratch["tree/" + name], text);

    private void Refused(string settings, string words)
    {
        var error = Assert.ThrowsAny<RoosException>(() => Read(settings));
        Assert.Contains(words, error.Message, StringComparison.Ordinal);
    }

    private SigningSettings Read(string validation, bool withKeys = true)
    {
        Write("mkosi.conf", $"[Distribution]\nDistribution=debian\nRelease=trixie\n[Output]\nSeed=11111111-2222-4333-8444-555555555555\n[Validation]\n{validation}\n");
        var appliance = ApplianceConfiguration.Load(_scratch["tree"], environment: _ => null);
        return SigningSettings.Read(appliance, appliance.Main, withKeys ? new KeyLoader(PassPhrases.FromEnvironment("NO_SUCH_VARIABLE"), TestContext.Current.CancellationToken) : null, SigningKeys.Start.AddDays(30));
    }
}
