using System.Text;
using Roos.Core;
using Roos.Core.Identity;
using Roos.Signing.Credentials;

namespace Roos.Signing.Tests.Credentials;

public sealed class EncryptedCredentialTests
{
    private static readonly Uuid Machine = Uuid.Parse("6b9d7a1e3f424c589a3b0d2f5e8c1a77");

    private static readonly byte[] Secret = CredentialKey.NewSecretFile(Machine, Enumerable.Range(0, 4096).Select(i => (byte)(i % 251)).ToArray());

    private static readonly EncryptedCredential Example = new()
    {
        Name = "network.network.10-site",
        Time = new DateTimeOffset(2026, 11, 23, 12, 0, 0, TimeSpan.Zero),
        Expiry = new DateTimeOffset(2027, 1, 31, 0, 0, 0, TimeSpan.Zero),
        Value = "[Match]\nName=en*\n"u8.ToArray(),
    };

    private static CredentialKey Host => CredentialKey.Host(Secret, Machine, "secret");

    [Fact]
    public void What_was_encrypted_is_read_again()
    {
        foreach (var key in new[] { Host, CredentialKey.Null })
        {
            foreach (var credential in new[] { Example, Example with { Name = null, Time = null, Expiry = null }, Example with { Value = [] }, Example with { Value = new byte[EncryptedCredential.MaximumValue] } })
            {
                var read = EncryptedCredential.Decrypt(credential.Encrypt(key), key, "c");
                Assert.Equal((credential.Name, credential.Time, credential.Expiry), (read.Name, read.Time, read.Expiry));
                Assert.Equal(credential.Value, read.Value);
            }
        }
    }

    [Fact]
    public void The_same_input_gives_the_same_bytes_and_any_other_gives_another_IV()
    {
        Assert.Equal(Example.Encrypt(Host), Example.Encrypt(Host));
        var others = new[] { Example, Example with { Value = [1] }, Example with { Name = "x" }, Example with { Time = null }, Example with { Expiry = null } };
        Assert.Equal(others.Length + 1, others.Select(other => other.Encrypt(Host)).Append(Example.Encrypt(CredentialKey.Null)).Select(text => Convert.ToHexString(Convert.FromBase64String(text).AsSpan(32, 12))).Distinct().Count());
    }

    [Fact]
    public void Lines_have_79_characters()
    {
        var lines = Example.Encrypt(Host).Split('\n');
        Assert.Equal("", lines[^1]);
        Assert.All(lines[..^2], line => Assert.Equal(79, line.Length));
        Assert.InRange(lines[^2].Length, 1, 79);
    }

    [Fact]
    public void Every_changed_bit_is_noticed()
    {
        var bytes = Convert.FromBase64String(Example.Encrypt(Host));
        for (var i = 0; i < bytes.Length; i++)
        {
            bytes[i] ^= 0x10;
            Assert.StartsWith("c: ", Assert.Throws<RoosException>(() => EncryptedCredential.Decrypt(Convert.ToBase64String(bytes), Host, "c")).Message, StringComparison.Ordinal);
            bytes[i] ^= 0x10;
        }

        for (var length = 0; length < bytes.Length; length++) Assert.Throws<RoosException>(() => EncryptedCredential.Decrypt(Convert.ToBase64String(bytes, 0, length), Host, "c"));
    }

    [Fact]
    public void Another_key_does_not_open_it()
    {
        var other = CredentialKey.Host(CredentialKey.NewSecretFile(Machine, new byte[4096]), Machine, "secret");
        Assert.Contains("another key", Error(Example.Encrypt(Host), other), StringComparison.Ordinal);
        Assert.Contains("is encrypted with a host key, and no key (null) was given", Error(Example.Encrypt(Host), CredentialKey.Null), StringComparison.Ordinal);
        Assert.Equal("a host key", EncryptedCredential.DescribeKey(Example.Encrypt(Host), "c"));
    }

    [Theory]
    [InlineData("not base64!", "is not Base64")]
    [InlineData("", "it has 0 bytes")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "a kind of key that nobody knows")]
    public void What_is_no_credential(string text, string words) => Assert.Contains(words, Error(text, Host), StringComparison.Ordinal);

    [Theory]
    [InlineData("a:b")]
    [InlineData("a/b")]
    [InlineData("")]
    [InlineData("..")]
    [InlineData("a b")]
    [InlineData("ä")]
    public void Names_that_systemd_refuses(string name) => Assert.Throws<RoosException>(() => (Example with { Name = name }).Encrypt(Host));

    [Fact]
    public void Values_and_times_that_systemd_refuses()
    {
        Assert.Contains("at most 1048576 bytes", Assert.Throws<RoosException>(() => (Example with { Value = new byte[(1 << 20) + 1] }).Encrypt(Host)).Message, StringComparison.Ordinal);
        Assert.Contains("must not expire", Assert.Throws<RoosException>(() => (Example with { Expiry = Example.Time }).Encrypt(Host)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_secret_belongs_to_its_machine()
    {
        Assert.Equal(16 + 4096, Secret.Length);
        Assert.DoesNotContain(Machine.ToHex(), Convert.ToHexStringLower(Secret), StringComparison.Ordinal);
        Assert.Contains("another machine", Assert.Throws<RoosException>(() => CredentialKey.Host(Secret, Uuid.Zero, "s")).Message, StringComparison.Ordinal);
        Assert.Contains("16 bytes", Assert.Throws<RoosException>(() => CredentialKey.Host(Secret.AsSpan(0, 16), null, "s")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Times_behind_all_days_are_none() =>
        Assert.Null(EncryptedCredential.Decrypt((Example with { Time = null, Expiry = null }).Encrypt(Host), Host, Encoding.ASCII.EncodingName).Expiry);

    private static string Error(string text, CredentialKey key) => Assert.Throws<RoosException>(() => EncryptedCredential.Decrypt(text, key, "c")).Message;
}
