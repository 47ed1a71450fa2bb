using System.Buffers.Binary;
using System.Text;
using Roos.Builder.Steps;

namespace Roos.Builder.Tests.Steps;

public sealed class AuthorizedKeysTests
{
    private static readonly string Ed25519 = Key("ssh-ed25519", 32), Rsa = Key("ssh-rsa", 3, 257), Ecdsa = Key("ecdsa-sha2-nistp256", [.. "nistp256"u8], Point(32));

    public static TheoryData<string> Good => new(
        $"{Ed25519} user@host\n",
        $"{Ed25519}\r\n# comment\r\n\r\n{Rsa} two words\r\n",
        $"  {Ecdsa}",
        $"\ufeff{Ed25519} from an editor that writes a mark",
        $"restrict,from=\"10.0.0.0/8,!10.1.0.0/16\",command=\"echo \\\"hello, you\\\" # all\",No-Pty {Ed25519} x",
        $"{Key("sk-ssh-ed25519@openssh.com", 32, 4)} token",
        Key("sk-ecdsa-sha2-nistp256@openssh.com", [.. "nistp256"u8], Point(32), [.. "ssh:"u8]),
        Key("ecdsa-sha2-nistp521", [.. "nistp521"u8], Point(66)),
        Key("ssh-rsa", [1, 0, 1], [0, 0xc1, .. new byte[127]]));

    public static TheoryData<string, string> Bad => new()
    {
        { "hello world", "f:1:1: \"hello\" is neither a type of key nor an option" },
        { $"{Ed25519}\n\n ssh-ed25518 {Ed25519.Split(' ')[1]}\n", "f:3:2: \"ssh-ed25518\" is no type of key that sshd takes; did you mean ssh-ed25519?" },
        { "ssh-ed25519", "f:1:1: the key after \"ssh-ed25519\" is missing" },
        { "ssh-ed25519 AAAA+&", "f:1:13: the key is no base64" },
        { Ed25519[..^5], "f:1:13: the key is" },
        { Ed25519[..^8], "f:1:13: the key is cut off" },
        { "ssh-rsa " + Ed25519.Split(' ')[1], "f:1:1: the key is of type \"ssh-ed25519\", and the line says \"ssh-rsa\"" },
        { Key("ssh-ed25519", sizes: []), "f:1:13: this is no whole key" },
        { Key("ssh-ed25519", 31), "f:1:13: this is no whole key" },
        { Key("ssh-ed25519", 32, 1), "f:1:13: this is no whole key" },
        { Key("ssh-rsa", 3), "f:1:9: this is no whole key" },
        { Key("ssh-rsa", [1, 0, 1], [0x41, .. new byte[127]]), "f:1:9: sshd takes RSA keys of 1024 bits or more, and this one has 1023" },
        { Key("ssh-rsa", [1, 0, 1], [0xc1, .. new byte[127]]), "f:1:9: this is no whole key" },
        { Key("ecdsa-sha2-nistp256", [.. "nistp384"u8], Point(32)), "f:1:21: this is no whole key" },
        { Key("ecdsa-sha2-nistp521", [.. "nistp521"u8], Point(65)), "f:1:21: this is no whole key" },
        { Key("sk-ssh-ed25519@openssh.com", 32), "f:1:28: this is no whole key" },
        { "---- BEGIN SSH2 PUBLIC KEY ----", "f:1:1: this is a public key in the form of other programs; ssh-keygen -i" },
        { Key("ssh-dss", 20), "f:1:1: sshd takes no DSA keys" },
        { $"restricted {Ed25519}", "f:1:1: \"restricted\" is neither a type of key nor an option that sshd knows; did you mean restrict?" },
        { $"no-pty,command {Ed25519}", "f:1:8: the option command takes a value" },
        { $"from=10.0.0.1 {Ed25519}", "f:1:6: the value of from is put in quotes" },
        { $"from=\"10.0.0.1 {Ed25519}", "f:1:1: a quotation mark is missing" },
        { "", "f: there is no key in it" },
        { "# nobody yet\n", "f: there is no key in it" },
    };

    [Theory]
    [MemberData(nameof(Good))]
    public void Lines_that_sshd_takes(string text) => AuthorizedKeys.Check(text, "f");

    [Theory]
    [MemberData(nameof(Bad))]
    public void Lines_that_sshd_would_leave_out(string text, string message) =>
        Assert.StartsWith(message, Assert.ThrowsAny<UsageException>(() => AuthorizedKeys.Check(text, "f")).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("-----BEGIN OPENSSH PRIVATE KEY-----")]
    [InlineData("b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQ")]
    [InlineData("PuTTY-User-Key-File-3: ssh-ed25519")]
    [InlineData("MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSj")]
    public void Private_keys_are_refused_and_not_repeated(string line)
    {
        var error = Assert.Throws<UsageException>(() => AuthorizedKeys.Check("\n" + line, "f")).Message;
        Assert.StartsWith("f:2:1: this is a private key", error, StringComparison.Ordinal);
        Assert.DoesNotContain(line, error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_piece_of_a_key_is_not_repeated()
    {
        const string piece = "MC4CAQAwBQYDK2VwBCIEIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f";
        var error = Assert.Throws<UsageException>(() => AuthorizedKeys.Check(piece, "f")).Message;
        Assert.StartsWith("f:1:1: this is a piece of a key", error, StringComparison.Ordinal);
        Assert.DoesNotContain(piece[..20], error, StringComparison.Ordinal);
    }

    private static byte[] Point(int size) => [4, .. new byte[2 * size]];

    /// <summary>A public key with fields of these sizes after its type.</summary>
    private static string Key(string type, params int[] sizes) => Key(type, [.. sizes.Select(size => Enumerable.Range(0, size).Select(i => (byte)(i & 0xff)).ToArray())]);

    private static string Key(string type, params byte[][] fields)
    {
        var key = new MemoryStream();
        Write(Encoding.ASCII.GetBytes(type));
        foreach (var field in fields) Write(field);
        return $"{type} {Convert.ToBase64String(key.ToArray())}";

        void Write(byte[] field)
        {
            var length = new byte[4];
            BinaryPrimitives.WriteInt32BigEndian(length, field.Length);
            key.Write(length);
            key.Write(field);
        }
    }
}
